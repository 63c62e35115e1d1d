"""Turns a proposed joint velocity into the closest one that keeps every limit, and always leaves a braking command.

**The program.** With q measured, u the last velocity commanded and dt one tick, v is the argmin of |v - proposed|^2 subject to

    |v - u| <= A dt,   |(v - u) - (u - u')| <= A dt      acceleration, and jerk A / dt (u': the command before u)
    |v| <= V (1 - margin),   v_i <= a_i (room to the joint limit)          velocity, position
    d/dt distance >= -r distance          for every near barrier: velocity damper / control barrier function; r is the
                                          approach rate, or 1 / T (below) where that is lower
    |J v| <= speed limit                  for palm and elbow

Velocity dampers: Faverjon and Tournassoud, A local based approach for path planning of manipulators with a high number of degrees
of freedom (ICRA 1987). Control barrier functions: Ames et al., Control barrier functions: theory and applications (ECC 2019). The
ball |J v| <= limit is approximated by half-spaces that touch it where the solution leaves it; what is still outside after that is
drawn back, along the straight line to the braking command, onto the ball.

**Recursive feasibility**, by construction. Call the *braking line* of a velocity v at q the points q + v s for s in [0, T(v)],
T(v) = reaction time + max_i |v_i| / (2 A_i): holding v for the reaction time and then slowing down all joints in proportion, the
slowest to stop at its full rate A_i, ends at q + v T(v). Commanded from u: holding u changes no acceleration by more than A (the
last change was at most A dt, and becomes 0), and slowing down in proportion needs at most A. So hold, slow down, stop keeps
acceleration and jerk, whatever came before; its speeds only shrink; and its positions are the braking line. A new v is taken only
when the arm at the end of its braking line keeps every distance that it keeps now. If no v of the program does, the filter goes
on with the braking line of u, which was checked when u was taken. As long as the measured arm stays within its margins of what
was predicted this never ends: at standstill the line is a point. Between start and end of a line, at most V T long, a distance
may sag by the curvature of the path; that and the servo's error are what `distance_margin` is for, and `bench safety` measures
what is left of it.

**Minimality.** A proposal that keeps all of it is returned as it is, without the solver, bit for bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jaco_core.arms import Arm
from jaco_core.ramp import ramp_velocity
from jaco_core.types import Vector
from jaco_safety.barriers import SPEED_SUBJECTS, Barriers, Matrix, Surroundings
from jaco_safety.limits import SafetyLimits
from jaco_safety.qp import closest
from jaco_safety.reasons import PASSED, Evidence, Reason

# What rounding may cost [m/s], [m], [rad/s]; far below any margin.
_ROUNDING = 1e-9
# Half-spaces that a speed limit is approximated by, one more after each solution.
_CUTS = 2
# A solution this little too fast is drawn back, not solved again.
_NEARLY = 1.03


@dataclass(frozen=True)
class Filtered:
    """A velocity [rad/s], shape (n,), that keeps the limits, and why it differs from the proposal."""

    velocity: Vector
    evidence: Evidence


class VelocityFilter:
    """Filters velocities for one arm. Holds no state: everything that changes is an argument."""

    def __init__(self, arm: Arm, limits: SafetyLimits, barriers: Barriers) -> None:
        self._arm = arm
        self._barriers = barriers
        self._reaction = limits.reaction_time
        self._approach_rate = limits.approach_rate
        self._max_velocity = arm.max_velocity * (1.0 - limits.speed_margin)
        # Lowest and highest change of the velocity, per second.
        self._step = np.array([-arm.max_acceleration, arm.max_acceleration])
        self._still = np.zeros(len(arm))

    def apply(
        self, proposed: Vector, previous: Vector, seconds: float, around: Surroundings, last_change: Vector | None = None
    ) -> Filtered:
        """Returns what may follow `previous` after `seconds` when `proposed` is wanted.

        Args:
            proposed: wanted joint velocity [rad/s], shape (n,), finite.
            previous: the last velocity commanded [rad/s], shape (n,).
            seconds: since `previous` took effect.
            around: what bounds the motion at the measured position.
            last_change: by how much `previous` differed from the command before it [rad/s], shape (n,); None: not at all.
        """
        step = self._step * seconds
        change = self._still if last_change is None else np.minimum(np.maximum(last_change, step[0]), step[1])
        # In pairs of lowest and highest, shape (2, n), like everything that bounds single joints.
        ramp = previous + np.minimum(np.maximum(change + step, step[0]), step[1])
        # Where a limit cannot be reached within one tick, the joint goes towards it as fast as it may.
        lower, upper = possible = np.minimum(np.maximum(around.velocity_range, ramp[0]), ramp[1])
        velocity = np.minimum(np.maximum(proposed, lower), upper)
        changed = velocity.tolist() != proposed.tolist()
        if not changed:
            velocity = np.array(proposed, dtype=np.float64)
        # Distances shrink no faster than the braking line of the fastest velocity that is possible now can be braked.
        fastest = self.stop_time(possible)
        allowed = around.allowed * min(1.0, 1.0 / (self._approach_rate * fastest))
        towards = around.approach.dot(velocity) - allowed
        speeds = _speeds(around, velocity)
        too_near, too_fast = max(towards.tolist(), default=0.0) > _ROUNDING, _is_too_fast(speeds, around)
        evidence = PASSED
        if too_near or too_fast:
            evidence = self._speed_evidence(speeds, around)
            if too_near:
                evidence = self._barrier_evidence(int(towards.argmax()), velocity, allowed, around)
            solved = self._solve(proposed, lower, upper, velocity, allowed, around)
            if solved is None:
                return Filtered(self._brake(previous, step, change), evidence)
            velocity = self._within_speed(solved, previous, step, change, around)
        elif changed:
            evidence = self._joint_evidence(proposed, velocity, previous, step, around)
        if (blocking := self._blocking(velocity, around)) is not None:
            index, depth = blocking
            barrier = self._barriers.barriers[index]
            evidence = Evidence(barrier.limited, barrier.subject, depth, 0.0, "m")
            velocity = self._shortened(velocity, previous, step, change, around)
        return Filtered(velocity, evidence)

    def halt_blind(self, previous: Vector, seconds: float) -> Vector:
        """Returns `previous` braked towards zero for `seconds`, joint by joint: all that is left without a measured position."""
        return ramp_velocity(previous, np.zeros_like(previous), self._arm.max_acceleration, seconds)

    def stop_time(self, velocity: Vector) -> float:
        """Returns T(v) [s], the length of the braking line in units of the velocity; of several, shape (..., n), the longest."""
        # Of a list Python finds the largest element in a quarter of the time.
        return self._reaction + 0.5 * max((np.abs(velocity) / self._arm.max_acceleration).ravel().tolist())

    def _solve(
        self, proposed: Vector, lower: Vector, upper: Vector, start: Vector, allowed: Vector, around: Surroundings
    ) -> Vector | None:
        """Returns the closest velocity to `proposed` within all rows, or None. `start`: the closest within the simple bounds."""
        rows, bound = around.approach, allowed
        limits = around.speed_limit.tolist()
        for _ in range(_CUTS):
            motions = around.speed_jacobian.dot(start)
            speeds = [math.sqrt(motion.dot(motion)) for motion in motions]
            fast = [point for point, speed in enumerate(speeds) if speed > limits[point]]
            if fast:
                cuts = [(motions[point] / speeds[point]).dot(around.speed_jacobian[point]) for point in fast]
                rows, bound = np.concatenate([rows, cuts]), np.concatenate([bound, around.speed_limit[fast]])
            velocity = closest(proposed, lower, upper, rows, bound)
            if velocity is None or _fastest_share(velocity, around) <= _NEARLY:
                return velocity
            start = velocity
        return velocity

    def _within_speed(self, velocity: Vector, previous: Vector, step: Matrix, change: Vector, around: Surroundings) -> Vector:
        """Returns `velocity`, drawn back towards the braking command until every point keeps its speed limit."""
        if not _is_too_fast(_speeds(around, velocity), around):
            return velocity
        braking = self._brake(previous, step, change)
        way = velocity - braking
        # |rest + x moved|^2 = limit^2, the larger root, per point.
        share = 1.0
        rests, moves = around.speed_jacobian.dot(braking), around.speed_jacobian.dot(way)
        for rest, moved, limit in zip(rests, moves, around.speed_limit.tolist(), strict=True):
            a, b, c = float(moved.dot(moved)), float(rest.dot(moved)), float(rest.dot(rest)) - limit**2
            root = (-b + math.sqrt(max(b * b - a * c, 0.0))) / max(a, 1e-30) if c < 0.0 else 0.0
            share = min(share, max(root, 0.0))
        drawn: Vector = braking + share * (1.0 - 1e-9) * way
        return drawn

    def _shortened(self, velocity: Vector, previous: Vector, step: Matrix, change: Vector, around: Surroundings) -> Vector:
        """Returns the velocity half-way to the braking command if its braking line is free, else the braking command."""
        braking = self._brake(previous, step, change)
        half = 0.5 * (velocity + braking)
        return half if self._blocking(half, around) is None else braking

    def _blocking(self, velocity: Vector, around: Surroundings) -> tuple[int, float] | None:
        """Returns the barrier [index, m beyond it] that the end of the braking line crosses worst, or None."""
        end = self._barriers.distance(around.position + velocity * self.stop_time(velocity))
        if end[end.argmin()] >= 0.0:
            return None
        short = np.minimum(around.distance, 0.0) - end
        worst = int(short.argmax())
        return (worst, float(short[worst])) if short[worst] > _ROUNDING else None

    def _brake(self, previous: Vector, step: Matrix, change: Vector) -> Vector:
        """Returns the next velocity of the braking line of `previous`: slowed in proportion, as far as the jerk allows."""
        ticks = max((np.abs(previous) / step[1]).tolist())
        if ticks <= 1.0:
            # The last step: joint by joint, as far as the jerk allows.
            lower, upper = np.minimum(np.maximum(change + step, step[0]), step[1])
            last: Vector = previous + np.minimum(np.maximum(-previous, lower), upper)
            return last
        slowing = -previous / ticks
        # Along `slowing` by a share in [0, 1] such that no joint's change differs from its last one by more than a step.
        room = np.where(slowing > 0.0, change, -change) + step[1]
        share = min((room / np.maximum(np.abs(slowing), 1e-12)).tolist())
        braked: Vector = previous + slowing * min(share, 1.0)
        return braked

    def _joint_evidence(self, asked: Vector, allowed: Vector, previous: Vector, step: Matrix, around: Surroundings) -> Evidence:
        """Returns the bound of a single joint that changed `asked` to `allowed` most."""
        names = self._arm.joint_names
        top = np.minimum(np.maximum(asked, -self._max_velocity), self._max_velocity)
        excess = np.abs(asked - top)
        if excess[joint := int(excess.argmax())] > 0.0:
            return Evidence(Reason.VELOCITY, names[joint], float(asked[joint]), float(top[joint]), "rad/s")
        bounded = np.minimum(np.maximum(top, around.velocity_range[0]), around.velocity_range[1])
        excess = np.abs(top - bounded)
        if excess[joint := int(excess.argmax())] > 0.0:
            reason = Reason.TORQUE if around.pushed[int(top[joint] > 0.0), joint] else Reason.POSITION
            return Evidence(reason, names[joint], float(top[joint]), float(bounded[joint]), "rad/s")
        joint = int(np.abs(asked - allowed).argmax())
        wanted, taken, bound = abs(asked[joint] - previous[joint]), abs(allowed[joint] - previous[joint]), float(step[1, joint])
        reason = Reason.ACCELERATION if taken >= bound * (1.0 - 1e-6) else Reason.JERK
        return Evidence(reason, names[joint], float(wanted), bound, "rad/s")

    def _barrier_evidence(self, row: int, velocity: Vector, allowed: Vector, around: Surroundings) -> Evidence:
        barrier = self._barriers.barriers[around.near[row]]
        speed = float(around.approach[row].dot(velocity))
        return Evidence(barrier.limited, barrier.subject, speed, float(allowed[row]), "m/s")

    def _speed_evidence(self, speeds: list[float], around: Surroundings) -> Evidence:
        limits = around.speed_limit.tolist()
        point = max(range(len(speeds)), key=lambda index: speeds[index] - limits[index])
        reason = Reason.SINGULARITY if around.singular and point == 0 else Reason.CARTESIAN_SPEED
        return Evidence(reason, SPEED_SUBJECTS[point], speeds[point], limits[point], "m/s")


def _speeds(around: Surroundings, velocity: Vector) -> list[float]:
    """Returns the speeds [m/s] of the p points whose speed is limited."""
    return [math.sqrt(x * x + y * y + z * z) for x, y, z in around.speed_jacobian.dot(velocity).tolist()]


def _is_too_fast(speeds: list[float], around: Surroundings) -> bool:
    return any(speed > limit + _ROUNDING for speed, limit in zip(speeds, around.speed_limit.tolist(), strict=True))


def _fastest_share(velocity: Vector, around: Surroundings) -> float:
    """Returns the highest speed of a point in units of its limit."""
    return max(float(speed / limit) for speed, limit in zip(_speeds(around, velocity), around.speed_limit.tolist(), strict=True))
