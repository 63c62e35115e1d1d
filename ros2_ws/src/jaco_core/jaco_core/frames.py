"""Frames that move with their parent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import Vector


@dataclass(frozen=True)
class FixedFrame:
    """Frame `name` at `position` [m], shape (3,), in `parent`; `rotation`, shape (3, 3), turns its axes into the parent's."""

    name: str
    parent: str
    position: Vector
    rotation: NDArray[np.float64]
