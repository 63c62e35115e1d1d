"""The supervisor as a process, over real topics and services."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import rclpy
from jaco_interfaces.msg import JointVelocityCommand, SafetyStatus
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from jaco_core.arms import Arm
from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.convert import command_from_message, command_to_message, joints_to_message
from jaco_core.ros.lifecycle_client import ACTIVATE, CONFIGURE, DEACTIVATE, LifecycleClient
from jaco_core.ros.waiting import spin_until
from jaco_core.types import JointSample, VelocityCommand
from jaco_safety.reasons import State
from jaco_safety.testing import TICK_NS

TIMEOUT = 60.0


class Probe:
    """The arm side and the policy, by hand, around a supervisor process."""

    def __init__(self, arm: Arm, *parameters: str) -> None:
        self.arm = arm
        self.stamp_ns = 5_000_000_000
        self.position = arm.home
        self.commands: list[VelocityCommand] = []
        self.statuses: list[SafetyStatus] = []
        self.domain = take_random_domain()
        rclpy.init(domain_id=self.domain.number)
        self.executor = SingleThreadedExecutor()
        self.node = rclpy.create_node("probe")
        self.executor.add_node(self.node)
        self.joints = self.node.create_publisher(JointState, "/joint_states", qos.STATE)
        self.policy = self.node.create_publisher(JointVelocityCommand, "/policy/command", qos.COMMAND)
        self.node.create_subscription(JointVelocityCommand, "/arm/command", self._on_command, qos.RECORD)
        self.node.create_subscription(SafetyStatus, "/safety/status", self.statuses.append, qos.LATCHED)
        self.stop = self.node.create_client(Trigger, "/safety/stop")
        self.reset = self.node.create_client(Trigger, "/safety/reset")
        arguments = [word for parameter in parameters for word in ("-p", parameter)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jaco_safety.node", *(["--ros-args", *arguments] if arguments else [])],
            env=os.environ | {"ROS_DOMAIN_ID": str(self.domain.number)},
        )
        try:
            self._bring_up()
        except Exception:
            self.close()
            raise

    def _bring_up(self) -> None:
        self.lifecycle = LifecycleClient(self.node, self.executor, "supervisor")
        self.lifecycle.wait(TIMEOUT)
        self.lifecycle.change(CONFIGURE, TIMEOUT)
        self.lifecycle.change(ACTIVATE, TIMEOUT)
        self.until(
            lambda: self.joints.get_subscription_count() > 0 and self.policy.get_subscription_count() > 0,
            "the supervisor to connect",
        )

    def _on_command(self, message: JointVelocityCommand) -> None:
        self.commands.append(command_from_message(message))

    def until(self, predicate: object, what: str) -> None:
        assert callable(predicate)
        spin_until(self.executor, predicate, TIMEOUT, what)

    def tick(self, velocity: float = 0.0) -> VelocityCommand:
        """Publishes the next joint state, the arm going at `velocity` [rad/s], and returns the answer to it."""
        self.stamp_ns += TICK_NS
        sample = JointSample(self.stamp_ns, self.arm.joint_names, self.position, np.full(len(self.arm), velocity))
        self.joints.publish(joints_to_message(sample, "base"))
        self.until(lambda: self.commands and self.commands[-1].stamp_ns == self.stamp_ns, f"an answer to {self.stamp_ns}")
        return self.commands[-1]

    def propose(self, velocity: float) -> VelocityCommand:
        """Publishes a policy command for the newest joint state and returns the answer that carries it."""
        command = VelocityCommand(self.stamp_ns, self.arm.joint_names, np.full(len(self.arm), velocity), policy_version=3)
        self.policy.publish(command_to_message(command))
        self.until(lambda: self.commands[-1].policy_stamp_ns == self.stamp_ns, f"the answer to the policy at {self.stamp_ns}")
        return self.commands[-1]

    def state(self, state: State) -> SafetyStatus:
        """Waits until the supervisor is in `state` and returns its status."""
        self.until(lambda: bool(self.statuses) and self.statuses[-1].state == state, f"state {state.name}")
        return self.statuses[-1]

    def call(self, client: rclpy.client.Client) -> Trigger.Response:
        self.until(client.service_is_ready, client.srv_name)
        future = client.call_async(Trigger.Request())
        self.until(future.done, f"the answer of {client.srv_name}")
        return future.result()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT)
        finally:
            self.process.kill()
            rclpy.try_shutdown()
            self.domain.release()


@pytest.fixture
def probe(arm: Arm, request: pytest.FixtureRequest) -> Iterator[Probe]:
    probe = Probe(arm, *getattr(request, "param", ("lockstep:=true",)))
    yield probe
    probe.close()


def test_states_match_the_message() -> None:
    assert {state.name: int(state) for state in State} == {state.name: getattr(SafetyStatus, state.name) for state in State}


def test_command_passes_and_bad_one_stops_until_reset(probe: Probe) -> None:
    assert not probe.tick().velocity.any()
    probe.state(State.READY)
    answer = probe.propose(0.02)
    assert np.array_equal(answer.velocity, np.full(9, 0.02))
    assert (answer.stamp_ns, answer.policy_version) == (probe.stamp_ns, 3)
    probe.state(State.ACTIVE)
    probe.tick()
    probe.propose(float("nan"))
    for _ in range(5):
        probe.tick()
    assert not probe.commands[-1].velocity.any()
    status = probe.state(State.PROTECTIVE_STOP)
    assert (status.reason, status.subject) == ("command_not_finite", "joint_1")
    assert "not a finite number" in status.message
    probe.tick()
    assert not probe.propose(0.02).velocity.any()
    refused = probe.call(probe.reset)
    assert not refused.success and "a reset is accepted" in refused.message
    for _ in range(60):
        probe.tick()
    assert probe.call(probe.reset).success
    probe.state(State.READY)
    for _ in range(60):
        probe.tick()
        probe.propose(0.02)
    assert np.array_equal(probe.commands[-1].velocity, np.full(9, 0.02))
    counted = dict(zip(probe.state(State.ACTIVE).counted, probe.statuses[-1].counts, strict=True))
    assert counted["pass"] >= 1 and counted["stop:command_not_finite"] >= 1


def test_stop_service_halts_and_latches(probe: Probe) -> None:
    probe.tick()
    probe.propose(0.02)
    assert probe.call(probe.stop).success
    assert probe.state(State.EMERGENCY_STOP).reason == "stop_request"
    assert not probe.commands[-1].velocity.any()
    for _ in range(60):
        probe.tick()
    probe.tick(velocity=0.1)
    assert "still moves" in probe.call(probe.reset).message


def test_malformed_command_is_a_stop(probe: Probe) -> None:
    probe.tick()
    message = command_to_message(VelocityCommand(probe.stamp_ns, probe.arm.joint_names, np.zeros(8)))
    probe.policy.publish(message)
    assert probe.state(State.PROTECTIVE_STOP).reason == "command_length"


@pytest.mark.parametrize("probe", [("joint_silence:=0.3",)], indirect=True)
def test_silent_joint_states_stop_the_arm(probe: Probe) -> None:
    probe.tick()
    probe.propose(0.02)
    assert probe.state(State.PROTECTIVE_STOP).reason == "stale_joints"
    assert not probe.commands[-1].velocity.any()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_last_command_of_a_stopped_process_is_zero(probe: Probe, number: signal.Signals) -> None:
    probe.tick()
    assert probe.propose(0.02).velocity.any()
    before = len(probe.commands)
    probe.process.send_signal(number)
    probe.until(lambda: probe.process.poll() is not None and len(probe.commands) > before, "the process to end")
    assert probe.process.returncode == 0
    assert not probe.commands[-1].velocity.any()
    assert probe.commands[-1].sequence == len(probe.commands)


def test_deactivation_commands_zero_and_then_nothing(probe: Probe) -> None:
    probe.tick()
    probe.propose(0.02)
    probe.lifecycle.change(DEACTIVATE, TIMEOUT)
    probe.until(lambda: not probe.commands[-1].velocity.any(), "the zero command")
    before = len(probe.commands)
    sample = JointSample(probe.stamp_ns + TICK_NS, probe.arm.joint_names, probe.position, np.zeros(9))
    probe.joints.publish(joints_to_message(sample, "base"))
    probe.lifecycle.change(ACTIVATE, TIMEOUT)
    assert len(probe.commands) == before
