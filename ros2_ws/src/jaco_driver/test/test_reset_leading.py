"""Leading the palm: to points in reach, as near as it gets to others, and from any posture."""

from __future__ import annotations

import numpy as np
import pytest
from reset_support import ARM

from jaco_core.kinematics import Kinematics
from jaco_driver.reset.leading import lead_palm


@pytest.mark.parametrize("point", [(0.42, 0.05, 0.15), (0.57, -0.2, 0.16), (0.27, 0.2, 0.2), (0.3, -0.3, 0.5)])
def test_the_palm_comes_to_a_point_in_reach_and_the_fingers_stay(point: tuple[float, float, float]) -> None:
    kinematics, random = Kinematics(ARM), np.random.default_rng(1)
    for _ in range(5):
        posture = ARM.home + random.uniform(-0.4, 0.4, len(ARM))
        before = posture.copy()
        led = lead_palm(kinematics, posture, np.array(point))
        np.testing.assert_array_equal(posture, before)
        np.testing.assert_array_equal(led[6:], posture[6:])
        at_return = kinematics.position("palm")
        kinematics.update(led)
        np.testing.assert_array_equal(kinematics.position("palm"), at_return)
        assert np.linalg.norm(at_return - point) <= 0.002


def test_out_of_reach_it_stretches_towards_the_point_and_stays_finite() -> None:
    kinematics = Kinematics(ARM)
    kinematics.update(ARM.home)
    before, point = kinematics.position("palm"), np.array((1.5, 0.3, 0.3))
    led = lead_palm(kinematics, ARM.home, point)
    assert np.isfinite(led).all()
    assert np.linalg.norm(kinematics.position("palm") - point) < np.linalg.norm(before - point) - 0.2
