"""Where the camera is in the arm's base frame, and what that makes of pixels. Camera axes as in OpenCV: right, down, forward."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from jaco_camera.calibration import Calibration
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import Vector, frozen_vector

# A camera whose marks lie this far from where the pose puts them [px, root mean square] has moved or was measured wrongly.
MAX_REPROJECTION_PX = 3.0


@dataclass(frozen=True)
class CameraPose:
    """`position` [m], shape (3,), base frame; `rotation`, shape (3, 3), turns the camera's axes into the base's."""

    position: Vector
    rotation: NDArray[np.float64]

    def __post_init__(self) -> None:
        rotation = np.array(self.rotation, dtype=np.float64)
        position = frozen_vector(self.position)
        if position.shape != (3,) or rotation.shape != (3, 3) or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6):
            raise ConfigError(
                f"A camera's pose is 3 coordinates and a rotation; got {position.tolist()} and {rotation.tolist()}."
            )
        rotation.setflags(write=False)
        object.__setattr__(self, "position", position)
        object.__setattr__(self, "rotation", rotation)

    def project(self, point: ArrayLike, seen: Calibration) -> tuple[Vector, float]:
        """Returns the pixel, shape (2,), of `point` [m], shape (3,), base frame, and its depth [m] along the optical axis."""
        local = self.rotation.T @ (np.asarray(point, dtype=np.float64) - self.position)
        pixel, _ = cv2.projectPoints(local.reshape(1, 3), np.zeros(3), np.zeros(3), seen.matrix, seen.distortion)
        return np.asarray(pixel, dtype=np.float64).reshape(2), float(local[2])

    def on_height(self, pixel: ArrayLike, seen: Calibration, height: float) -> Vector | None:
        """Returns where the ray through `pixel`, shape (2,), meets the plane z = `height` [m], shape (3,), or None: not ahead."""
        undistorted = cv2.undistortPoints(np.asarray(pixel, dtype=np.float64).reshape(1, 1, 2), seen.matrix, seen.distortion)
        x, y = undistorted.reshape(2)
        ray = self.rotation @ np.array([x, y, 1.0])
        distance = (height - self.position[2]) / ray[2] if ray[2] != 0.0 else -1.0
        return self.position + distance * ray if distance > 0.0 else None


def pose_looking(position: ArrayLike, target: ArrayLike) -> CameraPose:
    """Returns an upright camera at `position` [m] that looks at `target` [m], both shape (3,).

    Raises:
        ConfigError: it looks straight up or down, so that upright means nothing; give a quaternion then.
    """
    forward = np.subtract(target, position).astype(np.float64)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    if np.linalg.norm(right) < 1e-6 * max(1.0, float(np.linalg.norm(forward))):
        raise ConfigError(f"A camera at {np.ravel(position).tolist()} that looks straight up or down needs a 'quaternion'.")
    forward /= np.linalg.norm(forward)
    right /= np.linalg.norm(right)
    return CameraPose(frozen_vector(position), np.column_stack((right, np.cross(forward, right), forward)))


def pose_from_marks(points: ArrayLike, pixels: ArrayLike, seen: Calibration) -> CameraPose:
    """Returns the pose from marks at known places: `points` [m], shape (n, 3), base frame, seen at `pixels`, shape (n, 2).

    Raises:
        ContractError: fewer than 4 marks, or they do not fit one pose within MAX_REPROJECTION_PX.
    """
    known, found = np.asarray(points, dtype=np.float64).reshape(-1, 3), np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
    if len(known) != len(found) or len(known) < 4:
        raise ContractError(f"A pose needs at least 4 marks, each with its pixel; got {len(known)} and {len(found)} pixels.")
    solved, turn, shift = cv2.solvePnP(known, found, seen.matrix, seen.distortion, flags=cv2.SOLVEPNP_SQPNP)
    again, _ = cv2.projectPoints(known, turn, shift, seen.matrix, seen.distortion)
    error = float(np.sqrt(np.mean(np.sum((again.reshape(-1, 2) - found) ** 2, axis=1))))
    if not solved or not error <= MAX_REPROJECTION_PX:
        raise ContractError(
            f"The marks fit no camera's pose: they lie {error:.1f} px off, at most {MAX_REPROJECTION_PX} px is allowed."
        )
    to_camera, _ = cv2.Rodrigues(turn)
    return CameraPose(frozen_vector(-to_camera.T @ shift.ravel()), to_camera.T)


def load_pose(name: str) -> CameraPose:
    """Returns the pose in the YAML file `name`, or the packaged one of that name.

    The file gives `position`, and `look_at` (a point, the camera upright) or `quaternion` (x, y, z, w of the optical frame).

    Raises:
        ConfigError: no such file, or it does not say so.
    """
    packaged = {entry.name.removesuffix(".yaml"): entry for entry in (files(__package__) / "poses").iterdir()}
    path = Path(name).expanduser()
    if name not in packaged and not path.is_file():
        raise ConfigError(f"There is no camera pose '{name}'; give a YAML file's path, or one of {', '.join(sorted(packaged))}.")
    text = packaged[name].read_text() if name in packaged else path.read_text()
    try:
        data: Any = yaml.safe_load(text)
        position = frozen_vector([float(value) for value in data["position"]])
        if "look_at" in data:
            return pose_looking(position, [float(value) for value in data["look_at"]])
        return CameraPose(position, _matrix([float(value) for value in data["quaternion"]]))
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"Camera pose '{name}' must give 'position' [m] and 'look_at' or 'quaternion' (x, y, z, w): "
            f"{type(error).__name__}, {reason}."
        ) from error


def _matrix(quaternion: list[float]) -> NDArray[np.float64]:
    """Returns the rotation, shape (3, 3), of a quaternion x, y, z, w."""
    x, y, z, w = np.array(quaternion) / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
