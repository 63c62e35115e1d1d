"""Depth as it travels between nodes: whole millimetres along the optical axis, 0 where it is not known (REP 118)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jaco_core.types import DepthImage

MM_PER_M = 1000.0
FARTHEST_MM = np.iinfo(np.uint16).max


def depth_in_millimetres(metres: ArrayLike) -> DepthImage:
    """Returns `metres` [m], shape (height, width), in mm. What is not finite, not ahead, or beyond 65.535 m is not known: 0."""
    millimetres = np.rint(np.asarray(metres, dtype=np.float64) * MM_PER_M)
    known = np.isfinite(millimetres) & (millimetres > 0.0) & (millimetres <= FARTHEST_MM)
    return np.where(known, millimetres, 0.0).astype(np.uint16)
