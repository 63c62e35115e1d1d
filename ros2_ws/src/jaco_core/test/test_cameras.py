from __future__ import annotations

import pytest

from jaco_core.cameras import POLICY, camera_frame, camera_topics, further_cameras
from jaco_core.errors import ConfigError


def test_the_policys_camera_keeps_the_plain_topics_and_others_have_a_space_of_their_own() -> None:
    policy, wrist = camera_topics(POLICY), camera_topics("wrist")
    assert (policy.image, policy.info) == ("/camera/image_raw", "/camera/camera_info")
    assert policy.depth == "/camera/aligned_depth_to_color/image_raw"
    assert (wrist.image, wrist.depth_info) == ("/wrist_camera/image_raw", "/wrist_camera/aligned_depth_to_color/camera_info")
    assert camera_frame("wrist") == "wrist_camera"


@pytest.mark.parametrize("names", [["Wrist"], ["1st"], ["a/b"], ["policy"], ["wrist", "wrist"]])
def test_names_that_cannot_be_are_refused(names: list[str]) -> None:
    with pytest.raises(ConfigError, match=f"'{names[-1]}'"):
        further_cameras(names)


def test_the_empty_name_stands_for_none() -> None:
    assert further_cameras([""]) == () and further_cameras(["wrist", "scene"]) == ("wrist", "scene")
