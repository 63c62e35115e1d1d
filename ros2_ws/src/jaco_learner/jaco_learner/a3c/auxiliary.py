"""Auxiliary tasks of Mirowski et al. 2017 (arXiv:1611.03673): depth by classes, and loop closure. Training alone has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# The picture's depth is told on a grid of so many cells per side, each the middle pixel of its part.
GRID = 8
# The paper's borders between its 8 classes, as shares of the range.
BORDERS = (0.05, 0.175, 0.3, 0.425, 0.55, 0.675, 0.8)
CLASSES = len(BORDERS) + 1
# What is closer to the camera than the first, or further than the second [m], is in the first or last class.
NEAREST, FURTHEST = 0.65, 1.6
# A loop is closed where the palm is again within the first distance of a place that it had left by more than the second [m].
CLOSED_WITHIN, LEFT_BY = 0.03, 0.06


def depth_classes(depth: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns classes, shape (N, GRID * GRID), for depths along the camera's axis [m], shape (N, h, w)."""
    height, width = depth.shape[1:]
    rows, columns = (((np.arange(GRID) + 0.5) * size / GRID).astype(int) for size in (height, width))
    share = (depth[:, rows][:, :, columns] - NEAREST) / (FURTHEST - NEAREST)
    return np.asarray(np.digitize(share, BORDERS).reshape(len(depth), GRID * GRID))


class LoopClosure:
    """Remembers where each of N palms was in its episode, and tells when it comes back to where it was before."""

    def __init__(self, count: int, longest: int) -> None:
        """`longest`: the most steps that an episode has."""
        self._places = np.zeros((count, longest + 1, 3), np.float32)
        # How far the palm went from each place since it was there [m]; none is there yet.
        self._strayed = np.full((count, longest + 1), -np.inf, np.float32)
        self._length = np.zeros(count, int)

    def look(self, palm: NDArray[np.float32], fresh: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Returns which palms, at `palm` (N, 3) [m], closed a loop. `fresh`: an episode has begun here."""
        self._strayed[fresh] = -np.inf
        self._length[fresh] = 0
        distance = np.linalg.norm(self._places - palm[:, None], axis=2)
        closed = ((distance <= CLOSED_WITHIN) & (self._strayed > LEFT_BY)).any(axis=1)
        known = self._strayed >= 0.0
        self._strayed[known] = np.maximum(self._strayed, distance)[known]
        every = np.arange(len(palm))
        self._places[every, self._length] = palm
        self._strayed[every, self._length] = 0.0
        self._length += 1
        return np.asarray(closed)
