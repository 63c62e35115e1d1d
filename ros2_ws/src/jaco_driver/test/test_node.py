"""The driver as a process with the fake arm, over real topics and services."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import rclpy
from jaco_interfaces.msg import JointVelocityCommand
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.convert import command_to_message
from jaco_core.ros.lifecycle_client import ACTIVATE, CONFIGURE, DEACTIVATE, LifecycleClient
from jaco_core.ros.waiting import spin_until
from jaco_core.types import VelocityCommand

TIMEOUT = 60.0


class Probe:
    """The supervisor's side, by hand, of a driver process."""

    def __init__(self) -> None:
        self.arm = load_arm("j2n6s300")
        self.states: list[JointState] = []
        self.applied: list[JointVelocityCommand] = []
        self.sequence = 0
        self.domain = take_random_domain()
        rclpy.init(domain_id=self.domain.number)
        self.executor = SingleThreadedExecutor()
        self.node = rclpy.create_node("probe")
        self.executor.add_node(self.node)
        self.commands = self.node.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND)
        self.node.create_subscription(JointState, "/joint_states", self.states.append, qos.RECORD)
        self.node.create_subscription(JointVelocityCommand, "/arm/applied", self.applied.append, qos.RECORD)
        self.clear = self.node.create_client(Trigger, "/driver/clear_faults")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jaco_driver.node"],
            env=os.environ | {"ROS_DOMAIN_ID": str(self.domain.number)},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self._bring_up()
        except Exception:
            self.close()
            raise

    def _bring_up(self) -> None:
        self.lifecycle = LifecycleClient(self.node, self.executor, "driver")
        self.lifecycle.wait(TIMEOUT)
        self.lifecycle.change(CONFIGURE, TIMEOUT)
        self.lifecycle.change(ACTIVATE, TIMEOUT)
        self.until(lambda: self.commands.get_subscription_count() > 0 and len(self.states) > 0, "the driver to connect")

    def until(self, predicate: Callable[[], bool], what: str) -> None:
        spin_until(self.executor, predicate, TIMEOUT, what)

    def send(self, velocity: float) -> None:
        self.sequence += 1
        command = VelocityCommand(1, self.arm.joint_names, np.full(len(self.arm), velocity), self.sequence)
        self.commands.publish(command_to_message(command))

    def drive(self, velocity: float) -> None:
        """Answers every joint state with `velocity` [rad/s] until the arm has it."""
        seen = 0

        def going() -> bool:
            nonlocal seen
            if len(self.states) > seen:
                seen = len(self.states)
                self.send(velocity)
            return bool(np.allclose(self.states[-1].velocity, velocity, atol=1e-6))

        self.until(going, f"the arm to move at {velocity} rad/s")

    def until_still(self) -> None:
        self.until(lambda: not np.any(self.states[-1].velocity), "the arm to stand still")

    def call_clear(self) -> Trigger.Response:
        self.until(self.clear.service_is_ready, "the service to clear faults")
        future = self.clear.call_async(Trigger.Request())
        self.until(future.done, "its answer")
        return future.result()

    def close(self) -> str:
        """Ends the process and returns its log."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            _, log = self.process.communicate(timeout=TIMEOUT)
        finally:
            self.process.kill()
            rclpy.try_shutdown()
            self.domain.release()
        return log


@pytest.fixture
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.close()


def test_arm_moves_while_commands_come_and_rests_when_they_stop(probe: Probe) -> None:
    probe.drive(0.2)
    probe.until(lambda: any(applied.sequence > 0 for applied in probe.applied), "what was applied to be told")
    assert all(list(applied.joint_names) == list(probe.arm.joint_names) for applied in probe.applied)
    probe.until_still()
    # The two topics keep no order.
    probe.until(lambda: not np.any(probe.applied[-1].velocities), "the rest to be told")
    probe.drive(-0.1)


def test_stamps_of_joint_states_count_up(probe: Probe) -> None:
    probe.until(lambda: len(probe.states) > 20, "twenty joint states")
    stamps = [(state.header.stamp.sec, state.header.stamp.nanosec) for state in probe.states]
    assert stamps == sorted(set(stamps))


def test_second_publisher_stops_the_arm_until_it_is_gone_and_cleared(probe: Probe) -> None:
    probe.drive(0.2)
    rival = rclpy.create_node("rival")
    publisher = rival.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND)
    probe.until(lambda: publisher.get_subscription_count() > 0, "the driver to see the rival")
    probe.until_still()
    before = len(probe.applied)
    probe.send(0.2)
    refused = probe.call_clear()
    assert not refused.success
    assert "only one may: " in refused.message
    # The middleware tells of a publisher before it tells its node's name.
    probe.until(lambda: "only one may: probe, rival" in probe.call_clear().message, "the rival to be named")
    assert len(probe.applied) == before
    rival.destroy_node()
    probe.until(lambda: probe.call_clear().success, "the fault to clear once the rival is gone")
    probe.drive(0.1)
    assert "only one may: probe, rival" in probe.close()


def test_deactivated_driver_takes_no_commands(probe: Probe) -> None:
    probe.drive(0.2)
    probe.lifecycle.change(DEACTIVATE, TIMEOUT)
    before = len(probe.applied)
    probe.send(0.2)
    probe.lifecycle.change(ACTIVATE, TIMEOUT)
    probe.until_still()
    assert not [message for message in probe.applied[before:] if np.any(message.velocities)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_process_cleanly(probe: Probe, number: signal.Signals) -> None:
    probe.drive(0.2)
    probe.process.send_signal(number)
    assert "Traceback" not in probe.close()
    assert probe.process.returncode == 0
