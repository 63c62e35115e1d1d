"""Where the camera is, and how old its pictures are: the arm drawn at its measured joints, fitted to the pictures.

Analysis by synthesis: the arm is drawn for a candidate pose, and the pictures are explained as a still background that it covers.
The background and the arm's two colours, in shade and in light, follow from that by linear least squares, so they are eliminated
(variable projection: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973); pose, delay and the lamp's direction are searched for.
Table, light and colours of the lab need not be known. The field of view is the calibration's.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco import minimize

from jaco_core.errors import ConfigError
from jaco_sim.identification.estimate import Estimate, intervals
from jaco_sim.identification.record import LONGEST_DELAY_S, Array, MotionRecord
from jaco_sim.identification.silhouette import COVERS, Pose, Silhouettes
from jaco_sim.scene import Scene, build_scene, looking
from jaco_sim.simulation import TICK_S

_LEAST_PICTURES = 20
# What a parameter of 1 is, so that each moves the picture about as far: a third of a pixel of 64 at a metre and a half.
_METRES, _RADIANS = 0.01, 0.01
_DIFFERENCE = 0.75
_SLOPE = 0.3
# Search bounds and prior: half a metre, 29 degrees, the longest delay, a lamp 70 degrees from above.
_FAR = np.array([50.0] * 6 + [LONGEST_DELAY_S / TICK_S] + [9.0] * 2)
Stage = tuple[int, int, float, int]
"""Pixels are averaged so many by so many; the arm is drawn so many times as fine as those, with such a share of its triangles;
iterations."""
STAGES: tuple[Stage, ...] = ((4, 8, 0.1, 5), (1, 3, 1.0, 6))


@dataclass(frozen=True)
class Camera:
    """What the pictures say: the pose, `estimates` of position and image delay, and how far pixels are off [grey levels], rms."""

    pose: Pose
    estimates: dict[str, Estimate]
    residual: float


def estimate_camera(
    record: MotionRecord, scene: Scene, start: Pose | None = None, count: int = 24, stages: tuple[Stage, ...] = STAGES
) -> Camera:
    """Returns where the policy's camera is, from `count` pictures, beginning the search at `start`, else at the scene's camera.

    Raises:
        ConfigError: too few pictures, no intrinsics, or ones that a picture of the simulator cannot have.
    """
    record.require_motion()
    chosen = _chosen(record, count)
    images, times = record.images[chosen].astype(np.float32), record.image_times[chosen]
    begin = start or profile_pose(scene)
    begin = Pose(begin.position, begin.quaternion, field_of_view(record))
    lamp = np.subtract(scene.profile.light.look_at, scene.profile.light.position)
    x = np.array([*[0.0] * 6, 2.0, *(lamp[:2] / max(-lamp[2], 0.3) / _SLOPE)])
    for average, finer, triangles, iterations in stages:
        drawn = build_scene(scene.task, scene.arm, scene.profile, mesh_fraction=triangles)
        with closing(_Fit(record, drawn, begin, _averaged(images, average), times, finer)) as fit:
            best, _ = minimize.least_squares(
                x, fit.residuals, (-_FAR, _FAR), fit.jacobian, max_iter=iterations, xtol=1e-3, verbose=minimize.Verbosity.SILENT
            )
            x, residual = best.ravel(), fit.residual(best.ravel())
            width = intervals(fit.jacobian(best, residual[:, None]), residual, _FAR)
    place = begin.position + _METRES * x[:3]
    estimates = {
        "camera_position": Estimate("camera_position", tuple(place.tolist()), tuple((_METRES * width[:3]).tolist()), "m"),
        "image_delay": Estimate("image_delay", (float(x[6]) * TICK_S,), (float(width[6]) * TICK_S,), "s"),
    }
    return Camera(posed(begin, x[:6]), estimates, float(np.sqrt(np.mean(residual**2))))


def profile_pose(scene: Scene) -> Pose:
    """Returns where the scene's profile has the policy's camera."""
    camera = scene.profile.policy_camera
    return Pose(np.array(camera.position), looking(camera.position, camera.look_at), camera.fovy)


def field_of_view(record: MotionRecord) -> float:
    """Returns the vertical field of view [deg] of the record's camera.

    Raises:
        ConfigError: there are no intrinsics, or no camera of the simulator could have them.
    """
    matrix = record.camera_matrix
    if matrix is None:
        raise ConfigError("The record does not say its camera's intrinsics; record /camera/camera_info too.")
    height, width = record.images.shape[1:3]
    centre = np.array([(width - 1) / 2.0, (height - 1) / 2.0])
    if height != width or np.abs(matrix[:2, 2] - centre).max() > 0.05 * width or abs(matrix[0, 0] / matrix[1, 1] - 1.0) > 0.05:
        raise ConfigError(
            f"Pictures of {width} x {height} with focal lengths {matrix[0, 0]:.1f}, {matrix[1, 1]:.1f} and centre "
            f"{matrix[0, 2]:.1f}, {matrix[1, 2]:.1f} are not what the simulator draws; crop them square about the optical axis."
        )
    return float(np.rad2deg(2.0 * np.arctan(0.5 * height / matrix[1, 1])))


def _chosen(record: MotionRecord, count: int) -> Array:
    """Returns indices of pictures, spread evenly over those that show what the joint states cover."""
    shown = np.zeros(len(record.image_times), bool)
    for part in record.stretches():
        first, last = record.times[part.start] + LONGEST_DELAY_S, record.times[part.stop - 1]
        shown |= (record.image_times >= first) & (record.image_times <= last)
    usable = np.flatnonzero(shown)
    if len(usable) < _LEAST_PICTURES:
        raise ConfigError(f"The record has {len(usable)} pictures of the moving arm; the camera's pose needs {_LEAST_PICTURES}.")
    return np.asarray(usable[np.linspace(0, len(usable) - 1, min(count, len(usable))).round().astype(int)])


def _averaged(images: Array, by: int) -> Array:
    count, height, width, channels = images.shape
    return np.asarray(images.reshape(count, height // by, by, width // by, by, channels).mean(axis=(2, 4)))


def posed(begin: Pose, change: Array) -> Pose:
    """Returns `begin` moved by `change`, shape (6,): along the base's axes [cm], and turned about the camera's own [0.01 rad]."""
    turn, quaternion = np.zeros(4), np.zeros(4)
    angle = float(np.linalg.norm(change[3:]))
    mujoco.mju_axisAngle2Quat(turn, change[3:] / max(angle, 1e-12), _RADIANS * angle)
    mujoco.mju_mulQuat(quaternion, begin.quaternion, turn)
    return Pose(begin.position + _METRES * change[:3], quaternion, begin.fovy)


class _Fit:
    """The residuals [grey levels] of candidates, shape (9,): six of `posed`, the pictures' delay [ticks], the light's slope."""

    def __init__(self, record: MotionRecord, scene: Scene, begin: Pose, images: Array, times: Array, finer: int) -> None:
        self._record, self._begin, self._times = record, begin, times
        self._images = images.reshape(len(images), -1, 3).astype(np.float64)
        self._silhouettes = Silhouettes(scene, images.shape[1], finer)

    def residuals(self, candidates: Array) -> Array:
        """Returns one column of residuals for each column of `candidates`, as the optimiser asks for them."""
        return np.stack([self.residual(column) for column in candidates.T], axis=1)

    def residual(self, x: Array) -> Array:
        return unexplained(self._images, self._drawn(x)[0])[0].ravel()

    def jacobian(self, x: Array, residual: Array) -> Array:
        """Returns the residual's derivative at x, shape (9, 1).

        What the eliminated unknowns would change is projected out, not followed (Kaufman, BIT 15, 1975). By the pose it is the
        derivative of what is drawn; by delay and light a difference.
        """
        x = x.ravel()
        covered, moved = self._drawn(x, slopes=True)
        assert moved is not None
        _, background, colours = unexplained(self._images, covered)
        changes = [moved[..., index, :] * scale for index, scale in enumerate([_METRES] * 3 + [_RADIANS] * 3)]
        for step in np.eye(len(_FAR))[6:] * _DIFFERENCE:
            changes.append((self._drawn(x + step)[0] - self._drawn(x - step)[0]) / (2.0 * _DIFFERENCE))
        columns = []
        for change in changes:
            hidden = change[..., :COVERS].sum(axis=-1)
            columns.append(unexplained(hidden[..., None] * background - change @ colours, covered)[0].ravel())
        return np.stack(columns, axis=1)

    def _drawn(self, x: Array, slopes: bool = False) -> tuple[Array, Array | None]:
        """Returns what a candidate covers, shape (k, pixels, 4), and with `slopes` its derivatives, shape (k, pixels, 6, 4)."""
        positions = self._record.position_at(self._times - x[6] * TICK_S)
        covered, moved = self._silhouettes.draw(positions, posed(self._begin, x[:6]), _SLOPE * x[7:], slopes)
        shape = self._images.shape[:2]
        return covered.reshape(*shape, -1).astype(np.float64), None if moved is None else moved.reshape(*shape, 6, -1).astype(
            float
        )

    def close(self) -> None:
        self._silhouettes.close()


def unexplained(images: Array, covered: Array) -> tuple[Array, Array, Array]:
    """Returns what of `images`, shape (k, pixels, 3), no still background behind an arm of few colours explains.

    Also that background, shape (pixels, 3), and the colours, shape (m, 3). `covered`: what `Silhouettes.draw` gives, shape
    (k, pixels, m): the first two are what covers the background.
    """
    free = 1.0 - covered[..., :COVERS].sum(axis=2)
    norm = (free * free).sum(axis=0) + 1e-6
    # Of each pixel's course over time, what is left when the background's share is taken out.
    behind = np.einsum("kp,kpm->pm", free, covered) / norm[:, None]
    mean = np.einsum("kp,kpc->pc", free, images) / norm[:, None]
    parts, seen = covered - free[..., None] * behind, images - free[..., None] * mean
    flat = parts.reshape(-1, parts.shape[2])
    colours = np.linalg.solve(flat.T @ flat + 1e-6 * np.eye(len(flat.T)), flat.T @ seen.reshape(-1, 3))
    return np.asarray(seen - parts @ colours), np.asarray(mean - behind @ colours), np.asarray(colours)
