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

from dataclasses import dataclass

import numpy as np

from jaco_core.arms import Arm
from jaco_core.ramp import ramp_velocity
from jaco_core.types import Vector
from jaco_safety.barriers import SPEED_POINTS, Barriers, Surroundings
from jaco_safety.limits import SafetyLimits
from jaco_safety.qp import closest
from jaco_safety.reasons import PASSED, Evidence, Reason

# What rounding may cost [m/s], [m], [rad/s]; far below any margin.
_ROUNDING = 1e-9
# Half-spaces that a speed limit is approximated by, one more after each solution.
_CUTS = 2
# A solution this little too fast is drawn back, not solved again.
_NEARLY = 1.03
_SPEED_SUBJECTS = tuple(SPEED_POINTS.values())


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
        step = self._arm.max_acceleration * seconds
        change = np.zeros_like(step) if last_change is None else np.minimum(np.maximum(last_change, -step), step)
        ramp_lower = previous + np.maximum(-step, change - step)
        ramp_upper = previous + np.minimum(step, change + step)
        # Where a limit cannot be reached within one tick, the joint goes towards it as fast as it may.
        lower = np.minimum(np.maximum(around.velocity_lower, ramp_lower), ramp_upper)
        upper = np.maximum(np.minimum(around.velocity_upper, ramp_upper), ramp_lower)
        velocity = np.minimum(np.maximum(proposed, lower), upper)
        evidence = PASSED
        changed = bool((velocity != proposed).any())
        if not changed:
            velocity = np.array(proposed, dtype=np.float64)
        # Distances shrink no faster than the braking line of the fastest velocity that is possible now can be braked.
        fastest = self._reaction + 0.5 * float((np.maximum(upper, -lower) / self._arm.max_acceleration).max())
        allowed = around.allowed * min(1.0, 1.0 / (self._approach_rate * fastest))
        towards = around.approach @ velocity - allowed
        speeds = _speeds(around, velocity)
        too_near, too_fast = bool((towards > _ROUNDING).any()), bool((speeds > around.speed_limit + _ROUNDING).any())
        if changed and not (too_near or too_fast):
            evidence = self._joint_evidence(proposed, velocity, previous, step, around)
        if too_near or too_fast:
            evidence = self._speed_evidence(speeds, around)
            if too_near:
                evidence = self._barrier_evidence(int(towards.argmax()), velocity, allowed, around)
            solved = self._solve(proposed, lower, upper, velocity, allowed, around)
            if solved is None:
                return Filtered(self._brake(previous, step, change), evidence)
            velocity = self._within_speed(solved, previous, step, change, around)
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
        """Returns T(v) [s]: the length of the braking line in units of the velocity."""
        return self._reaction + 0.5 * float((np.abs(velocity) / self._arm.max_acceleration).max())

    def _solve(
        self, proposed: Vector, lower: Vector, upper: Vector, start: Vector, allowed: Vector, around: Surroundings
    ) -> Vector | None:
        """Returns the closest velocity to `proposed` within all rows, or None. `start`: the closest within the simple bounds."""
        rows, bound = around.approach, allowed
        for _ in range(_CUTS):
            motion = around.speed_jacobian @ start
            speeds = np.sqrt((motion * motion).sum(axis=1))
            fast = speeds > around.speed_limit
            if fast.any():
                cuts = ((motion[fast] / speeds[fast][:, None])[:, None] @ around.speed_jacobian[fast])[:, 0]
                rows, bound = np.concatenate([rows, cuts]), np.concatenate([bound, around.speed_limit[fast]])
            velocity = closest(proposed, lower, upper, rows, bound)
            if velocity is None or not (_speeds(around, velocity) > around.speed_limit * _NEARLY).any():
                return velocity
            start = velocity
        return velocity

    def _within_speed(self, velocity: Vector, previous: Vector, step: Vector, change: Vector, around: Surroundings) -> Vector:
        """Returns `velocity`, drawn back towards the braking command until every point keeps its speed limit."""
        speeds = _speeds(around, velocity)
        if not (speeds > around.speed_limit + _ROUNDING).any():
            return velocity
        braking = self._brake(previous, step, change)
        rest, way = around.speed_jacobian @ braking, around.speed_jacobian @ (velocity - braking)
        # |rest + x way|^2 = limit^2, the larger root, per point.
        a, b = (way * way).sum(axis=1), (rest * way).sum(axis=1)
        c = (rest * rest).sum(axis=1) - around.speed_limit**2
        root = (-b + np.sqrt(np.maximum(b * b - a * c, 0.0))) / np.maximum(a, 1e-30)
        share = float(np.clip(np.where(c < 0.0, root, 0.0).min(), 0.0, 1.0)) * (1.0 - 1e-9)
        drawn: Vector = braking + share * (velocity - braking)
        return drawn

    def _shortened(self, velocity: Vector, previous: Vector, step: Vector, change: Vector, around: Surroundings) -> Vector:
        """Returns the velocity half-way to the braking command if its braking line is free, else the braking command."""
        braking = self._brake(previous, step, change)
        half = 0.5 * (velocity + braking)
        return half if self._blocking(half, around) is None else braking

    def _blocking(self, velocity: Vector, around: Surroundings) -> tuple[int, float] | None:
        """Returns the barrier [index, m beyond it] that the end of the braking line crosses worst, or None."""
        end = self._barriers.distance(around.position + velocity * self.stop_time(velocity))
        short = np.minimum(around.distance, 0.0) - end
        worst = int(short.argmax())
        return (worst, float(short[worst])) if short[worst] > _ROUNDING else None

    def _brake(self, previous: Vector, step: Vector, change: Vector) -> Vector:
        """Returns the next velocity of the braking line of `previous`: slowed in proportion, as far as the jerk allows."""
        ticks = float((np.abs(previous) / step).max())
        if ticks <= 1.0:
            # The last step: joint by joint, as far as the jerk allows.
            return previous + np.clip(-previous, np.maximum(-step, change - step), np.minimum(step, change + step))
        slowing = -previous / ticks
        # Along `slowing` by a share in [0, 1] such that no joint's change differs from its last one by more than a step.
        room = np.where(slowing > 0.0, change + step, step - change)
        share = (room / np.maximum(np.abs(slowing), 1e-12)).min()
        braked: Vector = previous + slowing * min(float(share), 1.0)
        return braked

    def _joint_evidence(self, asked: Vector, allowed: Vector, previous: Vector, step: Vector, around: Surroundings) -> Evidence:
        """Returns the bound of a single joint that changed `asked` to `allowed` most."""
        names = self._arm.joint_names
        top = np.minimum(np.maximum(asked, -self._max_velocity), self._max_velocity)
        if (excess := np.abs(asked - top)).max() > 0.0:
            joint = int(excess.argmax())
            return Evidence(Reason.VELOCITY, names[joint], float(asked[joint]), float(top[joint]), "rad/s")
        bounded = np.minimum(np.maximum(top, around.velocity_lower), around.velocity_upper)
        if (excess := np.abs(top - bounded)).max() > 0.0:
            joint = int(excess.argmax())
            reason = Reason.TORQUE if around.pushed[int(top[joint] > 0.0), joint] else Reason.POSITION
            return Evidence(reason, names[joint], float(top[joint]), float(bounded[joint]), "rad/s")
        joint = int(np.abs(asked - allowed).argmax())
        wanted, taken, bound = abs(asked[joint] - previous[joint]), abs(allowed[joint] - previous[joint]), float(step[joint])
        reason = Reason.ACCELERATION if taken >= bound * (1.0 - 1e-6) else Reason.JERK
        return Evidence(reason, names[joint], float(wanted), bound, "rad/s")

    def _barrier_evidence(self, row: int, velocity: Vector, allowed: Vector, around: Surroundings) -> Evidence:
        barrier = self._barriers.barriers[around.near[row]]
        speed = float(around.approach[row] @ velocity)
        return Evidence(barrier.limited, barrier.subject, speed, float(allowed[row]), "m/s")

    def _speed_evidence(self, speeds: Vector, around: Surroundings) -> Evidence:
        point = int((speeds - around.speed_limit).argmax())
        reason = Reason.SINGULARITY if around.singular and point == 0 else Reason.CARTESIAN_SPEED
        return Evidence(reason, _SPEED_SUBJECTS[point], float(speeds[point]), float(around.speed_limit[point]), "m/s")


def _speeds(around: Surroundings, velocity: Vector) -> Vector:
    """Returns the speeds [m/s], shape (p,), of the points whose speed is limited."""
    motion = around.speed_jacobian @ velocity
    result: Vector = np.sqrt((motion * motion).sum(axis=1))
    return result
