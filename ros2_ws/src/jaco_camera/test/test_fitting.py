from __future__ import annotations

import numpy as np
import pytest
from camera_support import picture

from jaco_camera.fitting import Fit, centre_fit


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ((640, 480), (64, 64), Fit(80, 0, 480, 480, 64, 64)),
        ((480, 640), (64, 64), Fit(0, 80, 480, 480, 64, 64)),
        ((640, 480), (320, 240), Fit(0, 0, 640, 480, 320, 240)),
        ((64, 64), (64, 64), Fit(0, 0, 64, 64, 64, 64)),
    ],
)
def test_the_largest_centred_part_is_kept(source: tuple[int, int], target: tuple[int, int], expected: Fit) -> None:
    assert centre_fit(*source, *target) == expected


def test_a_fitted_picture_has_the_wanted_size_and_its_middle_stays_in_the_middle() -> None:
    image = centre_fit(96, 64, 32, 32).apply(picture(3))
    assert image.shape == (32, 32, 3) and image.flags.c_contiguous
    assert np.all(image[:, :15, 2] == 200) and np.all(image[:, 17:, 2] == 0)


def test_a_picture_that_fits_is_not_touched() -> None:
    np.testing.assert_array_equal(centre_fit(96, 64, 96, 64).apply(picture(2)), picture(2))


def test_a_small_picture_is_enlarged() -> None:
    assert centre_fit(96, 64, 192, 128).apply(picture(1)).shape == (128, 192, 3)
