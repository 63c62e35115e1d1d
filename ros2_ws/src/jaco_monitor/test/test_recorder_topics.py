from __future__ import annotations

import pytest

from jaco_core.errors import ConfigError
from jaco_monitor.recorder.topics import TOPIC_NAMES, TOPICS, select_topics


def test_topics_are_selected_by_name() -> None:
    assert [topic.name for topic in select_topics(["/scene", "/joint_states"])] == ["/joint_states", "/scene"]
    assert select_topics(list(TOPIC_NAMES)) == TOPICS


def test_an_unknown_topic_is_named() -> None:
    with pytest.raises(ConfigError, match="Cannot record /jont_states"):
        select_topics(["/jont_states", "/scene"])


def test_names_are_unique() -> None:
    assert len(set(TOPIC_NAMES)) == len(TOPICS)
