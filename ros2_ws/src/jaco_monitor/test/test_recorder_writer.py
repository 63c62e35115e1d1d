from __future__ import annotations

from pathlib import Path

import pytest
from mcap.reader import make_reader
from monitor_support import WALL_NS, image, joints
from rclpy.serialization import serialize_message

from jaco_core.errors import ConfigError
from jaco_monitor.recorder.topics import select_topics
from jaco_monitor.recorder.writer import RecordingWriter, SerialisedMessage

TOPICS = select_topics(["/camera/image_raw", "/joint_states"])


def message(sequence: int, topic: str = "/joint_states", publisher: bytes = b"a") -> SerialisedMessage:
    data = bytes(serialize_message(joints() if topic == "/joint_states" else image(9)))
    return SerialisedMessage(topic, data, WALL_NS + sequence, WALL_NS, sequence, publisher)


def test_the_file_is_what_ros_tools_expect(tmp_path: Path) -> None:
    path = tmp_path / "new" / "recording.mcap"
    with RecordingWriter(path, TOPICS) as writer:
        writer.write(message(1))
        writer.write(message(2))
    with path.open("rb") as stream:
        reader = make_reader(stream)
        assert reader.get_header().profile == "ros2"
        found = list(reader.iter_messages())
    assert [record.data for _, _, record in found] == [message(1).data] * 2
    schema, channel, record = found[0]
    assert schema is not None
    assert (schema.name, schema.encoding, channel.message_encoding) == ("sensor_msgs/msg/JointState", "ros2msg", "cdr")
    assert b"MSG: builtin_interfaces/Time" in schema.data
    assert "offered_qos_profiles" in channel.metadata
    assert (record.log_time, record.publish_time, record.sequence) == (WALL_NS + 1, WALL_NS, 1)


def test_gaps_in_a_publisher_s_sequence_are_counted_as_lost(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "recording.mcap", TOPICS) as writer:
        for sequence in (4, 5, 9, 7):  # a recorder that comes late misses nothing that it could have had; 7 was sent again
            writer.write(message(sequence))
        writer.write(message(1, publisher=b"b"))
        writer.write(message(3, "/camera/image_raw"))
        writer.write(message(0))  # unknown
    assert (writer.messages, writer.lost) == (7, 2)


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "recording.mcap"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="exists already"):
        RecordingWriter(path, TOPICS)
    assert path.read_text() == "precious"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be created"):
        RecordingWriter(tmp_path / "file" / "run" / "recording.mcap", TOPICS)


def test_closing_twice_is_safe(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "recording.mcap", TOPICS)
    writer.close()
    writer.close()
