from __future__ import annotations

import pytest
from camera_support import depth, picture

from jaco_camera.health import CameraHealth, Level

MS = 1_000_000


def test_frames_that_come_are_healthy_and_counted() -> None:
    health = CameraHealth(0.5, 3)
    health.start(0)
    for index in range(5):
        health.frame(picture(index), index * 100 * MS)
    report = health.report(450 * MS)
    assert (report.level, report.frames, report.identical) == (Level.OK, 5, 0)
    assert report.rate_hz == pytest.approx(10.0)
    assert report.age_s == pytest.approx(0.05)


@pytest.mark.parametrize("frames", [0, 2])
def test_silence_beyond_the_timeout_is_an_error(frames: int) -> None:
    health = CameraHealth(0.5, 3)
    health.start(0)
    for index in range(frames):
        health.frame(picture(index), 0)
    assert health.report(500 * MS).level == Level.OK
    report = health.report(501 * MS)
    assert report.level == Level.ERROR and "No frame for 0.5 s" in report.message
    assert report.rate_hz == 0.0
    assert (report.age_s < 0.0) == (frames == 0)


def test_identical_frames_in_a_row_are_an_error_until_the_picture_changes() -> None:
    health = CameraHealth(10.0, 3)
    for index in range(3):
        health.frame(picture(1), index * MS)
    assert not health.frozen
    health.frame(picture(1), 3 * MS)
    assert health.frozen and "has not changed for 3 frames" in health.report(3 * MS).message
    health.frame(picture(2), 4 * MS)
    assert not health.frozen and health.report(4 * MS).level == Level.OK


def test_zero_looks_for_no_frozen_picture() -> None:
    health = CameraHealth(10.0, 0)
    for index in range(50):
        health.frame(picture(1), index * MS)
    assert not health.frozen


def test_a_failure_is_told_until_the_next_frame() -> None:
    health = CameraHealth(0.5, 3)
    health.frame(picture(0), 0)
    health.failed("The cable is out.")
    health.reconnected()
    report = health.report(MS)
    assert (report.level, report.message, report.reconnects) == (Level.ERROR, "The cable is out.", 1)
    health.frame(picture(1), 2 * MS)
    assert health.report(2 * MS).level == Level.OK


def test_depth_that_stands_still_under_a_living_picture_is_an_error() -> None:
    health = CameraHealth(10.0, 3)
    for index in range(4):
        health.frame(picture(index), index * MS, depth(1))
    report = health.report(4 * MS)
    assert health.frozen and report.level == Level.ERROR and "The depth has not changed for 3 frames" in report.message
    health.frame(picture(4), 4 * MS, depth(2))
    assert health.report(4 * MS).level == Level.OK
