"""The recorder node: writes all that the graph says to RUN_DIR/recording.mcap."""

from __future__ import annotations

import importlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.qos import QoSProfile

from jaco_core.errors import ConfigError
from jaco_core.parameters import parameter
from jaco_core.ros import qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.polling import PolledSubscription
from jaco_core.ros.waiting import wait_for_peers
from jaco_core.scheduling import Urgency
from jaco_core.units import seconds_to_ns
from jaco_monitor.recorder.topics import CORE_TOPICS, TOPIC_NAMES, Topic, select_topics
from jaco_monitor.recorder.writer import FILE_NAME, RecordingWriter, SerialisedMessage

POLL_PERIOD_S = 0.05
QUIET_S = 0.3
# The type of /tf is not part of every installation; a run without transforms is still worth recording.
OPTIONAL_TYPES = frozenset({"tf2_msgs/msg/TFMessage"})


@dataclass(frozen=True)
class RecorderConfig:
    """Parameters of the recorder node."""

    run_dir: str = parameter("", "Folder of the run, which the recording is written to.")
    topics: list[str] = parameter(list(TOPIC_NAMES), "Topics to record.")
    cameras: list[str] = parameter([""], "Further cameras beside the policy's, whose topics are recorded too.")
    peers_timeout: float = parameter(
        10.0, "Longest wait at the start for the publishers that every graph has; 0: none.", unit="s", lower=0.0, upper=60.0
    )
    lockstep: bool = parameter(False, "The simulator waits for answers, so that nothing is urgent.")


class RecorderNode(JacoNode[RecorderConfig]):
    """Records from `start` on until `release`, also while the other nodes shut down: what they say last counts most."""

    def __init__(self) -> None:
        super().__init__("recorder", RecorderConfig)
        self._writer: RecordingWriter | None = None
        self._subscriptions_by_topic: dict[str, PolledSubscription] = {}
        self._last_message_ns = 0

    def setup(self, config: RecorderConfig) -> None:
        """Creates the file and subscribes."""
        if not config.run_dir:
            raise ConfigError("Parameter 'run_dir' is empty; give the folder that the recording is to be written to.")
        self.urgency = None if config.lockstep else Urgency.OBSERVER
        types: dict[Topic, Any] = {}
        for topic in select_topics(config.topics, config.cameras):
            try:
                types[topic] = _message_type(topic.type)
            except ConfigError as error:
                if topic.type not in OPTIONAL_TYPES:
                    raise
                self.get_logger().warning(f"{error} Topic {topic.name} is not recorded.")
        self._peers_timeout = config.peers_timeout
        path = Path(config.run_dir).expanduser() / FILE_NAME
        self._writer = RecordingWriter(path, tuple(types))
        for topic, kind in types.items():
            self._subscriptions_by_topic[topic.name] = PolledSubscription(self, kind, topic.name, _profile(topic), raw=True)
        # Steady: it must record as fast while /clock stands still.
        self._timer = self.create_timer(POLL_PERIOD_S, self._on_timer, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._recording = False

    def start(self) -> None:
        """Waits for the other nodes' publishers: a message sent before this process is known to its sender never comes."""
        if self._peers_timeout > 0.0:
            core = [subscription.endpoint for topic, subscription in self._subscriptions_by_topic.items() if topic in CORE_TOPICS]
            wait_for_peers(core, self._peers_timeout)
        self._recording = True

    def drained(self) -> bool:
        """Tells whether nothing more is to be expected: no message for 0.3 s. Reads what has arrived."""
        self._record()
        return time.monotonic_ns() - self._last_message_ns > seconds_to_ns(QUIET_S)

    def release(self) -> None:
        """Records what has arrived and closes the file."""
        if self._writer is None:
            return
        self._record()
        self._writer.close()
        if self._writer.lost:
            self.get_logger().warning(f"{self._writer.lost} of {self._writer.messages} messages never arrived here.")
        self._writer = None
        self.destroy_timer(self._timer)
        for subscription in self._subscriptions_by_topic.values():
            subscription.destroy(self)
        self._subscriptions_by_topic.clear()

    def _on_timer(self) -> None:
        if self._recording:
            self._record()

    def _record(self) -> None:
        """Writes what has arrived since the last call, in the order of arrival over all topics."""
        if self._writer is None:
            return
        arrived = []
        for topic, subscription in self._subscriptions_by_topic.items():
            for data, info in subscription.take_all():
                received_ns = info["received_timestamp"] or time.time_ns()
                sequence = info.get("publication_sequence_number") or 0
                publisher = info["publisher_gid"]["data"] if "publisher_gid" in info else b""
                arrived.append(SerialisedMessage(topic, data, received_ns, info["source_timestamp"], sequence, publisher))
        if arrived:
            self._last_message_ns = time.monotonic_ns()
        for message in sorted(arrived, key=lambda message: message.received_ns):
            self._writer.write(message)


def _profile(topic: Topic) -> QoSProfile:
    """Returns the recorder's profile, which also asks a latched topic for its last message."""
    durability = (qos.LATCHED if topic.latched else qos.RECORD).durability
    return QoSProfile(
        history=qos.RECORD.history, depth=qos.RECORD.depth, reliability=qos.RECORD.reliability, durability=durability
    )


def _message_type(type_name: str) -> Any:
    package, _, name = type_name.split("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"Message type '{type_name}' is not installed; source the workspace's setup file.") from error


def main() -> None:
    sys.exit(run_node(RecorderNode))
