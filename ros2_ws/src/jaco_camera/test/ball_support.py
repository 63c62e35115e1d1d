"""A drawn ball on a table, seen by an ideal camera, with the arm out of the way or before it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import ArrayLike

from jaco_camera.calibration import Calibration, calibration_from_view
from jaco_camera.perception.colour import ColourRange
from jaco_camera.perception.finder import BallSpec
from jaco_camera.perception.pose import CameraPose, load_pose
from jaco_core.types import RgbImage, Vector

RADIUS = 0.035
SIZE = 128
SEEN: Calibration = calibration_from_view(SIZE, SIZE, math.radians(46.0))
POSE: CameraPose = load_pose("nominal")
BALL = BallSpec(RADIUS, ColourRange(0.0, 20.0, 0.5, 0.25), 0.0, (0.20, -0.30), (0.65, 0.30))


def draw(*places: ArrayLike, image: RgbImage | None = None, radius: float = RADIUS) -> RgbImage:
    """Returns a picture, uint8, shape (SIZE, SIZE, 3), of red balls at `places`: x and y [m] on the table."""
    picture = np.full((SIZE, SIZE, 3), (190, 180, 160), np.uint8) if image is None else image.copy()
    for place in places:
        pixel, depth = POSE.project((*np.asarray(place, dtype=float), radius), SEEN)
        centre = tuple(round(16 * value) for value in pixel.tolist())
        cv2.circle(picture, centre, round(16 * float(SEEN.matrix[0, 0]) * radius / depth), (220, 30, 25), -1, cv2.LINE_8, 4)
    return picture


class Screen:
    """Stands in for Cover: `share` of any ball is visible."""

    def __init__(self, share: float = 1.0) -> None:
        self.share = share

    def visible(self, eye: ArrayLike, centre: ArrayLike, radius: float, position: Vector) -> float:
        return self.share
