from __future__ import annotations

from pathlib import Path

import pytest
from mcap.records import Schema
from mcap_ros2.decoder import DecoderFactory
from monitor_support import TOPICS_WITHOUT_TF

from jaco_core.errors import ConfigError
from jaco_monitor.recorder.definitions import message_definition
from jaco_monitor.recorder.topics import Topic


def test_every_type_within_follows_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "a/msg/Top.msg": "Inner[] many   # several\na/Inner one\nb/msg/Other[<=3] bounded\nstring<=5 text\nuint8 LIMIT=3\n",
        "a/msg/Inner.msg": "b/Other other\n",
        "b/msg/Other.msg": "float64[3] values\n",
    }
    for name, text in files.items():
        path = tmp_path / "share" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path / 'nowhere'}:{tmp_path}")
    separator = "=" * 80
    assert message_definition("a/msg/Top") == (
        files["a/msg/Top.msg"]
        + f"{separator}\nMSG: a/Inner\n{files['a/msg/Inner.msg']}"
        + f"{separator}\nMSG: b/Other\n{files['b/msg/Other.msg']}"
    )


@pytest.mark.parametrize("topic", TOPICS_WITHOUT_TF, ids=lambda topic: topic.name)
def test_the_definition_of_every_topic_is_one_that_a_reader_understands(topic: Topic) -> None:
    schema = Schema(1, message_definition(topic.type).encode(), "ros2msg", topic.type)
    assert DecoderFactory().decoder_for("cdr", schema) is not None


def test_a_type_that_is_not_installed_is_named() -> None:
    with pytest.raises(ConfigError, match="'no_msgs/msg/None' is not installed"):
        message_definition("no_msgs/msg/None")
