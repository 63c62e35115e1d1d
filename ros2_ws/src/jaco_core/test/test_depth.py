from __future__ import annotations

import numpy as np

from jaco_core.depth import depth_in_millimetres


def test_metres_become_whole_millimetres_and_what_is_not_known_is_zero() -> None:
    metres = np.array([[0.0004, 0.5, 1.2344, 65.535], [-1.0, 65.6, np.inf, np.nan]])
    depth = depth_in_millimetres(metres)
    assert depth.dtype == np.uint16
    np.testing.assert_array_equal(depth, [[0, 500, 1234, 65535], [0, 0, 0, 0]])
