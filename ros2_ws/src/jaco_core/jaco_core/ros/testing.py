"""A small graph inside a test: nodes under test, a console that publishes and collects, one ROS domain, bounded waits."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.qos import QoSProfile

from jaco_core.domain import take_random_domain
from jaco_core.ros.lifecycle import JacoNode
from jaco_core.ros.waiting import spin_until

N = TypeVar("N", bound=JacoNode[Any])


class GraphUnderTest:
    """Context manager that owns rclpy for one test. `parameters` go to every node that declares them."""

    def __init__(self, domain: int | None = None, **parameters: object) -> None:
        """`domain`: one that the caller holds; None: a free one for as long as the graph lives."""
        arguments = ["--ros-args"]
        for name, value in parameters.items():
            arguments += ["-p", f"{name}:={str(value).lower() if isinstance(value, bool) else value}"]
        self._own = take_random_domain() if domain is None else None
        rclpy.init(args=arguments, domain_id=self._own.number if self._own is not None else domain)
        self.executor = SingleThreadedExecutor()
        self.console: Node = rclpy.create_node("console")
        self.executor.add_node(self.console)
        self._nodes: list[JacoNode[Any]] = []

    def __enter__(self) -> GraphUnderTest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for node in self._nodes:
            node.quiesce()
            node.release()
            node.destroy_node()
        self.console.destroy_node()
        self.executor.shutdown()
        rclpy.try_shutdown()
        if self._own is not None:
            self._own.release()

    def add(self, create: Callable[[], N]) -> N:
        """Returns a new node that spins with the graph."""
        node = create()
        self._nodes.append(node)
        self.executor.add_node(node)
        return node

    def configure(self, node: JacoNode[Any]) -> bool:
        """Tells whether the node let itself be configured."""
        return bool(node.trigger_configure() == TransitionCallbackReturn.SUCCESS)

    def activate(self, node: JacoNode[Any]) -> bool:
        """Tells whether the node let itself be activated."""
        return bool(node.trigger_activate() == TransitionCallbackReturn.SUCCESS)

    def collect(self, kind: type, topic: str, qos: QoSProfile) -> list[Any]:
        """Returns a list that grows with every message on `topic`."""
        messages: list[Any] = []
        self.console.create_subscription(kind, topic, messages.append, qos)
        return messages

    def until(self, predicate: Callable[[], bool], what: str, timeout: float = 30.0) -> None:
        """Spins until `predicate()`.

        Raises:
            TimeoutExceeded: it stays false for `timeout` seconds; the text names `what`.
        """
        spin_until(self.executor, predicate, timeout, what)
