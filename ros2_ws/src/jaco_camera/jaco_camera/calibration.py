"""The pinhole model of a camera: from a file that ROS's camera_calibration wrote, or from a field of view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from jaco_camera.fitting import Fit
from jaco_core.errors import ConfigError, ContractError

DISTORTION_MODEL = "plumb_bob"
DISTORTION_LENGTH = 5


@dataclass(frozen=True)
class Calibration:
    """Intrinsics of a picture of `width` x `height` px. `matrix` [px], shape (3, 3); `distortion` (plumb_bob), shape (5,)."""

    width: int
    height: int
    matrix: NDArray[np.float64]
    distortion: NDArray[np.float64]

    def __post_init__(self) -> None:
        for label, shape in (("matrix", (3, 3)), ("distortion", (DISTORTION_LENGTH,))):
            values = np.array(getattr(self, label), dtype=np.float64)
            if values.shape != shape or not np.all(np.isfinite(values)):
                raise ConfigError(f"A calibration's {label} must be finite and of shape {shape}; got {values.tolist()}.")
            values.setflags(write=False)
            object.__setattr__(self, label, values)
        if min(self.width, self.height) <= 0 or min(self.matrix[0, 0], self.matrix[1, 1]) <= 0.0:
            raise ConfigError(
                f"A calibration needs a positive size and focal length; got {self.width} x {self.height} px "
                f"and {self.matrix[0, 0]:g}, {self.matrix[1, 1]:g} px."
            )

    def scaled(self, width: int, height: int) -> Calibration:
        """Returns the same camera read out at `width` x `height` px.

        Raises:
            ContractError: the shape differs, so that parts of the picture would be missing and nobody knows which.
        """
        if abs(self.width * height - self.height * width) > max(self.width, self.height):
            raise ContractError(
                f"The camera gives {width} x {height} px and its calibration is for {self.width} x {self.height} px, which has "
                "another shape; calibrate at the size that is used."
            )
        return self.fitted(Fit(0, 0, self.width, self.height, width, height))

    def fitted(self, fit: Fit) -> Calibration:
        """Returns the intrinsics of the picture that `fit` makes. The centre of the first pixel is (0, 0), as in OpenCV."""
        matrix = self.matrix.copy()
        matrix[0] *= fit.scale_x
        matrix[1] *= fit.scale_y
        matrix[0, 2] = (self.matrix[0, 2] - fit.left + 0.5) * fit.scale_x - 0.5
        matrix[1, 2] = (self.matrix[1, 2] - fit.top + 0.5) * fit.scale_y - 0.5
        return Calibration(fit.width, fit.height, matrix, self.distortion)


def calibration_from_view(width: int, height: int, vertical_angle: float) -> Calibration:
    """Returns an ideal camera of `width` x `height` px that sees `vertical_angle` [rad] from top to bottom.

    Raises:
        ConfigError: the angle is not between 0 and pi.
    """
    if not 0.0 < vertical_angle < math.pi:
        raise ConfigError(
            f"A field of view of {math.degrees(vertical_angle):g} degrees is not possible; give one between 0 and 180."
        )
    focal = 0.5 * height / math.tan(0.5 * vertical_angle)
    matrix = np.array([[focal, 0.0, 0.5 * (width - 1)], [0.0, focal, 0.5 * (height - 1)], [0.0, 0.0, 1.0]])
    return Calibration(width, height, matrix, np.zeros(DISTORTION_LENGTH))


def load_calibration(path: Path) -> Calibration:
    """Returns the calibration in a YAML file of ROS's camera_calibration.

    Raises:
        ConfigError: it does not exist, is malformed, or has a distortion model other than plumb_bob.
    """
    try:
        data: Any = yaml.safe_load(path.read_text())
        model = data["distortion_model"]
        matrix = np.array(data["camera_matrix"]["data"], dtype=np.float64).reshape(3, 3)
        distortion = np.array(data["distortion_coefficients"]["data"], dtype=np.float64)
        width, height = int(data["image_width"]), int(data["image_height"])
    except OSError as error:
        raise ConfigError(f"Calibration file '{path}' cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"Calibration file '{path}' is not one of ROS's camera_calibration: {type(error).__name__}, {reason}."
        ) from error
    if model != DISTORTION_MODEL:
        raise ConfigError(f"Calibration file '{path}' has distortion model '{model}'; only {DISTORTION_MODEL} is known.")
    return Calibration(width, height, matrix, distortion)
