"""Turns a proposed joint velocity into one that keeps every limit, changing it as little as it can.

In order: velocity, position with braking distance, workspace and table, and last the acceleration ramp. Braking towards zero is
always possible, and where the ramp towards the proposal would not do, it is what happens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jaco_core.arms import Arm
from jaco_core.ramp import ramp_velocity
from jaco_core.types import Vector
from jaco_safety.barriers import Barrier, Surroundings
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import PASSED, Evidence, Reason

# [m] of stopping distance that rounding may cost; far below any margin.
_ROUNDING = 1e-9
_PASSES = 8


@dataclass(frozen=True)
class Filtered:
    """A velocity [rad/s], shape (n,), that keeps the limits, and why it differs from the proposal."""

    velocity: Vector
    evidence: Evidence


class VelocityFilter:
    """Filters velocities for one arm. Holds no state: everything that changes is an argument."""

    def __init__(self, arm: Arm, limits: SafetyLimits, barriers: tuple[Barrier, ...]) -> None:
        self._arm = arm
        self._limits = limits
        self._barriers = barriers

    def apply(self, proposed: Vector, previous: Vector, seconds: float, around: Surroundings) -> Filtered:
        """Returns what may follow `previous` after `seconds` when `proposed` is wanted.

        Args:
            proposed: wanted joint velocity [rad/s], shape (n,), finite.
            previous: the last velocity commanded [rad/s], shape (n,).
            seconds: since `previous` took effect.
            around: what bounds the motion at the measured position.
        """
        arm, evidence = self._arm, PASSED
        target = np.clip(proposed, -arm.max_velocity, arm.max_velocity)
        if (changed := target != proposed).any():
            evidence = self._joint_evidence(Reason.VELOCITY, changed, proposed, target)
        braking = np.clip(target, around.velocity_lower, around.velocity_upper)
        if (changed := braking != target).any():
            evidence = self._joint_evidence(Reason.POSITION, changed, target, braking)
        target = braking
        overshoot = self._overshoot(target, around)
        worst = int(np.argmax(overshoot))
        if overshoot[worst] > _ROUNDING:
            evidence = self._barrier_evidence(worst, target, around)
            target = self._slow_down(target, around)
        velocity = ramp_velocity(previous, target, arm.max_acceleration, seconds)
        if (changed := velocity != target).any():
            if evidence is PASSED:
                evidence = self._ramp_evidence(changed, previous, target, seconds)
            # Joints that ramp each at its own rate leave the straight line between two safe velocities.
            overshoot = self._overshoot(velocity, around)
            worst = int(np.argmax(overshoot))
            if overshoot[worst] > _ROUNDING:
                halting = self._brake(previous, seconds, around)
                if float(self._overshoot(halting, around).max()) < float(overshoot[worst]):
                    evidence = self._barrier_evidence(worst, velocity, around)
                    velocity = halting
        return Filtered(velocity, evidence)

    def halt_blind(self, previous: Vector, seconds: float) -> Vector:
        """Returns `previous` braked towards zero for `seconds`, joint by joint: all that is left without a measured position."""
        return ramp_velocity(previous, np.zeros_like(previous), self._arm.max_acceleration, seconds)

    def _stop_time(self, velocity: Vector) -> float:
        """Returns how long [s] `velocity` takes to cover the distance of reacting and then braking in a straight line."""
        return self._limits.reaction_time + 0.5 * float(np.max(np.abs(velocity) / self._arm.max_acceleration))

    def _overshoot(self, velocity: Vector, around: Surroundings) -> Vector:
        """Returns by how much [m], shape (k,), each barrier would be crossed if the arm braked from `velocity` from now on.

        Beyond a barrier it is the distance that the arm would still go outwards. Motion away from a barrier never counts.
        """
        advance: Vector = around.approach @ velocity * self._stop_time(velocity)
        return np.where(advance > 0.0, advance - np.maximum(around.distance, 0.0), -np.inf)

    def _slow_down(self, velocity: Vector, around: Surroundings) -> Vector:
        """Returns `velocity` with the joints slowed that push a point towards a barrier faster than it can be stopped.

        Joints are only ever slowed, never turned round or sped up, so limits on single joints stay kept; joints that do not push
        keep their speed, so the hand slides along a face instead of sticking to it.
        """
        for _ in range(_PASSES):
            overshoot = self._overshoot(velocity, around)
            worst = int(np.argmax(overshoot))
            if overshoot[worst] <= _ROUNDING:
                return velocity
            contributions = around.approach[worst] * velocity
            pushing = contributions > 0.0
            push, pull = contributions[pushing].sum(), contributions[~pushing].sum()
            allowed = max(around.distance[worst], 0.0) / self._stop_time(velocity)
            # The smallest step below keeps rounding from leaving a trace of the overshoot.
            scale = max(0.0, (allowed - pull) / push) * (1.0 - 1e-9)
            velocity = np.where(pushing, velocity * min(scale, 1.0), velocity)
        speeds = around.approach @ velocity
        allowed_speeds = np.maximum(around.distance, 0.0) / self._stop_time(velocity)
        too_fast = speeds > allowed_speeds
        return velocity * float(np.min(allowed_speeds[too_fast] / speeds[too_fast], initial=1.0))

    def _brake(self, previous: Vector, seconds: float, around: Surroundings) -> Vector:
        """Returns `previous` braked in a straight line: every joint by the same share, the slowest to stop at its full rate."""
        duration = float(np.max(np.abs(previous) / self._arm.max_acceleration))
        share = max(0.0, 1.0 - seconds / duration) if duration > 0.0 else 0.0
        target = np.clip(previous * share, around.velocity_lower, around.velocity_upper)
        return ramp_velocity(previous, target, self._arm.max_acceleration, seconds)

    def _joint_evidence(self, reason: Reason, changed: Vector, asked: Vector, allowed: Vector) -> Evidence:
        joint = int(np.argmax(np.where(changed, np.abs(asked - allowed), -1.0)))
        return Evidence(reason, self._arm.joint_names[joint], float(asked[joint]), float(allowed[joint]), "rad/s")

    def _barrier_evidence(self, index: int, velocity: Vector, around: Surroundings) -> Evidence:
        barrier = self._barriers[index]
        allowed = max(float(around.distance[index]), 0.0) / self._stop_time(velocity)
        return Evidence(barrier.limited, barrier.subject, float(around.approach[index] @ velocity), allowed, "m/s")

    def _ramp_evidence(self, changed: Vector, previous: Vector, target: Vector, seconds: float) -> Evidence:
        joint = int(np.argmax(np.where(changed, np.abs(target - previous), -1.0)))
        bound = float(self._arm.max_acceleration[joint]) * seconds
        return Evidence(
            Reason.ACCELERATION, self._arm.joint_names[joint], float(abs(target[joint] - previous[joint])), bound, "rad/s"
        )
