"""What a policy feels of its arm: joint angles and velocities, as one vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaco_core.errors import ContractError
from jaco_core.types import JointSample, Vector, frozen_vector


def proprioception_from_message(message: Any, names: tuple[str, ...]) -> Vector:
    """Returns joint angles [rad], then velocities [rad/s], shape (2n,), of a JointState: live, or from a recording.

    Raises:
        ContractError: a joint is missing, or a number is not finite.
    """
    sample = JointSample(0, tuple(message.name), frozen_vector(message.position), frozen_vector(message.velocity)).ordered(names)
    values = frozen_vector(np.concatenate((sample.position, sample.velocity)))
    if not np.isfinite(values).all():
        raise ContractError(f"The joint state holds numbers that are not finite: {values.tolist()}.")
    return values
