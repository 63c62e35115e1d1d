"""The executor that keeps its wait set: order, fairness, changes of the node, and what it leaves to rclpy's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
import rclpy
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.publisher import Publisher
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from jaco_core.ros import executor, qos
from jaco_core.ros.executor import StaticExecutor, make_executor
from jaco_core.ros.polling import PolledSubscription
from jaco_core.ros.testing import GraphUnderTest

STEADY = Clock(clock_type=ClockType.STEADY_TIME)
SOON_S, NEVER_S = 1e-4, 3600.0


@pytest.fixture
def graph() -> Iterator[GraphUnderTest]:
    with GraphUnderTest() as graph:
        graph.executor.shutdown()
        graph.executor = make_executor()
        assert isinstance(graph.executor, StaticExecutor)
        graph.executor.add_node(graph.console)
        yield graph


def say(publisher: Publisher[Header], *words: str) -> None:
    """Publishes `words` and returns once they wait at the subscribers."""
    for word in words:
        publisher.publish(Header(frame_id=word))
    assert publisher.wait_for_all_acked(Duration(seconds=10.0))


def joined(graph: GraphUnderTest, *topics: str) -> list[Publisher[Header]]:
    """Returns a publisher of each topic, all of which have their subscriber, from a node that does not spin."""
    node = Node("speaker")
    publishers = [node.create_publisher(Header, topic, qos.STATE_WRITER) for topic in topics]
    graph.until(lambda: all(publisher.get_subscription_count() == 1 for publisher in publishers), "the matches")
    return publishers


def listen(graph: GraphUnderTest, heard: list[str], *topics: str) -> None:
    for topic in topics:
        graph.console.create_subscription(Header, topic, lambda message: heard.append(message.frame_id), qos.STATE)


def test_timers_come_first_then_topics_in_order_of_creation_one_message_each(graph: GraphUnderTest) -> None:
    heard: list[str] = []
    listen(graph, heard, "/first", "/second")
    timer = graph.console.create_timer(NEVER_S, lambda: (heard.append("timer"), timer.cancel()), clock=STEADY)
    first, second = joined(graph, "/first", "/second")
    say(second, "b1")
    say(first, "a1", "a2", "a3")
    timer.timer_period_ns = 1
    timer.reset()
    graph.until(lambda: len(heard) == 5, "four messages and a timer")
    assert heard == ["timer", "a1", "b1", "a2", "a3"]


def test_a_flood_of_one_topic_delays_neither_a_timer_nor_another_topic(graph: GraphUnderTest) -> None:
    heard: list[str] = []
    graph.console.create_subscription(Header, "/flood", lambda message: (heard.append("x"), say(flood, "x")), qos.STATE)
    listen(graph, heard, "/other")
    timer = graph.console.create_timer(NEVER_S, lambda: heard.append("timer"), clock=STEADY)
    flood, other = joined(graph, "/flood", "/other")
    say(flood, "x")
    graph.until(lambda: len(heard) == 5, "the flood")
    say(other, "other")
    timer.timer_period_ns = 1
    timer.reset()
    count = len(heard)
    graph.until(lambda: {"timer", "other"} <= set(heard), "the timer and the other topic")
    assert heard[count:].count("x") <= 4


def test_one_call_runs_one_callback(graph: GraphUnderTest) -> None:
    heard: list[str] = []
    listen(graph, heard, "/first", "/second")
    for publisher in joined(graph, "/first", "/second"):
        say(publisher, "word")
    counts = [len(heard)]
    while len(heard) < 2:
        graph.executor.spin_once(timeout_sec=1.0)
        counts.append(len(heard))
    assert {later - earlier for earlier, later in pairwise(counts)} <= {0, 1}


def test_it_notices_what_the_node_makes_and_destroys(graph: GraphUnderTest) -> None:
    heard: list[str] = []
    graph.executor.spin_once(timeout_sec=0.0)
    listen(graph, heard, "/words")
    (publisher,) = joined(graph, "/words")
    say(publisher, "one")
    graph.until(lambda: heard == ["one"], "the first message")
    graph.console.destroy_subscription(next(iter(graph.console.subscriptions)))
    graph.until(lambda: publisher.get_subscription_count() == 0, "the end of the subscription")


def test_a_callback_may_destroy_what_is_ready(graph: GraphUnderTest) -> None:
    heard: list[str] = []
    console = graph.console

    def on_first(message: Header) -> None:
        heard.append(message.frame_id)
        console.destroy_subscription(second)

    console.create_subscription(Header, "/first", on_first, qos.STATE)
    second = console.create_subscription(Header, "/second", lambda message: heard.append("never"), qos.STATE)
    publishers = joined(graph, "/first", "/second")
    for publisher in reversed(publishers):
        say(publisher, "word")
    graph.until(lambda: publishers[1].get_subscription_count() == 0, "the end of the subscription")
    assert heard == ["word"]


def test_a_timer_that_another_callback_cancels_does_not_run(graph: GraphUnderTest) -> None:
    ran: list[str] = []
    console = graph.console
    first = console.create_timer(SOON_S, lambda: (ran.append("first"), second.cancel(), first.cancel()), clock=STEADY)
    second = console.create_timer(SOON_S, lambda: ran.append("second"), clock=STEADY)
    third = console.create_timer(NEVER_S, lambda: ran.append("third"), clock=STEADY)
    graph.until(lambda: ran == ["first"], "the first timer")
    third.timer_period_ns = 1
    third.reset()
    graph.until(lambda: "third" in ran, "a timer that was set anew")
    assert "second" not in ran


def test_polled_subscriptions_are_left_alone_and_destroyed(graph: GraphUnderTest) -> None:
    polled = PolledSubscription(graph.console, Header, "/words", qos.STATE)
    (publisher,) = joined(graph, "/words")
    say(publisher, "one")
    ticks: list[int] = []
    timer = graph.console.create_timer(SOON_S, lambda: ticks.append(1), clock=STEADY)
    graph.until(lambda: len(ticks) > 20, "twenty turns")
    assert polled.take_newest().frame_id == "one"
    timer.cancel()
    polled.destroy(graph.console)
    graph.until(lambda: publisher.get_subscription_count() == 0, "the end of the subscription")


def test_services_clients_guard_conditions_and_tasks_run(graph: GraphUnderTest) -> None:
    console, done = graph.console, []
    console.create_service(Trigger, "/ask", lambda request, response: Trigger.Response(success=True, message="yes"))
    client = console.create_client(Trigger, "/ask")
    guard = console.create_guard_condition(lambda: done.append("guard"))
    graph.until(client.service_is_ready, "the service")
    for _ in range(3):
        future = client.call_async(Trigger.Request())
        future.add_done_callback(lambda answer: done.append(answer.result().message))
        graph.until(lambda: "yes" in done, "the answer")
        done.remove("yes")
    threading.Thread(target=guard.trigger).start()
    graph.until(lambda: "guard" in done, "the guard condition")
    graph.executor.create_task(lambda: done.append("task"))
    graph.until(lambda: "task" in done, "the task")


def test_events_of_the_middleware_are_noticed_but_for_those_of_polled_subscriptions(graph: GraphUnderTest) -> None:
    noticed: list[int] = []
    told = SubscriptionEventCallbacks(incompatible_qos=lambda event: noticed.append(event.total_count))
    graph.console.create_subscription(Header, "/words", lambda message: None, qos.LATCHED, event_callbacks=told)
    polled = PolledSubscription(graph.console, Header, "/words", qos.LATCHED)
    speaker = Node("speaker")
    speaker.create_publisher(Header, "/words", qos.STATE_WRITER)
    graph.until(lambda: bool(noticed), "the word that the publisher keeps nothing for late readers")
    static = graph.executor
    assert isinstance(static, StaticExecutor) and not static._has_events()
    assert noticed == [1]
    polled.destroy(graph.console)
    speaker.destroy_node()


def test_an_exception_in_a_callback_comes_out_as_it_is(graph: GraphUnderTest) -> None:
    def fail() -> None:
        raise ZeroDivisionError("here")

    graph.console.create_timer(SOON_S, fail, clock=STEADY)
    with pytest.raises(ZeroDivisionError, match="here"):
        graph.until(lambda: False, "the exception")


def test_a_context_that_was_shut_down_ends_the_spinning(graph: GraphUnderTest) -> None:
    graph.executor.spin_once(timeout_sec=0.0)
    rclpy.shutdown()
    with pytest.raises(ExternalShutdownException):
        graph.until(lambda: False, "the exception")


def test_rclpys_own_executor_takes_over_where_its_parts_are_others(
    graph: GraphUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "_PARTS", ("_tasks", "_of_another_version"))
    assert type(make_executor()) is SingleThreadedExecutor
