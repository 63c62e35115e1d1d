from __future__ import annotations

import pytest

from jaco_core.cameras import POLICY
from jaco_core.errors import ConfigError
from jaco_monitor.recorder.topics import TOPIC_NAMES, TOPICS, select_topics, topics_of_camera


def test_topics_are_selected_by_name() -> None:
    assert [topic.name for topic in select_topics(["/scene", "/joint_states"])] == ["/joint_states", "/scene"]
    assert select_topics(list(TOPIC_NAMES)) == TOPICS


def test_an_unknown_topic_is_named() -> None:
    with pytest.raises(ConfigError, match="Cannot record /jont_states"):
        select_topics(["/jont_states", "/scene"])


def test_names_are_unique() -> None:
    assert len(set(TOPIC_NAMES)) == len(TOPICS)


def test_further_cameras_are_recorded_with_their_depth_and_the_policys_is_among_the_topics_of_every_graph() -> None:
    more = select_topics(["/scene"], ["", "wrist"])[1:]
    assert [topic.name for topic in more] == [
        "/wrist_camera/image_raw",
        "/wrist_camera/aligned_depth_to_color/image_raw",
        "/wrist_camera/camera_info",
        "/wrist_camera/aligned_depth_to_color/camera_info",
    ]
    assert set(topics_of_camera(POLICY)) <= set(TOPICS)
    with pytest.raises(ConfigError, match="'Wrist'"):
        select_topics(["/scene"], ["Wrist"])
