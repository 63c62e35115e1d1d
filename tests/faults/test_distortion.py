"""What the injector makes of messages."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import Image

from jaco_bringup.bench.injector.distortion import Distortion, Order
from jaco_core.ros.convert import image_to_message, stamp_to_ns


def picture(value: int, stamp_ns: int) -> Image:
    return image_to_message(np.full((2, 2, 3), value, dtype=np.uint8), stamp_ns, "camera")


def test_a_camera_that_stands_still_sends_its_picture_under_new_stamps() -> None:
    distortion = Distortion()
    distortion.order(Order("camera", "still"))
    sent = [distortion.apply(picture(value, value), 0)[0].message for value in (1, 2, 3)]
    assert [stamp_to_ns(message.header.stamp) for message in sent] == [1, 2, 3]
    assert {bytes(message.data) for message in sent} == {bytes([1] * 12)}
    distortion.order(Order("camera", "none"))
    assert bytes(distortion.apply(picture(4, 4), 0)[0].message.data) == bytes([4] * 12)


def test_a_frozen_camera_repeats_its_stamp_too() -> None:
    distortion = Distortion()
    distortion.order(Order("camera", "freeze"))
    sent = [distortion.apply(picture(value, value), 0)[0].message for value in (1, 2)]
    assert [stamp_to_ns(message.header.stamp) for message in sent] == [1, 1]
