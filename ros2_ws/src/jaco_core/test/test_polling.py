"""Subscriptions that are read when it suits the reader."""

from __future__ import annotations

from std_msgs.msg import Header

from jaco_core.ros import qos
from jaco_core.ros.polling import PolledSubscription
from jaco_core.ros.testing import GraphUnderTest


def test_messages_wait_in_order_until_they_are_taken() -> None:
    with GraphUnderTest() as graph:
        polled = PolledSubscription(graph.console, Header, "/words", qos.STATE)
        publisher = graph.console.create_publisher(Header, "/words", qos.STATE_WRITER)
        graph.until(lambda: publisher.get_subscription_count() == 1, "the match")
        words: list[str] = []
        for word in ("one", "two", "three"):
            publisher.publish(Header(frame_id=word))

        def read() -> bool:
            words.extend(message.frame_id for message, _ in polled.take_all())
            return len(words) == 3

        graph.until(read, "three messages")
        assert words == ["one", "two", "three"] and polled.take_newest() is None
        polled.destroy(graph.console)
