"""Subscriptions that are read when it suits the reader, instead of once per message by the executor.

An executor spends 50 us and more of Python on each message; taking one directly costs 4 us.
An observer of a graph that runs at several times real time would otherwise slow down what it observes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription


class NeverExecuted(CallbackGroup):
    """Keeps its subscriptions out of an executor's wait set."""

    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
        return False

    def ending_execution(self, entity: Any) -> None:
        """Nothing was begun."""


class PolledSubscription:
    """A queue of the middleware's, emptied by `take_all`. Messages wait in it, at most as many as the profile's depth."""

    def __init__(self, node: Node, message_type: Any, topic: str, profile: QoSProfile, *, raw: bool = False) -> None:
        """`raw`: messages are given as serialised bytes."""
        self._subscription = node.create_subscription(
            message_type, topic, _no_callback, profile, callback_group=NeverExecuted(), raw=raw
        )

    @property
    def endpoint(self) -> Subscription[Any]:
        """The subscription itself, for waiting until it has a publisher."""
        return self._subscription

    def take_all(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yields what has arrived, oldest first, with rclpy's information on it (stamps [ns], sequence, publisher)."""
        subscription: Any = self._subscription
        with subscription.handle:
            while (taken := subscription.handle.take_message(subscription.msg_type, subscription.raw)) is not None:
                yield taken

    def take_newest(self) -> Any:
        """Returns the newest message that has arrived, None when there is no new one."""
        arrived = [message for message, _ in self.take_all()]
        return arrived[-1] if arrived else None

    def destroy(self, node: Node) -> None:
        """Ends the subscription."""
        node.destroy_subscription(self._subscription)


def _no_callback(message: Any) -> None:
    """Never called: the executor does not see the subscription."""
