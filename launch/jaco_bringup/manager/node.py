"""The lifecycle manager: brings the nodes up in order, ends when the task is finished, and takes them down, the arm first."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from types import FrameType

import rclpy
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from jaco_bringup.manager.sequence import AT_REST, Bounds, LifecycleSequence
from jaco_core.errors import ContractError, JacoError
from jaco_core.parameters import parameter
from jaco_core.ros import parameters, qos
from jaco_core.ros.endpoints import publisher_names
from jaco_core.ros.executor import make_executor
from jaco_core.ros.lifecycle_client import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, LifecycleClient
from jaco_core.ros.waiting import spin_until
from jaco_core.scheduling import Urgency, hurry

ARM_COMMAND = "/arm/command"
STATE_TIMEOUT_S = 0.5


@dataclass(frozen=True)
class ManagerConfig:
    """Parameters of the manager."""

    nodes: list[str] = parameter([""], "Lifecycle nodes in the order of their activation.")
    restarting: list[str] = parameter([""], "Those of them that may be started again and are brought up again then.")
    exit_when_finished: bool = parameter(False, "End when the task has finished its last episode.")
    lockstep: bool = parameter(False, "The simulator waits for answers, so that nothing is urgent.")
    startup_timeout: float = parameter(120.0, "Longest wait for a node's process.", unit="s", lower=0.1, upper=600.0)
    transition_timeout: float = parameter(60.0, "Longest wait for a node to come up.", unit="s", lower=0.1, upper=600.0)
    release_timeout: float = parameter(2.0, "Longest wait for a node to deactivate or clean up.", unit="s", lower=0.1, upper=60.0)
    take_down_timeout: float = parameter(10.0, "Longest time to take the whole graph down.", unit="s", lower=0.1, upper=120.0)
    rest_timeout: float = parameter(
        0.6, "Longest wait for the arm to brake before its side is taken down.", unit="s", lower=0.0, upper=5.0
    )
    stop_timeout: float = parameter(1.0, "Longest wait for the answer of /safety/stop.", unit="s", lower=0.1, upper=10.0)
    watch_period: float = parameter(1.0, "Time between two looks at restarting nodes.", unit="s", lower=0.1, upper=60.0)


class ManagedNode(LifecycleClient):
    """A lifecycle node, driven over its services."""

    def configure(self, timeout: float) -> None:
        self.change(CONFIGURE, timeout)

    def activate(self, timeout: float) -> None:
        self.change(ACTIVATE, timeout)

    def deactivate(self, timeout: float) -> None:
        self.change(DEACTIVATE, timeout)

    def cleanup(self, timeout: float) -> None:
        self.change(CLEANUP, timeout)


class ManagerNode(Node):
    """Drives the lifecycle of the graph's nodes."""

    def __init__(self) -> None:
        super().__init__("manager")
        parameters.declare(self, ManagerConfig)
        self._config = config = parameters.read(self, ManagerConfig)
        self._executor = make_executor()
        self._executor.add_node(self)
        self._managed = {name: ManagedNode(self, self._executor, name) for name in config.nodes if name}
        self._sequence = LifecycleSequence(
            tuple(self._managed.values()),
            Bounds(config.startup_timeout, config.transition_timeout, config.release_timeout, config.take_down_timeout),
            lambda text: self.get_logger().warning(text),
        )
        self._finished = False
        self._stop = self.create_client(Trigger, "/safety/stop")
        self.create_subscription(EpisodeState, "/episode/state", self._on_episode, qos.EVENT)

    def bring_up(self) -> None:
        """Waits for the processes, then configures and activates them.

        Raises:
            JacoError: names the node that did not come or refused, or the graph that has the domain already.
        """
        self._sequence.wait()
        self._require_own_domain()
        self._sequence.bring_up()
        if not self._config.lockstep:
            hurry(Urgency.OBSERVER)
        self.get_logger().info(f"The graph is up: {', '.join(self._managed)}.")

    def watch(self) -> None:
        """Returns when the task is finished, if `exit_when_finished`; brings restarted nodes up again meanwhile."""
        due = time.monotonic()
        while not (self._finished and self._config.exit_when_finished):
            self._executor.spin_once(timeout_sec=0.1)
            if time.monotonic() >= due:
                for name in filter(None, self._config.restarting):
                    self._bring_back_if_restarted(self._managed[name])
                due = time.monotonic() + self._config.watch_period

    def stop_arm(self) -> None:
        """Asks the supervisor to stop the arm and waits for rest: bounded, since the arm's side is deactivated next anyway."""
        if not self._stop.service_is_ready():
            return
        commands: list[JointVelocityCommand] = []
        self.create_subscription(JointVelocityCommand, ARM_COMMAND, commands.append, qos.COMMAND)
        future = self._stop.call_async(Trigger.Request())
        try:
            spin_until(self._executor, future.done, self._config.stop_timeout, "the supervisor to stop the arm")

            def resting() -> bool:
                return bool(commands) and not any(commands[-1].velocities)

            spin_until(self._executor, resting, self._config.rest_timeout, "the arm to come to rest")
            self.get_logger().info(AT_REST)
        except JacoError as error:
            self.get_logger().warning(str(error))

    def take_down(self) -> None:
        """Deactivates and cleans up what is up, the arm's side first."""
        self._sequence.take_down()

    def close(self) -> None:
        """Ends the node."""
        self._executor.shutdown()  # it holds what the node gives back
        self.destroy_node()

    def _require_own_domain(self) -> None:
        # No node of this graph is configured yet, so whoever publishes arm commands here belongs to another graph.
        foreign = publisher_names(self, ARM_COMMAND)
        if foreign:
            raise ContractError(
                f"This ROS domain is taken: {foreign[0]} already publishes {ARM_COMMAND}; "
                "end that graph or choose another ROS_DOMAIN_ID."
            )

    def _bring_back_if_restarted(self, node: ManagedNode) -> None:
        try:
            if node.state(STATE_TIMEOUT_S) == "unconfigured":
                self._sequence.bring_back(node)
                self.get_logger().info(f"Node '{node.target}' is up again.")
        except JacoError as error:
            self.get_logger().debug(str(error))  # it is being started, or will be looked at again

    def _on_episode(self, message: EpisodeState) -> None:
        self._finished = self._finished or message.phase == EpisodeState.FINISHED


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run() -> int:
    """Runs the manager until the task is finished or a signal comes; returns the process's exit code."""
    # rclpy's own handlers would shut the context down, and with it the way to stop the arm.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    node = ManagerNode()
    code = 0
    try:
        node.bring_up()
        node.watch()
    except KeyboardInterrupt:
        _ignore_signals()
        node.stop_arm()
    except JacoError as error:
        _ignore_signals()
        node.get_logger().fatal(str(error))
        code = 1
    finally:
        _ignore_signals()
        node.take_down()
        node.close()
        rclpy.try_shutdown()
    return code


def _ignore_signals() -> None:
    """What follows is bounded and must not be cut short."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def main() -> None:
    sys.exit(run())
