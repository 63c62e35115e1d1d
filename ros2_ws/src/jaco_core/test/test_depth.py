from __future__ import annotations

import numpy as np

from jaco_core.depth import depth_in_bytes, depth_in_millimetres


def test_metres_become_whole_millimetres_and_what_is_not_known_is_zero() -> None:
    metres = np.array([[0.0004, 0.5, 1.2344, 65.535], [-1.0, 65.6, np.inf, np.nan]])
    depth = depth_in_millimetres(metres)
    assert depth.dtype == np.uint16
    np.testing.assert_array_equal(depth, [[0, 500, 1234, 65535], [0, 0, 0, 0]])


def test_a_byte_of_depth_is_the_same_for_simulated_metres_and_measured_millimetres() -> None:
    measured = np.array([0, 1, 8, 9, 16, 500, 2032, 2033, 65535], np.uint16)
    expected = [0, 1, 1, 2, 2, 63, 254, 255, 255]
    np.testing.assert_array_equal(depth_in_bytes(measured), expected)
    np.testing.assert_array_equal(depth_in_bytes(depth_in_millimetres(measured / 1000.0)), expected)
    assert depth_in_bytes(depth_in_millimetres([np.nan, np.inf, -0.1])).tolist() == [0, 0, 0], "what is not known is no reading"
    every = depth_in_bytes(np.arange(65536).astype(np.uint16))
    assert every.dtype == np.uint8 and np.all(np.diff(every.astype(int)) >= 0), "farther away is never nearer"
