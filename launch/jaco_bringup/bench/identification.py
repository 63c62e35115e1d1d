"""Identification against the truth: a minute of safe motion on each of two held-out twins, and what their worlds really hide.

The hidden values are read after the estimates are made, for the comparison alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.commands.identify import Identified, identify
from jaco_core.types import JointSample, VelocityCommand
from jaco_safety.barriers import Barriers
from jaco_safety.filter import VelocityFilter
from jaco_safety.limits import load_limits
from jaco_sim.identification.excitation import Excitation
from jaco_sim.identification.record import MotionRecord
from jaco_sim.simulation import TICK_S
from jaco_sim.variation import Variation
from jaco_sim.world import World

WORLDS = (("twin-1", 11), ("twin-2", 12))
"""Profile and the seed that draws its world."""
SECONDS = 60.0


@dataclass(frozen=True)
class Hidden:
    """What a world hid: its variation, and the camera's position [m]."""

    variation: Variation
    camera: NDArray[np.float64]


def measure() -> dict[str, Figure]:
    """Returns, for each world, the largest errors of gain and latency [share] and the camera position's [m]."""
    figures: dict[str, Figure] = {}
    for profile, seed in WORLDS:
        record, hidden = gather(profile, seed)
        figures |= {f"{profile}_{key}": value for key, value in errors(identify(record), hidden).items()}
    return figures


def hidden_in(profile: str, seed: int) -> Hidden:
    """Returns what the world that `seed` draws from `profile` hides."""
    world = World("reach", "j2n6s300", profile, seed)
    try:
        return Hidden(world.variation or Variation(), world.camera_place().position)
    finally:
        world.close()


def gather(profile: str, seed: int, seconds: float = SECONDS) -> tuple[MotionRecord, Hidden]:
    """Returns what `seconds` of safe motion in the world that `seed` draws from `profile` leave, and what that world hides."""
    world = World("reach", "j2n6s300", profile, seed)
    try:
        return _moved(world, seed, seconds), Hidden(world.variation or Variation(), world.camera_place().position)
    finally:
        world.close()


def _moved(world: World, seed: int, seconds: float) -> MotionRecord:
    mover = _SafeMotion(world, seed)
    samples, commands, images, image_times = [], [], [], []
    for tick in range(round(seconds / TICK_S)):
        seen = world.observe()
        if seen.image is not None:
            images.append(seen.image)
            image_times.append(tick * TICK_S)
        command = mover.next(tick * TICK_S, seen.joints)
        world.advance(VelocityCommand(seen.joints.stamp_ns, world.arm.joint_names, command))
        samples.append(seen.joints)
        commands.append(command)
    times = np.arange(len(samples), dtype=float) * TICK_S
    position, velocity = (np.array([getattr(sample, name) for sample in samples]) for name in ("position", "velocity"))
    pictures = np.array(image_times), np.array(images), world.camera_matrix()
    return MotionRecord(world.arm, times, position, velocity, times, np.array(commands), *pictures)


class _SafeMotion:
    """Excites the arm through the safety filter, which has the last word on every command."""

    def __init__(self, world: World, seed: int) -> None:
        arm = world.arm
        limits = load_limits(arm.name)
        self._barriers = Barriers(arm, limits)
        self._filter = VelocityFilter(arm, limits, self._barriers)
        self._excitation = Excitation(arm, world.observe().joints.position, seed)
        self._command = self._change = np.zeros(len(arm))

    def next(self, seconds: float, joints: JointSample) -> NDArray[np.float64]:
        """Returns the velocity [rad/s] to apply now, shape (n,)."""
        wanted = self._excitation.velocity(seconds, joints.position)
        around = self._barriers.at(joints.position, effort=joints.effort, heading=self._command)
        filtered = self._filter.apply(wanted, self._command, TICK_S, around, self._change)
        self._change = filtered.velocity - self._command
        self._command = np.array(filtered.velocity)
        return self._command


def errors(found: Identified, hidden: Hidden) -> dict[str, Figure]:
    """Returns how far what was found is from what was hidden. Delays act in whole ticks: those they are held against."""
    estimates, true = found.dynamics.estimates, hidden.variation
    gain = np.array(estimates["joint_gain"].value)
    joints = len(gain)
    friction = np.array(estimates["joint_friction"].value)
    figures: dict[str, Figure] = {
        "gain_error_share": float(np.abs(gain / true.joint_gain[:joints] - 1.0).max()),
        "friction_error_share": float(np.abs(friction / true.joint_friction[:joints] - 1.0).max()),
        "payload_error_kg": abs(estimates["payload"].value[0] - true.payload),
        "command_delay_error_share": _late(estimates["command_delay"].value[0], true.command_delay),
    }
    if found.camera is not None:
        off = found.camera.pose.position - hidden.camera
        figures["image_delay_error_share"] = _late(found.camera.estimates["image_delay"].value[0], true.image_delay)
        figures["camera_position_error_m"] = float(np.linalg.norm(off))
    return figures


def _late(found: float, true: float) -> float:
    effective = round(true / TICK_S) * TICK_S
    return abs(found - effective) / effective if effective else abs(found)
