"""Writes serialised ROS messages to an MCAP file that Foxglove and rosbag2 read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from mcap.well_known import MessageEncoding, Profile, SchemaEncoding
from mcap.writer import CompressionType, Writer

from jaco_core.errors import ConfigError
from jaco_monitor.recorder.definitions import message_definition
from jaco_monitor.recorder.topics import Topic

FILE_NAME = "recording.mcap"
RECORD_NAME = "jaco_recording"
# What a kill -9 can lose at most; smaller chunks compress worse.
CHUNK_BYTES = 512 * 1024


@dataclass(frozen=True)
class SerialisedMessage:
    """One message in CDR, as it came. Times [ns] on the wall clock; `sequence` counts up from 1 per publisher, 0 when unknown."""

    topic: str
    data: bytes
    received_ns: int
    published_ns: int
    sequence: int = 0
    publisher: bytes = b""


class RecordingWriter:
    """An open recording. Counts what it wrote and, from the publishers' sequence numbers, what never arrived."""

    def __init__(self, path: Path, topics: tuple[Topic, ...]) -> None:
        """Creates `path` and its folder.

        Raises:
            ConfigError: it exists, cannot be created, or a message type is not installed.
        """
        definitions = {topic.type: message_definition(topic.type) for topic in topics}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
        except FileExistsError as error:
            raise ConfigError(f"Recording '{path}' exists already; give each run a folder of its own.") from error
        except OSError as error:
            raise ConfigError(f"Recording '{path}' cannot be created: {error.strerror}.") from error
        self.messages = 0
        self.lost = 0
        self._last: dict[tuple[str, bytes], int] = {}
        self._closed = False
        self._writer = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile=Profile.ROS2, library="jaco")
        schemas = {
            name: self._writer.register_schema(name, SchemaEncoding.ROS2, text.encode()) for name, text in definitions.items()
        }
        self._channels = {
            # rosbag2 looks for the key; empty means that it takes its own profile when it plays the topic.
            topic.name: self._writer.register_channel(
                topic.name, MessageEncoding.CDR, schemas[topic.type], {"offered_qos_profiles": ""}
            )
            for topic in topics
        }

    def write(self, message: SerialisedMessage) -> None:
        """Appends one message of one of the topics."""
        if message.sequence:
            key = (message.topic, message.publisher)
            last = self._last.get(key, message.sequence - 1)
            # One that was sent again after a loss comes late: it was counted as lost, and is not.
            self.lost += message.sequence - last - 1 if message.sequence > last else -1
            self._last[key] = max(last, message.sequence)
        self.messages += 1
        self._writer.add_message(
            self._channels[message.topic], message.received_ns, message.data, message.published_ns, message.sequence
        )

    def close(self) -> None:
        """Writes the index and closes the file. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._writer.add_metadata(RECORD_NAME, {"messages": str(self.messages), "lost": str(self.lost)})
        self._writer.finish()
        self._file.close()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
