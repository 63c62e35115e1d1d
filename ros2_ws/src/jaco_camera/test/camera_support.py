"""Pictures that tell their number."""

from __future__ import annotations

import numpy as np

from jaco_core.types import DepthImage, RgbImage

WIDTH, HEIGHT, FRAMES = 96, 64, 12


def picture(index: int) -> RgbImage:
    """Returns a picture whose red channel tells `index`, with a blue left half."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, :, 0] = 20 * index
    image[:, : WIDTH // 2, 2] = 200
    return image


def depth(index: int) -> DepthImage:
    """Returns the depth [mm] of that picture: the left half is near, the right one far, both tell `index`."""
    image = np.full((HEIGHT, WIDTH), 1000 + index, np.uint16)
    image[:, : WIDTH // 2] = 500 + index
    return image
