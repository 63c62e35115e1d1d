"""The driver as a process against stand-ins as processes: whatever their driver does, the arm comes to rest, and says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from jaco_interfaces.msg import JointVelocityCommand, StopInput
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.convert import command_to_message
from jaco_core.ros.lifecycle_client import ACTIVATE, CONFIGURE, LifecycleClient
from jaco_core.ros.waiting import spin_until
from jaco_core.types import VelocityCommand

TIMEOUT = 60.0
MOST_FALSE_STARTS = 5
HERE = Path(__file__).parent
# [s] A machine with other work keeps the stand-ins waiting for longer than the drivers should wait for an arm.
PATIENT = "0.5"

SET_UP = """
controller: test_controller
command_interface: {interface}
status: [{{topic: /fault_controller/internal_fault, type: std_msgs/msg/Bool, field: data, good: [false]}}]
resets: [{{service: /fault_controller/reset_fault, type: std_srvs/srv/Trigger}}]
"""


class Bench:
    """A stand-in, a driver, and the supervisor's side of it by hand."""

    def __init__(self, arm: str, stand_in: list[str], parameters: dict[str, str]) -> None:
        self.arm = load_arm(arm)
        self.states: list[JointState] = []
        self.truth: list[JointState] = []
        self.faults: list[StopInput] = []
        self.sequence = 0
        self.speed = 0.0
        self.domain = take_random_domain()
        rclpy.init(domain_id=self.domain.number)
        self.executor = SingleThreadedExecutor()
        self.node = rclpy.create_node("probe")
        self.executor.add_node(self.node)
        self.commands = self.node.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND)
        self.misbehave = self.node.create_publisher(String, "/stand_in/misbehave", qos.EVENT)
        self.node.create_subscription(JointState, "/joint_states", self.on_state, qos.RECORD)
        self.node.create_subscription(JointState, "/stand_in/truth", self.truth.append, qos.RECORD)
        self.node.create_subscription(StopInput, "/safety/inputs", self.faults.append, qos.INPUT)
        self.node.create_timer(0.02, self.send)
        self.clear = self.node.create_client(Trigger, "/driver/clear_faults")
        environment = os.environ | {"ROS_DOMAIN_ID": str(self.domain.number)}
        self.stand_in = subprocess.Popen([sys.executable, *stand_in], env=environment, cwd=HERE)
        arguments = [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
        self.driver = subprocess.Popen(
            [sys.executable, "-m", "jaco_driver.node", "--ros-args", "-p", f"arm:={arm}", *arguments],
            env=environment,
        )
        self.lifecycle = LifecycleClient(self.node, self.executor, "driver")

    def on_state(self, message: JointState) -> None:
        self.states.append(message)

    def send(self) -> None:
        """Goes on sending, whatever happens: the driver must come to rest by itself."""
        self.sequence += 1
        # A gripper or finger would soon be at its end.
        velocity = np.array([self.speed if joint.kind == "arm" else 0.0 for joint in self.arm.joints])
        self.commands.publish(command_to_message(VelocityCommand(1, self.arm.joint_names, velocity, self.sequence)))

    def until(self, predicate: Callable[[], bool], what: str) -> None:
        spin_until(self.executor, predicate, TIMEOUT, what)

    def start(self) -> None:
        self.lifecycle.wait(TIMEOUT)
        self.lifecycle.change(CONFIGURE, TIMEOUT)
        self.lifecycle.change(ACTIVATE, TIMEOUT)
        self.until(lambda: self.commands.get_subscription_count() > 0 and len(self.states) > 0, "the driver to connect")

    def drive(self, speed: float) -> None:
        self.speed = speed
        stops: list[str] = []

        def moves() -> bool:
            if self.faults and self.faults[-1].active:
                # A busy machine can starve the driver or its stand-in before what is tested begins.
                stops.append(self.faults[-1].message)
                assert len(stops) <= MOST_FALSE_STARTS, stops
                self.until_cleared()
                self.speed = speed
            return self.moves_at(speed)

        self.until(moves, f"the arm to move at {speed} rad/s")

    def moves_at(self, speed: float) -> bool:
        """Tells whether every joint that is sent moves at `speed` [rad/s], and no other moves."""
        if not self.truth:
            return False
        count = sum(joint.kind == "arm" for joint in self.arm.joints)
        wanted = np.array([0.0] * (len(self.arm) - count) + [speed] * count)
        return bool(np.allclose(np.sort(self.truth[-1].velocity), wanted, atol=0.03))

    def until_fault(self, text: str) -> None:
        self.until(lambda: bool(self.faults) and self.faults[-1].active, f"a fault with '{text}'")
        assert text in self.faults[-1].message

    def until_cleared(self) -> None:
        def well() -> bool:
            # Asked for again as long as it takes: a fault that is cleared may come back while its cause goes.
            if self.faults[-1].active and self.clear.service_is_ready():
                self.until(self.clear.call_async(Trigger.Request()).done, "the service to clear faults")
            return not self.faults[-1].active

        self.speed = 0.0
        self.until(well, "the fault to be cleared and to be reported so")

    def tell(self, misbehaviour: str) -> None:
        self.misbehave.publish(String(data=misbehaviour))

    def close(self) -> None:
        for process in (self.driver, self.stand_in):
            process.kill()
            process.communicate(timeout=TIMEOUT)
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.try_shutdown()
        self.domain.release()


def controller(interface: str, folder: Path) -> Bench:
    (folder / "set_up.yaml").write_text(SET_UP.format(interface=interface))
    stand_in = ["controller_stand_in.py", "--arm", "gen3", "--interface", interface]
    return Bench(
        "gen3",
        stand_in,
        {"backend": "ros2_control", "controllers": str(folder / "set_up.yaml"), "controller_state_timeout": PATIENT},
    )


def kinova(folder: Path) -> Bench:
    if find_spec("kinova_msgs") is None:
        pytest.skip("kinova_msgs is not installed: docker/underlay has what is needed of it")
    return Bench(
        "j2n6s300",
        ["kinova_stand_in.py", "--arm", "j2n6s300", "--states-every", "2"],
        {"backend": "kinova_ros", "kinova_state_timeout": PATIENT},
    )


BENCHES: dict[str, Callable[[Path], Bench]] = {
    "kinova_ros": kinova,
    "ros2_control velocity": lambda folder: controller("velocity", folder),
    "ros2_control trajectory": lambda folder: controller("trajectory", folder),
}


@pytest.fixture(params=["kinova_ros", "ros2_control velocity"])
def bench(request: Any, tmp_path: Path) -> Iterator[Bench]:
    bench = BENCHES[request.param](tmp_path)
    yield bench
    bench.close()


def test_whatever_the_arms_driver_does_the_arm_comes_to_rest(bench: Bench) -> None:
    bench.start()
    for misbehaviour, text in (
        ("nan", "joint_2 that is not finite"),
        ("misnamed", "no usable joint state for"),
        ("fast", "reports 40 rad/s of joint_1"),
        ("silent", "no usable joint state for"),
    ):
        bench.drive(0.15)
        bench.tell(misbehaviour)
        bench.until_fault(text)
        bench.until(lambda: bench.moves_at(0.0), f"rest after '{misbehaviour}'")
        bench.tell("")
        bench.until_cleared()
    bench.drive(0.15)
    bench.stand_in.send_signal(signal.SIGSTOP)
    bench.until_fault("no usable joint state for")
    bench.stand_in.send_signal(signal.SIGCONT)
    bench.until(lambda: bench.moves_at(0.0), "rest once the arm's driver goes on")
    bench.until_cleared()
    bench.drive(0.15)
    bench.stand_in.kill()
    bench.until_fault("")
    assert bench.driver.poll() is None, "the driver survives"


@pytest.mark.parametrize("name", ["kinova_ros", "ros2_control trajectory", "ros2_control velocity"])
def test_arm_rests_when_the_driver_is_frozen_or_killed_in_motion(name: str, tmp_path: Path) -> None:
    bench = BENCHES[name](tmp_path)
    try:
        bench.start()
        bench.drive(0.15)
        bench.driver.send_signal(signal.SIGSTOP)
        bench.until(lambda: bench.moves_at(0.0), "the arm to rest while its driver is frozen")
        told = len(bench.states)
        bench.driver.send_signal(signal.SIGCONT)
        # It may find its joint states too old at first, which is a fault.
        bench.until(lambda: len(bench.states) > told + 20, "the driver to go on")
        if bench.faults and bench.faults[-1].active:
            bench.until_cleared()
        bench.drive(0.15)
        bench.driver.kill()
        bench.until(lambda: bench.moves_at(0.0), "the arm to rest without its driver")
    finally:
        bench.close()
