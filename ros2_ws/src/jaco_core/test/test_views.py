from __future__ import annotations

import numpy as np

from jaco_core.views import View, put_together


def test_a_picture_is_view_after_view_colours_and_then_depth() -> None:
    images = [np.full((2, 2, 3), value, np.uint8) for value in (10, 20)]
    depths = [np.full((2, 2), value, np.uint16) for value in (80, 0)]
    deep = put_together([View(image, depth) for image, depth in zip(images, depths, strict=True)])
    assert deep.dtype == np.uint8 and deep.shape == (2, 2, 8)
    assert deep[1, 0].tolist() == [10, 10, 10, 10, 20, 20, 20, 0]
    flat = put_together([View(image) for image in images])
    assert flat.shape == (2, 2, 6) and flat[0, 1].tolist() == [10, 10, 10, 20, 20, 20]
    assert np.array_equal(put_together([View(images[0])]), images[0])
