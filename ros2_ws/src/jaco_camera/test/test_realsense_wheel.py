"""The source against the vendor's own library: its SDK records a device made of software, and plays it as it would a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_realsense
import numpy as np
import pytest
from camera_support import HEIGHT, WIDTH

from jaco_camera.realsense.loader import load_vendor
from jaco_camera.sources import source_opener
from jaco_core.errors import ConfigError, HardwareFault

FRAMES = 10
FOCAL, BASELINE_M = 80.0, 0.02
NEAR_MM, FAR_MM = 500, 1000


@pytest.fixture(scope="module")
def rs() -> Any:
    try:
        return load_vendor()
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def recording(rs: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A far wall with a near box before it, seen by a depth sensor 2 cm beside the colour sensor."""
    path = tmp_path_factory.mktemp("realsense") / "box.db3"
    device = rs.software_device()
    sensors = [device.add_sensor(name) for name in ("Depth", "Color")]
    kinds = ((rs.stream.depth, rs.format.z16, 2), (rs.stream.color, rs.format.rgb8, 3))
    profiles = [sensor.add_video_stream(_stream(rs, index, *kinds[index])) for index, sensor in enumerate(sensors)]
    sensors[0].add_read_only_option(rs.option.depth_units, 0.001)
    offset = rs.extrinsics()
    offset.rotation, offset.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [BASELINE_M, 0, 0]
    profiles[0].register_extrinsics_to(profiles[1], offset)
    recorder = rs.recorder(str(path), device)
    queue = rs.frame_queue(2 * FRAMES)
    recorded = list(recorder.query_sensors())
    for sensor in recorded:
        sensor.open(sensor.profiles[0])
        sensor.start(queue)
    for number in range(FRAMES):
        for sensor, profile, pixels in zip(sensors, profiles, _pixels(number), strict=True):
            sensor.on_video_frame(_frame(rs, profile, pixels, number))
    for sensor in recorded:
        sensor.stop()
        sensor.close()
    del recorder, recorded, sensor
    return path


def _stream(rs: Any, uid: int, kind: Any, fmt: Any, size: int) -> Any:
    intrinsics = rs.intrinsics()
    intrinsics.width, intrinsics.height, intrinsics.fx, intrinsics.fy = WIDTH, HEIGHT, FOCAL, FOCAL
    intrinsics.ppx, intrinsics.ppy = 0.5 * (WIDTH - 1), 0.5 * (HEIGHT - 1)
    intrinsics.model, intrinsics.coeffs = rs.distortion.brown_conrady, [0.0] * 5
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fmt, stream.bpp = kind, 0, uid, fmt, size
    stream.width, stream.height, stream.fps, stream.intrinsics = WIDTH, HEIGHT, 30, intrinsics
    return stream


def _pixels(number: int) -> tuple[np.ndarray, np.ndarray]:
    depth = np.full((HEIGHT, WIDTH), FAR_MM + number, np.uint16)
    depth[20:40, 40:60] = NEAR_MM
    return depth, np.full((HEIGHT, WIDTH, 3), 20 * number, np.uint8)


def _frame(rs: Any, profile: Any, pixels: np.ndarray, number: int) -> Any:
    frame = rs.software_video_frame()
    frame.bpp, frame.stride = pixels[0, 0].nbytes, pixels[0].nbytes
    frame.timestamp, frame.domain, frame.frame_number = 5000.0 + 33.3 * number, rs.timestamp_domain.hardware_clock, number
    frame.profile, frame.pixels = profile.as_video_stream_profile(), pixels
    if pixels.ndim == 2:
        frame.depth_units = 0.001
    return frame


def captures(path: Path) -> Iterator[Any]:
    source = source_opener(f"realsense:{path}", depth=True)()
    while source.grab():
        yield source.decode()
    source.close()


def test_depth_lies_where_the_colour_sensor_sees_it_and_belongs_to_its_picture(recording: Path) -> None:
    seen = list(captures(recording))
    # The SDK pairs some frames with their neighbours: those are passed over.
    assert len(seen) >= 3
    for capture in seen:
        number = int(capture.image[0, 0, 0]) // 20
        assert np.max(capture.depth) == FAR_MM + number
        columns = np.flatnonzero(capture.depth[30] == NEAR_MM)
        # What is 0.5 m away moves by f b / z = 3.2 px, the wall behind it by 1.6.
        assert (columns.min(), columns.max()) == (43, 62)
        np.testing.assert_array_equal(capture.depth[30, 64:90], FAR_MM + number)
        assert capture.calibration.matrix[0, 0] == FOCAL and capture.age_ns == 0


def test_a_camera_that_is_not_there_is_a_fault(rs: Any) -> None:
    with pytest.raises(HardwareFault, match=r"camera '0000' is not connected; serial numbers here"):
        source_opener("realsense:0000", depth=True)()


def test_the_fake_has_only_names_that_the_library_has(rs: Any) -> None:
    vendor = fake_realsense.FakeVendor()
    for name in ("stream", "format", "distortion", "timestamp_domain", "camera_info"):
        missing = [member.name for member in getattr(vendor, name) if not hasattr(getattr(rs, name), member.name)]
        assert not missing, f"{name} lacks {missing}"
    pairs = (
        (fake_realsense.FakeConfig, rs.config),
        (fake_realsense.FakePipeline, rs.pipeline),
        (fake_realsense.FakeAlign, rs.align),
        (fake_realsense.FakeFrames, rs.composite_frame),
        (fake_realsense.FakeFrame, rs.depth_frame),
    )
    for stand_in, real in pairs:
        methods = [name for name, value in vars(stand_in).items() if callable(value) and not name.startswith("_")]
        assert methods and all(hasattr(real, name) for name in methods), f"{real}: {methods}"
