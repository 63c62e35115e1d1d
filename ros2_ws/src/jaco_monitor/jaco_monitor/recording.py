"""Reads a recording back, without ROS."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mcap.exceptions import McapError
from mcap.reader import NonSeekingReader, SeekingReader
from mcap.writer import MCAP0_MAGIC
from mcap_ros2.decoder import DecoderFactory

from jaco_core.errors import ConfigError
from jaco_core.units import NS_PER_S
from jaco_monitor.recorder.writer import RECORD_NAME


@dataclass(frozen=True)
class RecordedMessage:
    """One message; its fields are those of the ROS type. Times [ns] on the wall clock."""

    topic: str
    message: Any
    received_ns: int
    published_ns: int


class Recording:
    """A recording on disk. One that was cut off (a killed recorder, a full disk) is read as far as it goes."""

    def __init__(self, path: Path) -> None:
        """Looks at the file: `finished` tells whether it was closed properly, `lost` how many messages never arrived, if known.

        Raises:
            ConfigError: it cannot be read or is no MCAP file.
        """
        self.path = path
        try:
            with path.open("rb") as stream:
                if stream.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
                    raise ConfigError(f"Recording '{path}' is no MCAP file, or was cut off before its first message.")
                stream.seek(-len(MCAP0_MAGIC), os.SEEK_END)
                # The file ends as it begins, once it is finished.
                self.finished = stream.tell() > 0 and stream.read() == MCAP0_MAGIC
                self.lost = _lost(stream) if self.finished else None
        except (OSError, McapError) as error:
            raise ConfigError(f"Recording '{path}' cannot be read: {error}") from error

    def messages(self, topics: Iterable[str] | None = None) -> Iterator[RecordedMessage]:
        """Yields the messages of `topics`, or of all, in the order of their arrival."""
        wanted = None if topics is None else list(topics)
        with self.path.open("rb") as stream:
            kind = SeekingReader if self.finished else NonSeekingReader
            reader: Any = kind(stream, decoder_factories=[DecoderFactory()])
            # A cut-off file has no index to order by; it was written in order all the same.
            found = reader.iter_decoded_messages(topics=wanted, log_time_order=self.finished)
            try:
                for _, channel, record, message in found:
                    yield RecordedMessage(channel.topic, message, record.log_time, record.publish_time)
            except McapError:
                if self.finished:
                    raise


def stamp_ns(header: Any) -> int:
    """Returns the stamp of a std_msgs/Header [ns]."""
    return int(header.stamp.sec) * NS_PER_S + int(header.stamp.nanosec)


def _lost(stream: IO[bytes]) -> int | None:
    """Returns how many messages never reached the recorder; None when the file does not say."""
    stream.seek(0)
    for record in SeekingReader(stream).iter_metadata():
        if record.name == RECORD_NAME:
            return int(record.metadata["lost"])
    return None
