from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from jaco_camera.calibration import Calibration, calibration_from_view, load_calibration
from jaco_camera.fitting import centre_fit
from jaco_core.errors import ConfigError, ContractError

FILE = """\
image_width: 640
image_height: 480
camera_name: front
camera_matrix:
  rows: 3
  cols: 3
  data: [500.0, 0.0, 310.0, 0.0, 505.0, 245.0, 0.0, 0.0, 1.0]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [0.1, -0.2, 0.001, 0.002, 0.0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
projection_matrix:
  rows: 3
  cols: 4
  data: [500.0, 0.0, 310.0, 0.0, 0.0, 505.0, 245.0, 0.0, 0.0, 0.0, 1.0, 0.0]
"""


@pytest.fixture
def calibration(tmp_path: Path) -> Calibration:
    path = tmp_path / "front.yaml"
    path.write_text(FILE)
    return load_calibration(path)


def test_a_camera_calibration_file_is_read(calibration: Calibration) -> None:
    assert (calibration.width, calibration.height) == (640, 480)
    np.testing.assert_array_equal(calibration.matrix, [[500.0, 0.0, 310.0], [0.0, 505.0, 245.0], [0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(calibration.distortion, [0.1, -0.2, 0.001, 0.002, 0.0])
    assert not calibration.matrix.flags.writeable


def test_fitting_moves_a_projected_point_as_it_moves_the_pixel(calibration: Calibration) -> None:
    """A point seen at a pixel of the source is seen at that pixel's place in the cropped and resized picture."""
    fit = centre_fit(640, 480, 64, 64)
    fitted = calibration.fitted(fit)
    point = np.array([0.07, -0.11, 0.9])
    pixel = (calibration.matrix @ point)[:2] / point[2]
    expected = [(pixel[0] - 80 + 0.5) / 7.5 - 0.5, (pixel[1] + 0.5) / 7.5 - 0.5]
    np.testing.assert_allclose((fitted.matrix @ point)[:2] / point[2], expected)
    assert (fitted.width, fitted.height) == (64, 64)
    np.testing.assert_array_equal(fitted.distortion, calibration.distortion)


def test_scaling_keeps_the_rays(calibration: Calibration) -> None:
    half = calibration.scaled(320, 240)
    assert half.matrix[0, 0] == 250.0 and half.matrix[1, 1] == 252.5
    assert half.matrix[0, 2] == (310.0 + 0.5) / 2 - 0.5


def test_scaling_to_another_shape_is_refused(calibration: Calibration) -> None:
    with pytest.raises(ContractError, match="640 x 640 px and its calibration is for 640 x 480"):
        calibration.scaled(640, 640)


def test_the_field_of_view_reaches_the_picture_s_edges() -> None:
    ideal = calibration_from_view(64, 48, math.radians(60.0))
    edge = np.linalg.solve(ideal.matrix, [31.5, -0.5, 1.0])  # upper edge of the uppermost pixel row
    assert math.atan(-edge[1]) == pytest.approx(math.radians(30.0))


@pytest.mark.parametrize("degrees", [0.0, 180.0, -5.0, math.nan])
def test_an_impossible_field_of_view_is_refused(degrees: float) -> None:
    with pytest.raises(ConfigError, match="field of view"):
        calibration_from_view(64, 64, math.radians(degrees))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[]", "not one of ROS's"),
        ("image_width: [", "not one of ROS's"),
        (FILE.replace("data: [500.0, ", "data: [", 1), "not one of ROS's"),
        (FILE.replace("plumb_bob", "equidistant"), "'equidistant'"),
        (FILE.replace("-0.2, 0.001,", "-0.2,"), "distortion must be finite and of shape"),
        (FILE.replace("[500.0", "[.nan", 1), "matrix must be finite"),
        (FILE.replace("[500.0", "[-500.0", 1), "positive size and focal length"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=part) as caught:
        load_calibration(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml' cannot be read"):
        load_calibration(tmp_path / "none.yaml")
