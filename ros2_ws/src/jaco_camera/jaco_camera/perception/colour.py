"""Coloured things in a picture: the pixels of one colour, and the connected blobs that they make."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from jaco_core.types import RgbImage, Vector, frozen_vector


@dataclass(frozen=True)
class ColourRange:
    """Hues within `tolerance` of `hue` [deg], of at least `saturation` and `value` (0 to 1): red is 0, green 120, blue 240."""

    hue: float
    tolerance: float
    saturation: float
    value: float

    def mask(self, image: RgbImage) -> NDArray[np.uint8]:
        """Returns 255 where `image`, uint8, shape (h, w, 3), RGB, has the colour, else 0; shape (h, w)."""
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float64)
        # OpenCV halves a uint8 picture's hues, so that they fit.
        distance = np.abs((2.0 * hsv[..., 0] - self.hue + 180.0) % 360.0 - 180.0)
        inside = (distance <= self.tolerance) & (hsv[..., 1] >= 255.0 * self.saturation) & (hsv[..., 2] >= 255.0 * self.value)
        return np.asarray(255 * inside, dtype=np.uint8)


@dataclass(frozen=True)
class Blob:
    """Connected pixels: their `centre` [px], shape (2,), x and y, and how many they are."""

    centre: Vector
    area: float


def find_blobs(mask: NDArray[np.uint8]) -> list[Blob]:
    """Returns the blobs of `mask`, shape (h, w), the largest first. Pixels that touch at a corner are connected."""
    count, _, statistics, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    blobs = [Blob(frozen_vector(centres[i]), float(statistics[i, cv2.CC_STAT_AREA])) for i in range(1, count)]
    return sorted(blobs, key=lambda blob: -blob.area)


def merged(first: Blob, second: Blob) -> Blob:
    """Returns both as one: what the arm's finger divides is still one thing."""
    area = first.area + second.area
    return Blob(frozen_vector((first.area * first.centre + second.area * second.centre) / area), area)
