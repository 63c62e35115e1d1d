"""Pictures that tell their number."""

from __future__ import annotations

import numpy as np

from jaco_core.types import RgbImage

WIDTH, HEIGHT, FRAMES = 96, 64, 12


def picture(index: int) -> RgbImage:
    """Returns a picture whose red channel tells `index`, with a blue left half."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, :, 0] = 20 * index
    image[:, : WIDTH // 2, 2] = 200
    return image
