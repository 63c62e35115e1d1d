"""Is an input one for this arm at all? Names, lengths and finite numbers, before anything is computed with it."""

from __future__ import annotations

import numpy as np

from jaco_core.types import JointSample, VelocityCommand
from jaco_safety.reasons import Evidence, Reason


def check_command(command: VelocityCommand, joint_names: tuple[str, ...]) -> Evidence | None:
    """Returns evidence when `command` cannot be one for the joints `joint_names`, or None."""
    count = len(joint_names)
    if len(command.names) != count:
        return Evidence(Reason.COMMAND_LENGTH, "policy command", float(len(command.names)), float(count), "joint names")
    if len(command.velocity) != count:
        return Evidence(Reason.COMMAND_LENGTH, "policy command", float(len(command.velocity)), float(count), "velocities")
    if command.names != joint_names:
        return Evidence(Reason.COMMAND_NAMES, ", ".join(command.names))
    finite = np.isfinite(command.velocity)
    if not finite.all():
        joint = int(np.argmin(finite))
        return Evidence(Reason.COMMAND_NOT_FINITE, joint_names[joint], float(command.velocity[joint]), 0.0, "rad/s")
    return None


def check_joints(sample: JointSample) -> Evidence | None:
    """Returns evidence when a position or velocity is not a finite number, or None. Efforts are not looked at."""
    for label, values, unit in (("position", sample.position, "rad"), ("velocity", sample.velocity, "rad/s")):
        finite = np.isfinite(values)
        if not finite.all():
            joint = int(np.argmin(finite))
            return Evidence(Reason.JOINTS_NOT_FINITE, f"{label} of {sample.names[joint]}", float(values[joint]), 0.0, unit)
    return None
