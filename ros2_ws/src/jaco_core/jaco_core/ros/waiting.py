"""Bounded waits on conditions. Nothing in the graph or its tests waits by sleeping for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.executors import Executor
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from jaco_core.errors import TimeoutExceeded


def spin_until(executor: Executor, predicate: Callable[[], bool], timeout: float, what: str) -> None:
    """Spins `executor` until `predicate()` is true.

    Raises:
        TimeoutExceeded: it was still false after `timeout` seconds of steady time; the text names `what`.
    """
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutExceeded(f"Waited {timeout:.1f} s for {what} in vain.")
        executor.spin_once(timeout_sec=0.02)


def wait_for_peers(endpoints: Sequence[Publisher[Any] | Subscription[Any]], timeout: float) -> None:
    """Waits until every publisher has a subscriber and every subscription a publisher.

    The middleware matches endpoints on threads of its own, so this may block a callback; it is bounded by `timeout` [s].

    Raises:
        TimeoutExceeded: names the topics that stayed alone.
    """
    deadline = time.monotonic() + timeout
    pending = list(endpoints)
    while True:
        pending = [endpoint for endpoint in pending if _peers(endpoint) == 0]
        if not pending:
            return
        if time.monotonic() > deadline:
            alone = ", ".join(_alone(endpoint) for endpoint in pending)
            raise TimeoutExceeded(f"Waited {timeout:.1f} s, and {alone}; is that node running, and in this ROS domain?")
        time.sleep(0.005)  # the poll interval of this bounded wait


def _peers(endpoint: Publisher[Any] | Subscription[Any]) -> int:
    if isinstance(endpoint, Publisher):
        return int(endpoint.get_subscription_count())
    return int(endpoint.get_publisher_count())


def _alone(endpoint: Publisher[Any] | Subscription[Any]) -> str:
    missing = "nobody subscribes to" if isinstance(endpoint, Publisher) else "nobody publishes"
    return f"{missing} {endpoint.topic_name if hasattr(endpoint, 'topic_name') else endpoint.topic}"
