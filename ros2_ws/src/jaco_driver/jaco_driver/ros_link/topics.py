"""What every Link on real topics does: commands go out on one topic, joint states and wrenches come in on others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jaco_core.ros.convert import wrench_from_message
from jaco_core.types import JointSample, WrenchSample
from jaco_driver.ros_link.node import RosLink, joint_sample


class ArmTopics:
    """The part of a Link that does not depend on whose driver is at the other end."""

    def __init__(self, link: RosLink, kind: str, commands: str, joint_states: str, wrench: str) -> None:
        """`kind`: type of the messages on the topic `commands`; `wrench`: "" where no topic tells what pushes the tool.

        Raises:
            ConfigError: a message type is not installed; the link is closed then.
        """
        self._link = link
        try:
            self._commands = link.publisher(kind, commands)
            self._joints = link.listen("sensor_msgs/msg/JointState", joint_states)
            self._wrenches = link.listen("geometry_msgs/msg/WrenchStamped", wrench) if wrench else None
        except Exception:
            link.close()
            raise
        self.sent = 0

    def joints(self) -> Sequence[JointSample]:
        """Returns the joint states that have arrived since the last call, oldest first, as `joint_sample` reads them."""
        return [joint_sample(message) for message, _ in self._joints.take_all()]

    @property
    def feels(self) -> bool:
        """Whether a topic tells what pushes the tool from outside."""
        return self._wrenches is not None

    def wrenches(self) -> Sequence[WrenchSample]:
        """Returns what has arrived on that topic since the last call, oldest first."""
        return [wrench_from_message(message) for message, _ in self._wrenches.take_all()] if self._wrenches is not None else []

    def readers(self) -> int:
        """Returns how many nodes take commands."""
        return int(self._commands.get_subscription_count())

    def wait(self, predicate: Callable[[], bool], timeout: float, what: str) -> None:
        """Waits until `predicate()`. Raises ConnectionLost after `timeout` [s]."""
        self._link.wait(predicate, timeout, what)

    def close(self) -> None:
        """Gives everything back."""
        self._link.close()

    def _publish(self, message: Any) -> None:
        self._commands.publish(message)
        self.sent += 1
