"""What a source captured at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from jaco_camera.calibration import Calibration
from jaco_core.errors import HardwareFault
from jaco_core.types import DepthImage, RgbImage


@dataclass(frozen=True)
class Capture:
    """A picture, uint8, shape (height, width, 3), RGB.

    `depth` [mm], uint16, shape (height, width), aligned: its pixel (u, v) is what the picture shows at (u, v).
    `age_ns`: how old it was when `grab` returned. `calibration`: the picture's intrinsics, where the camera itself knows them.
    """

    image: RgbImage
    depth: DepthImage | None = None
    age_ns: int = 0
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        if self.depth is not None and self.depth.shape != self.image.shape[:2]:
            (height, width), (rows, columns) = self.image.shape[:2], self.depth.shape
            raise HardwareFault(f"The depth is {columns} x {rows} px and its picture {width} x {height} px; it is not aligned.")
