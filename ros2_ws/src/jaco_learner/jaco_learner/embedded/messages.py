"""What the graph says, as the assembler takes it. The fields are those of the ROS types, live or from a recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaco_core.errors import ContractError
from jaco_core.types import JointSample, Vector, frozen_vector
from jaco_learner.embedded.assembly import Judged, PolicyWord


def proprioception_from_message(message: Any, names: tuple[str, ...]) -> Vector:
    """Returns joint angles [rad], then velocities [rad/s], shape (2n,), of a JointState.

    Raises:
        ContractError: a joint is missing, or a number is not finite.
    """
    sample = JointSample(0, tuple(message.name), frozen_vector(message.position), frozen_vector(message.velocity)).ordered(names)
    values = frozen_vector(np.concatenate((sample.position, sample.velocity)))
    if not np.isfinite(values).all():
        raise ContractError(f"The joint state holds numbers that are not finite: {values.tolist()}.")
    return values


def word_from_message(message: Any) -> PolicyWord:
    """Returns what a PolicyStep says."""
    return PolicyWord(np.array(message.action, np.int64), float(message.log_probability), int(message.policy_version))


def judged_from_message(message: Any) -> Judged:
    """Returns what a SupervisedStep says."""
    return Judged(str(message.source), int(message.changed_ticks))
