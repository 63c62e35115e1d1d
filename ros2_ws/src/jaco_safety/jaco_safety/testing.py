"""For tests, here and elsewhere: a supervisor driven by hand, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import JointSample, Vector, VelocityCommand, frozen_vector
from jaco_core.units import ns_to_seconds
from jaco_safety.supervisor import Answer, Supervisor

TICK_NS = 10_000_000


@dataclass
class Bench:
    """A supervisor with an arm that does exactly as commanded, one tick after another."""

    arm: Arm
    supervisor: Supervisor
    position: Vector
    stamp_ns: int = 1_000_000_000
    sequence: int = 0
    effort: Vector = field(default_factory=lambda: frozen_vector(()))

    def __post_init__(self) -> None:
        self.velocity: Vector = np.zeros(len(self.arm))

    def command(self, velocity: object, stamp_ns: int | None = None, names: tuple[str, ...] | None = None) -> Answer | None:
        """Sends a policy command for the newest tick or `stamp_ns`; `velocity` [rad/s]: a number for all joints or shape (n,)."""
        values = np.full(len(self.arm), velocity) if isinstance(velocity, int | float) else np.asarray(velocity, dtype=float)
        self.sequence += 1
        stamp = self.stamp_ns if stamp_ns is None else stamp_ns
        return self.supervisor.on_command(VelocityCommand(stamp, names or self.arm.joint_names, values, self.sequence, 7))

    def joints(self, now_ns: int | None = None) -> Answer:
        """Sends the joint state of the newest tick."""
        sample = JointSample(self.stamp_ns, self.arm.joint_names, self.position, self.velocity, self.effort)
        return self.supervisor.on_joints(sample, self.stamp_ns if now_ns is None else now_ns)

    def step(self, ticks: int = 1) -> Answer:
        """Lets the arm do the last answer for one tick and sends its joint state, `ticks` times."""
        answer = self.supervisor.answer or self.joints()
        for _ in range(ticks):
            self.velocity = answer.velocity
            self.position = self.position + self.velocity * ns_to_seconds(TICK_NS)
            self.stamp_ns += TICK_NS
            answer = self.joints()
        return answer
