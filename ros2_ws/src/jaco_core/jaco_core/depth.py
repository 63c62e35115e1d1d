"""Depth as it travels between nodes, and as policies see it.

Between nodes: whole millimetres along the optical axis, 0 where it is not known (REP 118). In a policy's picture: a byte of 8 mm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaco_core.types import DepthImage

MM_PER_M = 1000.0
FARTHEST_MM = np.iinfo(np.uint16).max
MM_PER_STEP = 8
"""A byte's step: a byte d means more than 8 (d - 1) mm and at most 8 d mm."""
BEYOND = 255
"""The byte of whatever is farther away than 2032 mm."""


def depth_in_millimetres(metres: ArrayLike) -> DepthImage:
    """Returns `metres` [m], shape (height, width), in mm. What is not finite, not ahead, or beyond 65.535 m is not known: 0."""
    millimetres = np.rint(np.asarray(metres, dtype=np.float64) * MM_PER_M)
    known = np.isfinite(millimetres) & (millimetres > 0.0) & (millimetres <= FARTHEST_MM)
    return np.where(known, millimetres, 0.0).astype(np.uint16)


def depth_in_bytes(depth: DepthImage) -> NDArray[np.uint8]:
    """Returns `depth` [mm], uint16, as a policy sees it, uint8 of the same shape.

    0: no reading, as in millimetres; 1 to 254: up to 8, 16, ... 2032 mm; 255: farther. Simulated and measured depth alike.
    """
    steps = (depth.astype(np.uint32) + (MM_PER_STEP - 1)) // MM_PER_STEP
    return np.minimum(steps, BEYOND).astype(np.uint8)
