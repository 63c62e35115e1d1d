"""The proving ground: adversaries against the filter in MuJoCo physics, contacts on, and the truth about every limit."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import mujoco
import numpy as np

from jaco_core.arms import Arm, load_arm
from jaco_core.kinematics import Linkage, arm_spec
from jaco_core.types import Vector
from jaco_safety.adversary import ADVERSARIES, Attack
from jaco_safety.barriers import Barriers, arm_geometry
from jaco_safety.filter import VelocityFilter
from jaco_safety.forces import ForceMonitor
from jaco_safety.limits import SafetyLimits, load_limits
from jaco_safety.truth import Truth

TICK_S = 0.01
_PHYSICS_STEP_S = 0.002
_EPISODE_TICKS = 300
# Asking for a thread's CPU time is a system call that can take longer than all of the rest: not at every tick. A prime, so that
# it falls on every phase of an attack.
_TIMED_EVERY = 17
# Volumes that the packaged limits do not have, so that those limits are attacked too.
HALF_SPACES = [[-0.7071068, -0.7071068, 0.0, -0.75]]
KEEP_OUT_BOXES = [[0.30, 0.30, -0.05, 0.60, 0.60, 0.30]]


@dataclass(frozen=True)
class Violation:
    """One broken limit: at which tick, by which adversary, what is left of the limit (negative)."""

    arm: str
    tick: int
    seed: int
    adversary: str
    limit: str
    left: float


@dataclass
class Tally:
    """What a run has shown: ticks, violations, the smallest margin per limit, and the filter's CPU time at some ticks [us]."""

    ticks: int = 0
    violations: list[Violation] = field(default_factory=list)
    margins: dict[str, float] = field(default_factory=dict)
    filter_us: list[float] = field(default_factory=list)
    changed: int = 0
    false_contacts: int = 0

    def add(self, other: Tally) -> None:
        """Takes in what another run has shown."""
        self.ticks += other.ticks
        self.violations += other.violations
        self.filter_us += other.filter_us
        self.changed += other.changed
        self.false_contacts += other.false_contacts
        self.note(other.margins)

    def note(self, left: dict[str, float]) -> None:
        """Keeps the smallest margins."""
        for name, value in left.items():
            self.margins[name] = min(self.margins.get(name, np.inf), value)


