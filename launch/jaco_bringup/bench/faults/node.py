"""The witness: a node beside the graph that sees what is commanded, applied, measured and published, and can make trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import rclpy
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SafetyStatus, StopInput
from jaco_interfaces.srv import SetMode
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState
from std_msgs.msg import Header, Int64, String
from std_srvs.srv import Trigger

from jaco_bringup.bench.faults.measure import Judgement, Sighting
from jaco_bringup.bench.injector.distortion import Order
from jaco_core.errors import TimeoutExceeded
from jaco_core.ros import qos
from jaco_core.ros.convert import joints_from_message, ns_to_stamp, stamp_to_ns
from jaco_core.scheduling import Urgency, hurry, listening
from jaco_core.types import frozen_vector
from jaco_safety.reasons import State

_KINDS = {"driver": StopInput.DRIVER, "operator": StopInput.OPERATOR, "hardware": StopInput.HARDWARE}
_HEARTBEAT_PERIOD_S = 0.05
_POLL_S = 0.02

Info = Mapping[str, Any]
"""What rclpy says about a message."""


def published_ns(info: Info) -> int:
    """Returns when a message was published, on the steady clock: its way to a witness that is slow to listen must not count."""
    return int(info["source_timestamp"]) - (time.time_ns() - time.monotonic_ns())


class Witness:
    """Sees on a thread of its own; everything else happens in the caller's. Context manager with a ROS context of its own."""

    def __init__(self, domain: int, joint_states: str = "/undistorted/joint_states") -> None:
        self._context = rclpy.Context()
        rclpy.init(domain_id=domain, context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.applied: list[Sighting] = []
        self.commanded: list[Sighting] = []
        self.measured: list[Sighting] = []
        self.judgements: list[Judgement] = []
        self.episode: EpisodeState | None = None
        self.key_held = False
        self.began_ns: int | None = None
        """When the injector first did as ordered, on the steady clock."""
        self.called_ns = 0
        """When a service was called last, on the steady clock."""
        node = self._node = rclpy.create_node("witness", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(node)
        for topic, seen in (("/arm/applied", self.applied), ("/arm/command", self.commanded)):
            node.create_subscription(JointVelocityCommand, topic, self._sighting(seen), qos.EVENT)
        node.create_subscription(JointState, joint_states, self._on_joints, qos.EVENT)
        node.create_subscription(SafetyStatus, "/safety/status", self._on_status, qos.INPUT)
        node.create_subscription(EpisodeState, "/episode/state", self._on_episode, qos.EVENT)
        node.create_subscription(Int64, "/injector/began", self._on_began, qos.EVENT)
        self._orders = node.create_publisher(String, "/injector/order", qos.EVENT)
        self._inputs = node.create_publisher(StopInput, "/safety/inputs", qos.INPUT)
        self._heartbeat = node.create_publisher(Header, "/operator/heartbeat", qos.COMMAND)
        node.create_timer(_HEARTBEAT_PERIOD_S, self._beat)
        self._clients: dict[str, Any] = {
            "/safety/stop": node.create_client(Trigger, "/safety/stop"),
            "/safety/reset": node.create_client(Trigger, "/safety/reset"),
            "/safety/set_mode": node.create_client(SetMode, "/safety/set_mode"),
        }
        self._rival: Any = None
        self._rival_commands: Any = None
        hurry(Urgency.OBSERVER)
        self._ending = False
        self._thread = threading.Thread(target=self._spin, name="witness", daemon=True)
        # It plays the operator, too: who is kept from listening holds the dead-man key with stamps of long ago.
        with listening():
            self._thread.start()

    def __enter__(self) -> Witness:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ending = True
        self._thread.join(2.0)
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    @property
    def judgement(self) -> Judgement | None:
        """The newest status, or None."""
        return self.judgements[-1] if self.judgements else None

    def wait(self, predicate: Callable[[], bool], timeout: float, what: str, tick: Callable[[], None] = lambda: None) -> None:
        """Waits until `predicate()`, calling `tick` all the while.

        Raises:
            TimeoutExceeded: it was still false after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                raise TimeoutExceeded(f"Waited {timeout:.1f} s for {what} in vain; the last status: {self.judgement}.")
            tick()
            time.sleep(_POLL_S)  # the poll interval of this bounded wait

    def order(self, order: Order) -> None:
        """Tells the injector what to do with messages."""
        self.began_ns = None
        self._orders.publish(String(data=order.to_json()))

    def stop_input(self, kind: str, active: bool) -> None:
        """Demands a stop as "driver", "operator" or "hardware", or takes that back."""
        self._inputs.publish(StopInput(kind=_KINDS[kind], source="witness", active=active, message="a test." if active else ""))

    def make_rival(self) -> None:
        """Makes a node that publishes nothing yet, which takes its time."""
        self._rival = rclpy.create_node("rogue", context=self._context, use_global_arguments=False)

    def rival_enters(self, topic: str) -> None:
        """The rival becomes a second publisher on the command topic `topic`."""
        assert self._rival is not None
        self._rival_commands = self._rival.create_publisher(JointVelocityCommand, topic, qos.COMMAND)

    def rival_commands(self, names: Sequence[str], stamp_ns: int, speed: float) -> None:
        """The rival commands all joints to go at `speed` [rad/s]."""
        message = JointVelocityCommand(joint_names=list(names), velocities=[speed] * len(names))
        message.header.stamp = ns_to_stamp(stamp_ns)
        self._rival_commands.publish(message)

    def remove_rival(self) -> None:
        """Ends the rival."""
        if self._rival is not None:
            self._rival.destroy_node()
        self._rival = None

    def call(self, service: str, timeout: float = 20.0, **fields: str) -> tuple[bool, str]:
        """Calls "/safety/stop", "/safety/reset" or "/safety/set_mode" and returns success and message.

        Raises:
            TimeoutExceeded: no answer.
        """
        client = self._clients[service]
        self.wait(client.service_is_ready, timeout, service)
        request = SetMode.Request(**fields) if service == "/safety/set_mode" else Trigger.Request()
        self.called_ns = time.monotonic_ns()
        future = client.call_async(request)
        self.wait(future.done, timeout, f"the answer of {service}")
        response = future.result()
        return bool(response.success), str(response.message)

    def _spin(self) -> None:
        while not self._ending:
            self._executor.spin_once(timeout_sec=0.05)

    def _beat(self) -> None:
        if self.key_held and self.measured:
            header = Header()
            header.stamp = ns_to_stamp(self.measured[-1].stamp_ns)
            self._heartbeat.publish(header)

    def _sighting(self, seen: list[Sighting]) -> Callable[[JointVelocityCommand, Info], None]:
        def see(message: JointVelocityCommand, info: Info) -> None:
            seen.append(Sighting(published_ns(info), stamp_to_ns(message.header.stamp), frozen_vector(message.velocities)))

        return see

    def _on_joints(self, message: JointState, info: Info) -> None:
        sample = joints_from_message(message)
        self.measured.append(Sighting(published_ns(info), sample.stamp_ns, sample.velocity, sample.position))

    def _on_status(self, message: SafetyStatus, info: Info) -> None:
        state = State(message.state).name
        self.judgements.append(Judgement(published_ns(info), time.monotonic_ns(), state, message.reason, message.message))

    def _on_began(self, message: Int64) -> None:
        self.began_ns = int(message.data)

    def _on_episode(self, message: EpisodeState) -> None:
        self.episode = message
