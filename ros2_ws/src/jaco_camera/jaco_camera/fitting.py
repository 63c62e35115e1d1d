"""From the camera's picture to the one that is published: centre crop to the wanted shape, then resize."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from jaco_core.types import DepthImage, RgbImage


@dataclass(frozen=True)
class Fit:
    """The crop of a source picture [px] (corner `left`, `top`; `crop_width` x `crop_height`) and the size it is resized to."""

    left: int
    top: int
    crop_width: int
    crop_height: int
    width: int
    height: int

    @property
    def scale_x(self) -> float:
        """Published pixels per source pixel."""
        return self.width / self.crop_width

    @property
    def scale_y(self) -> float:
        """Published pixels per source pixel."""
        return self.height / self.crop_height

    def apply(self, image: RgbImage) -> RgbImage:
        """Returns `image` fitted, uint8, shape (height, width, 3), contiguous."""
        part = image[self.top : self.top + self.crop_height, self.left : self.left + self.crop_width]
        if part.shape[:2] != (self.height, self.width):
            # Area averaging does not alias when shrinking; it cannot enlarge.
            shrink = self.width <= self.crop_width and self.height <= self.crop_height
            method = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
            return np.asarray(cv2.resize(part, (self.width, self.height), interpolation=method), dtype=np.uint8)
        return np.ascontiguousarray(part)

    def apply_to_depth(self, depth: DepthImage) -> DepthImage:
        """Returns `depth` [mm] fitted, uint16, shape (height, width): of each new pixel's middle the nearest old one.

        Averages would put things in the air between a near and a far one, and mix in the 0 of what is not known.
        """
        part = depth[self.top : self.top + self.crop_height, self.left : self.left + self.crop_width]
        if part.shape != (self.height, self.width):
            # Plain INTER_NEAREST takes the corner of each new pixel, half a pixel off.
            part = cv2.resize(part, (self.width, self.height), interpolation=cv2.INTER_NEAREST_EXACT)
        return np.ascontiguousarray(part)


def centre_fit(source_width: int, source_height: int, width: int, height: int) -> Fit:
    """Returns the fit that keeps the largest centred part with the shape of `width` x `height`. All in px."""
    if source_width * height >= source_height * width:
        crop_width, crop_height = max(1, round(source_height * width / height)), source_height
    else:
        crop_width, crop_height = source_width, max(1, round(source_width * height / width))
    return Fit((source_width - crop_width) // 2, (source_height - crop_height) // 2, crop_width, crop_height, width, height)
