from __future__ import annotations

import numpy as np
import pytest
from camera_support import depth, picture

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


def test_fitted_depth_lies_where_the_fitted_picture_does_and_is_never_averaged() -> None:
    fit = centre_fit(96, 64, 32, 32)
    image, far = fit.apply(picture(3)), fit.apply_to_depth(depth(0))
    np.testing.assert_array_equal(far == 500, image[:, :, 2] == 200)
    np.testing.assert_array_equal(np.unique(far), [500, 1000])


def test_a_new_pixel_of_depth_is_the_old_one_at_its_middle() -> None:
    columns = np.tile(np.arange(96, dtype=np.uint16), (64, 1))
    fitted = centre_fit(96, 64, 32, 32).apply_to_depth(columns)
    # 64 px become 32 from column 16 on: the middle of the first new one lies between columns 16 and 17.
    assert fitted[0, 0] in (16, 17) and np.all(np.diff(fitted[0].astype(int)) == 2)
    odd = centre_fit(96, 63, 21, 21).apply_to_depth(columns[:63])
    np.testing.assert_array_equal(odd[0, :3], [17, 20, 23])
