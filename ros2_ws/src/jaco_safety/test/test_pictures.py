"""The same picture under new stamps, judged by the arm's visible motion."""

from __future__ import annotations

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from jaco_core.ros.convert import image_to_message
from jaco_safety.arrivals import picture_digest
from jaco_safety.pictures import PictureWatch


def watched(speeds: list[float], *, change_every: int = 0) -> PictureWatch:
    """Returns a watch after one tick of 10 ms at each of `speeds` [m/s]."""
    watch = PictureWatch(0.35, 0.1)
    watch.note(0)
    for tick, speed in enumerate(speeds, start=1):
        watch.move(speed, 0.01)
        watch.note(tick // change_every if change_every else 0)
    return watch


def test_motion_under_one_picture_is_evidence_beyond_the_bound() -> None:
    assert watched([0.2] * 34).frozen is None
    evidence = watched([0.2] * 36).frozen
    assert evidence is not None and evidence.value == pytest.approx(0.36) and evidence.bound == 0.35


def test_a_picture_that_changes_or_an_arm_that_rests_is_none() -> None:
    assert watched([0.2] * 100, change_every=10).frozen is None
    assert watched([0.05] * 1000).frozen is None


def test_nothing_is_said_before_the_first_picture() -> None:
    watch = PictureWatch(0.35, 0.1)
    watch.move(1.0, 10.0)
    assert watch.frozen is None


def test_a_digest_is_that_of_the_pixels() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    def digest(values: np.ndarray, stamp_ns: int) -> int:
        message: Image = image_to_message(values, stamp_ns, "camera")
        return picture_digest(serialize_message(message))

    assert digest(pixels, 1_000_000_000) == digest(pixels, 2_345_678_901)
    assert digest(pixels, 1_000_000_000) != digest(pixels + np.uint8(1), 1_000_000_000)
