"""A helper node that is polled: no callback of it ever runs, so a backend may use it from inside the driver's callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.task import Future
from sensor_msgs.msg import JointState

from jaco_core.errors import ContractError, TimeoutExceeded
from jaco_core.ros import qos
from jaco_core.ros.convert import stamp_to_ns
from jaco_core.ros.endpoints import publisher_names
from jaco_core.ros.interfaces import interface
from jaco_core.ros.polling import PolledSubscription
from jaco_core.ros.waiting import spin_until
from jaco_core.types import JointSample, frozen_vector
from jaco_driver.port import ConnectionLost


class RosLink:
    """Publishers, polled subscriptions and bounded service calls of one backend. One thread polls; any thread may publish."""

    def __init__(self, name: str, context: Context | None = None) -> None:
        """`context`: rclpy's default one where None."""
        self._node = rclpy.create_node(name, context=context, use_global_arguments=False, start_parameter_services=False)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self._node)
        self._clients: dict[str, Any] = {}

    def publisher(self, kind: str, topic: str, profile: QoSProfile = qos.COMMAND) -> Any:
        """Returns a publisher of messages of type `kind`, such as "std_msgs/msg/Bool".

        Raises:
            ConfigError: there is no such type.
        """
        return self._node.create_publisher(interface(kind), topic, profile)

    def listen(self, kind: str, topic: str, profile: QoSProfile = qos.SENSOR) -> PolledSubscription:
        """Returns a polled subscription. Raises ConfigError: there is no such type."""
        return PolledSubscription(self._node, interface(kind), topic, profile)

    def listen_as_offered(self, kind: str, topic: str, timeout: float) -> PolledSubscription:
        """Returns a polled subscription that gets the last message too, where the topic's publisher keeps it for late readers.

        Raises:
            ConfigError: there is no such type.
            ConnectionLost: nobody publishes the topic within `timeout` [s].
        """
        self.wait(lambda: self._node.count_publishers(topic) > 0, timeout, f"somebody to publish {topic}")
        offered = [info.qos_profile.durability for info in self._node.get_publishers_info_by_topic(topic)]
        latched = bool(offered) and all(durability == DurabilityPolicy.TRANSIENT_LOCAL for durability in offered)
        return self.listen(kind, topic, qos.LATCHED if latched else qos.SENSOR)

    def rivals(self, topic: str, allowed: int = 1) -> str:
        """Returns which nodes publish `topic` when they are more than are `allowed`, this one among them, as a clause, or ""."""
        # Counting is a hundred times cheaper than naming.
        if self._node.count_publishers(topic) <= allowed:
            return ""
        names = publisher_names(self._node, topic)
        return f"{len(names)} nodes publish {topic}, only {allowed} may: {', '.join(names)}"

    def wait(self, predicate: Callable[[], bool], timeout: float, what: str) -> None:
        """Waits until `predicate()`. Raises ConnectionLost: it stays false for `timeout` [s] of steady time."""
        try:
            spin_until(self._executor, predicate, timeout, what)
        except TimeoutExceeded as error:
            raise ConnectionLost(f"{error} Is the arm's driver running, and in this ROS domain?") from None

    def ask(self, kind: str, service: str, request: Any = None) -> Future[Any] | None:
        """Sends a request and returns at once with the future answer; None while nobody offers the service."""
        if service not in self._clients:
            self._clients[service] = self._node.create_client(interface(kind), service)
        client = self._clients[service]
        if not client.service_is_ready():
            return None
        return client.call_async(request if request is not None else interface(kind).Request())

    def call(self, kind: str, service: str, timeout: float, request: Any = None) -> Any:
        """Returns the answer of a service. Raises ConnectionLost: none within `timeout` [s]."""
        asked: list[Future[Any]] = []

        def answered() -> bool:
            if not asked:
                future = self.ask(kind, service, request)
                asked.extend([future] if future is not None else [])
            return bool(asked) and asked[0].done()

        self.wait(answered, timeout, f"the service {service} to answer")
        return asked[0].result()

    def close(self) -> None:
        """Gives everything back."""
        self._executor.shutdown(timeout_sec=0.0)
        self._node.destroy_node()


def joint_sample(message: JointState) -> JointSample:
    """Returns a JointState of another's driver: NaN for speeds that it leaves out, nothing where its lengths do not fit."""
    count = len(message.name)
    velocity = message.velocity if len(message.velocity) == count else [float("nan")] * count
    effort = message.effort if len(message.effort) == count else ()
    stamp_ns = stamp_to_ns(message.header.stamp)
    try:
        return JointSample(
            stamp_ns, tuple(message.name), frozen_vector(message.position), frozen_vector(velocity), frozen_vector(effort)
        )
    except ContractError:
        return JointSample(stamp_ns, (), frozen_vector(()), frozen_vector(()))
