"""What the stand-ins for other people's drivers have in common: a plant, joint states on a real topic, and ways to go wrong."""

from __future__ import annotations

import argparse
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import WrenchStamped
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from jaco_core.arms import Arm, load_arm
from jaco_core.ros import qos
from jaco_core.ros.convert import joints_to_message, wrench_to_message
from jaco_core.ros.polling import PolledSubscription
from jaco_core.types import JointSample, WrenchSample
from jaco_driver.fake import FakeArm

STEP_NS = 10_000_000


def stiff(arm: Arm) -> Arm:
    """Returns the arm with eight times its acceleration, as the servos behind a controller have it."""
    return replace(arm, joints=tuple(replace(joint, max_acceleration=8 * joint.max_acceleration) for joint in arm.joints))


class StandIn:
    """Owns a node whose services are answered on a thread; topics are read and the plant moves in `step`."""

    def __init__(self, name: str, plant: FakeArm, states: str, context: Context | None) -> None:
        self.plant = plant
        self.received = 0
        self.misbehaviour = ""
        self.stamp_ns = time.time_ns()
        self.node = rclpy.create_node(name, context=context, use_global_arguments=False)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self.node)
        self._states = self.node.create_publisher(JointState, states, qos.STATE_WRITER)
        self._truth = self.node.create_publisher(JointState, "/stand_in/truth", qos.STATE_WRITER)
        self._wrench = self.node.create_publisher(WrenchStamped, "/stand_in/wrench", qos.STATE_WRITER)
        self.push = np.zeros(3)
        self.node.create_subscription(String, "/stand_in/misbehave", self._on_misbehave, qos.EVENT)
        self.commands: PolledSubscription | None = None
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def obey(self, message: Any, now_ns: int) -> None:
        """Takes one command message in."""
        raise NotImplementedError

    def drive(self, now_ns: int) -> None:
        """Drives the plant for the step that ends at `now_ns`."""

    def as_told(self, sample: JointSample) -> JointState:
        """Returns the plant's state as this driver tells it."""
        return joints_to_message(sample, "base")

    def take(self, now_ns: int) -> None:
        """Reads the commands that have arrived."""
        assert self.commands is not None
        for message, _ in self.commands.take_all():
            self.received += 1
            self.obey(message, now_ns)

    def step(self, now_ns: int) -> None:
        """Lets the plant move on to `now_ns`."""
        self.take(now_ns)
        self.drive(now_ns)
        self.sample = self.plant.state(now_ns)

    def publish(self) -> int:
        """Publishes the plant's state and returns the stamp that it has [ns]."""
        self.stamp_ns = max(self.stamp_ns + 1, time.time_ns())
        sample = replace(self.sample, stamp_ns=self.stamp_ns)
        self._truth.publish(joints_to_message(sample, "base"))
        message = self.as_told(sample)
        if self.misbehaviour == "nan":
            message.position[1] = float("nan")
        if self.misbehaviour == "misnamed":
            message.name = [f"other_{name}" for name in message.name]
        if self.misbehaviour == "fast":
            message.velocity[0] = 40.0
        if self.misbehaviour != "silent":
            self._states.publish(message)
        if self.misbehaviour != "numb":
            self._wrench.publish(wrench_to_message(WrenchSample(self.stamp_ns, "tool0", self.push, np.zeros(3))))
        return self.stamp_ns

    def close(self) -> None:
        self._executor.shutdown(timeout_sec=0.0)
        self._thread.join(timeout=5.0)
        self.node.destroy_node()

    def run(self, states_every: int) -> None:
        """Moves and publishes in real time, at 100 Hz and every so many steps, until the context ends."""
        due = time.monotonic()
        count = 0
        while self.node.context.ok():
            self.step(time.monotonic_ns())
            count += 1
            if count % states_every == 0:
                self.publish()
            due = max(due + STEP_NS * 1e-9, time.monotonic() - 0.05)
            time.sleep(max(0.0, due - time.monotonic()))

    def _on_misbehave(self, message: String) -> None:
        self.misbehaviour = message.data

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()


def main(make: Callable[[FakeArm, Arm, argparse.Namespace], StandIn]) -> None:
    """Runs a stand-in as a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--arm", required=True)
    parser.add_argument("--interface", default="velocity")
    parser.add_argument("--states-every", type=int, default=1)
    arguments = parser.parse_args()
    rclpy.init()
    arm = load_arm(arguments.arm)
    make(ready_plant(arm), arm, arguments).run(arguments.states_every)


def ready_plant(arm: Arm, now_ns: int | None = None) -> FakeArm:
    """Returns an arm that takes velocities."""
    plant = FakeArm(stiff(arm))
    plant.configure()
    plant.activate(time.monotonic_ns() if now_ns is None else now_ns)
    return plant
