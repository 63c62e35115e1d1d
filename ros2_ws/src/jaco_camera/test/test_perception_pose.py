from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ball_support import POSE, SEEN

from jaco_camera.calibration import Calibration
from jaco_camera.perception.pose import CameraPose, load_pose, pose_from_marks, pose_looking
from jaco_core.errors import ConfigError, ContractError

MARKS = np.array([(0.2, -0.2, 0.0), (0.6, -0.2, 0.0), (0.6, 0.2, 0.0), (0.2, 0.2, 0.0), (0.4, 0.0, 0.1)])


def test_the_camera_looks_at_its_point_upright() -> None:
    pixel, depth = POSE.project((0.33, -0.02, 0.24), SEEN)
    np.testing.assert_allclose(pixel, SEEN.matrix[:2, 2], atol=1e-9)
    assert depth == pytest.approx(np.linalg.norm(POSE.position - (0.33, -0.02, 0.24)))
    above, _ = POSE.project((0.33, -0.02, 0.34), SEEN)
    assert above[1] < pixel[1] and above[0] == pytest.approx(pixel[0])


def test_a_pixel_and_a_height_give_the_point_back_through_a_bent_lens() -> None:
    bent = Calibration(SEEN.width, SEEN.height, SEEN.matrix, np.array([-0.2, 0.05, 0.001, -0.001, 0.0]))
    for point in MARKS:
        pixel, _ = POSE.project(point, bent)
        np.testing.assert_allclose(POSE.on_height(pixel, bent, point[2]), point, atol=1e-4)


def test_a_ray_away_from_the_plane_meets_it_nowhere() -> None:
    sky = POSE.on_height((SEEN.width / 2, 0.0), SEEN, 5.0)
    assert sky is None


def test_marks_give_the_pose_back_and_a_wrong_one_is_noticed() -> None:
    pixels = np.array([POSE.project(mark, SEEN)[0] for mark in MARKS])
    found = pose_from_marks(MARKS, pixels, SEEN)
    np.testing.assert_allclose(found.position, POSE.position, atol=1e-3)
    np.testing.assert_allclose(found.rotation, POSE.rotation, atol=1e-3)
    pixels[4] += 40.0
    with pytest.raises(ContractError, match=r"px off, at most 3.0 px"):
        pose_from_marks(MARKS, pixels, SEEN)
    with pytest.raises(ContractError, match="at least 4 marks"):
        pose_from_marks(MARKS[:3], pixels[:3], SEEN)


def test_a_file_with_a_quaternion_is_the_same_camera(tmp_path: Path) -> None:
    path = tmp_path / "pose.yaml"
    # Half a turn about x: it looks straight down, its right is the base's x.
    path.write_text("position: [0.4, 0.0, 1.0]\nquaternion: [1.0, 0.0, 0.0, 0.0]\n")
    pose = load_pose(str(path))
    np.testing.assert_allclose(pose.rotation @ (0.0, 0.0, 1.0), (0.0, 0.0, -1.0), atol=1e-12)
    np.testing.assert_allclose(pose.on_height(SEEN.matrix[:2, 2], SEEN, 0.0), (0.4, 0.0, 0.0), atol=1e-9)


def test_what_is_no_pose_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no camera pose 'nowhere'.*nominal"):
        load_pose("nowhere")
    path = tmp_path / "pose.yaml"
    path.write_text("position: [0.4, 0.0, 1.0]\n")
    with pytest.raises(ConfigError, match="must give 'position'"):
        load_pose(str(path))
    with pytest.raises(ConfigError, match="straight up or down"):
        pose_looking((0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(ConfigError, match="3 coordinates and a rotation"):
        CameraPose(np.zeros(3), 2.0 * np.eye(3))