class ProvingGround:
    """One arm, its physics and its filter."""

    def __init__(self, arm: str, limits: SafetyLimits | None = None) -> None:
        self.arm: Arm = load_arm(arm)
        packaged = limits if limits is not None else load_limits(arm)
        self.limits = replace(packaged, half_spaces=HALF_SPACES, keep_out_boxes=KEEP_OUT_BOXES)
        self.model = _physics(self.arm, self.limits)
        self.data: Any = mujoco.MjData(self.model)
        self.barriers = Barriers(self.arm, self.limits)
        self.filter = VelocityFilter(self.arm, self.limits, self.barriers)
        # The attacker's own: what it looks at must not be there already when the filter does, whose time is taken.
        self._scout = Barriers(self.arm, self.limits)
        self._rehearsal = VelocityFilter(self.arm, self.limits, self._scout)
        self.truth = Truth(self.arm, self.limits, arm_geometry(arm)[0], self.model)
        self._qpos = np.array([self.model.joint(name).qposadr[0] for name in self.arm.joint_names])
        self._linkage = Linkage(self.model)
        self._dofs = np.array([self.model.joint(name).dofadr[0] for name in self.arm.joint_names])

    def run(self, ticks: int, seed: int, tally: Tally) -> Tally:
        """Runs attacks for `ticks` ticks, or a few more, and returns `tally` with what they showed."""
        episode, end = 0, tally.ticks + ticks
        while tally.ticks < end:
            self.attack(seed * 1_000_003 + episode, min(_EPISODE_TICKS, end - tally.ticks), tally)
            episode += 1
        return tally

    def attack(self, seed: int, ticks: int, tally: Tally, adversary: str | None = None) -> None:
        """Runs one attack from a random free posture at rest."""
        rng = np.random.default_rng(seed)
        names = list(ADVERSARIES)
        drawn = names[int(rng.integers(len(names)))]
        name = adversary or drawn
        top_speed = self.limits.reduced_speed if rng.random() < 0.25 else None
        self._place(rng)
        data, dofs, qpos = self.data, self._dofs, self._qpos
        count = len(self.arm)
        previous, change = np.zeros(count), np.zeros(count)
        forces = ForceMonitor(self.arm, self.limits, self.barriers.chain)
        victim = int(rng.integers(1000))
        attack = Attack(
            self.arm, self._scout, self._rehearsal, rng, 0, np.zeros(count), victim, previous, data.qpos[qpos].copy(), top_speed
        )
        for tick in range(ticks):
            position, before, effort = data.qpos[qpos].copy(), data.qvel[dofs].copy(), data.qfrc_actuator[dofs].copy()
            attack.tick, attack.velocity, attack.position = tick, previous, position
            attack.last = ADVERSARIES[name](attack)
            timed = tally.ticks % _TIMED_EVERY == 0
            started = time.thread_time_ns() if timed else 0
            outside = forces.update(position, before, effort, TICK_S)
            around = self.barriers.at(position, effort=effort, outside_torque=outside, top_speed=top_speed, heading=previous)
            velocity = self.filter.apply(attack.last, previous, TICK_S, around, change).velocity
            if timed:
                tally.filter_us.append((time.thread_time_ns() - started) * 1e-3)
            tally.changed += not np.array_equal(velocity, attack.last)
            tally.false_contacts += forces.contact() is not None
            left = self._command_margins(velocity, previous, change)
            change, previous = velocity - previous, velocity
            data.ctrl[:] = velocity
            fastest, touching = np.abs(before), 0
            for _ in range(round(TICK_S / _PHYSICS_STEP_S)):
                mujoco.mj_step(self.model, data)
                fastest = np.maximum(fastest, np.abs(data.qvel[dofs]))
                touching += int(data.ncon)
            mujoco.mj_kinematics(self.model, data)
            mujoco.mj_comPos(self.model, data)
            measured = self.truth.measure(data, fastest, (data.qvel[dofs] - before) / TICK_S, top_speed)
            measured.left.update(left)
            measured.left["contacts"] = -float(touching)
            tally.note(measured.left)
            tally.ticks += 1
            for limit in measured.broken:
                tally.violations.append(Violation(self.arm.name, tick, seed, name, limit, measured.left[limit]))
            if touching:
                return

    def _command_margins(self, velocity: Vector, previous: Vector, change: Vector) -> dict[str, float]:
        """Acceleration and jerk of the commands themselves."""
        step = self.arm.max_acceleration * TICK_S
        now = velocity - previous
        return {
            "command_acceleration": float(((step - np.abs(now)) / TICK_S).min()),
            "jerk": float(((step - np.abs(now - change)) / TICK_S**2).min()),
        }

    def _place(self, rng: np.random.Generator) -> None:
        """Puts the arm at rest in a random posture that keeps every limit, near the middle half of the time."""
        arm, limits = self.arm, self.limits
        low = np.where(np.isfinite(arm.lower), arm.lower + limits.position_margin, -np.pi)
        high = np.where(np.isfinite(arm.upper), arm.upper - limits.position_margin, np.pi)
        while True:
            position = rng.uniform(low, high)
            if rng.random() < 0.5:
                position = np.clip(arm.home + rng.normal(0.0, 0.5, len(arm)), low, high)
            if self._scout.distance(position).min() > 0.0:
                break
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[self._qpos] = position
        self._linkage.follow(self.data)
        mujoco.mj_forward(self.model, self.data)


def _physics(arm: Arm, limits: SafetyLimits) -> Any:
    """Returns the arm's model over a table; keep-out boxes are shapes that touch nothing, to measure distances to."""
    spec = arm_spec(arm)
    spec.option.timestep = _PHYSICS_STEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    box = mujoco.mjtGeom.mjGEOM_BOX
    spec.worldbody.add_geom(name="table", type=box, size=(2.0, 2.0, 0.02), pos=(0.0, 0.0, limits.table_height - 0.02))
    for number, bounds in enumerate(limits.keep_out_boxes):
        low, high = np.array(bounds[:3]), np.array(bounds[3:])
        spec.worldbody.add_geom(
            name=f"keep_out_{number}", type=box, size=(high - low) / 2.0, pos=(high + low) / 2.0, contype=0, conaffinity=0
        )
    return spec.compile()
