"""The driver's process with the Kortex backend at the emulator: what happens to the arm when the process is killed or frozen."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import rclpy
from jaco_interfaces.msg import JointVelocityCommand, StopInput
from kortex_traps import EMULATED
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.domain import take_random_domain
from jaco_core.errors import ContractError
from jaco_core.ros import qos
from jaco_core.ros.convert import command_to_message
from jaco_core.ros.lifecycle_client import ACTIVATE, CONFIGURE, LifecycleClient
from jaco_core.ros.waiting import spin_until
from jaco_core.types import VelocityCommand
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.kortex.testing import wheel_problem

TIMEOUT = 60.0


class Probe:
    """The supervisor's side, by hand, of a driver process at the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.arm = load_arm("gen3")
        self.states: list[JointState] = []
        self.reports: list[StopInput] = []
        self.domain = take_random_domain()
        rclpy.init(domain_id=self.domain.number)
        self.executor = SingleThreadedExecutor()
        self.node = rclpy.create_node("probe")
        self.executor.add_node(self.node)
        self.commands = self.node.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND)
        self.node.create_subscription(JointState, "/joint_states", self.states.append, qos.RECORD)
        self.node.create_subscription(StopInput, "/safety/inputs", self.reports.append, qos.RECORD)
        self.clear = self.node.create_client(Trigger, "/driver/clear_faults")
        parameters = {
            "arm": "gen3",
            "backend": "kortex",
            "robot_ip": "127.0.0.1",
            "tcp_port": emulator.tcp_port,
            "udp_port": emulator.udp_port,
        }
        given = [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jaco_driver.node", "--ros-args", *given],
            env=os.environ | {"ROS_DOMAIN_ID": str(self.domain.number)},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log = ""

    def start(self) -> None:
        lifecycle = LifecycleClient(self.node, self.executor, "driver")
        lifecycle.wait(TIMEOUT)
        self.bring_up(lifecycle, CONFIGURE)
        self.bring_up(lifecycle, ACTIVATE)
        spin_until(self.executor, lambda: len(self.states) > 0, TIMEOUT, "joint states")

    def bring_up(self, lifecycle: LifecycleClient, transition: int) -> None:
        """Asks again where a busy machine made the driver refuse: it gives a base 100 ms to answer, and then connects again."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                lifecycle.change(transition, TIMEOUT)
                return
            except ContractError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)  # the poll interval of this bounded wait

    def moving(self) -> bool:
        return bool(np.any(np.abs(self.emulator.read().velocity) > 0.02))

    def until(self, predicate: Callable[[], bool], what: str, driving: bool = False) -> None:
        """Waits; `driving`: answers every joint state with a velocity meanwhile."""
        seen = 0

        def done() -> bool:
            nonlocal seen
            if driving and len(self.states) > seen:
                seen = len(self.states)
                self.send(seen)
            return predicate()

        spin_until(self.executor, done, TIMEOUT, what)

    def send(self, sequence: int) -> None:
        command = VelocityCommand(1, self.arm.joint_names, np.full(len(self.arm), 0.2), sequence)
        self.commands.publish(command_to_message(command))

    def drive(self) -> None:
        """Answers every joint state with a velocity until the arm moves."""
        self.until(self.moving, "the arm to move", True)

    def insist(self) -> None:
        """Goes on sending speeds once the driver hears of the arm again. They must not move it, but for what hung on its way."""
        begin = len(self.states)

        def insisted() -> bool:
            assert len(self.states) < begin + 10 or not self.moving(), "nothing moves before a reset"
            return len(self.states) >= begin + 40

        self.until(insisted, "joint states", True)

    def until_still(self) -> None:
        spin_until(self.executor, lambda: not self.moving(), TIMEOUT, "the arm to stand")

    def call_clear(self) -> Trigger.Response:
        future = self.clear.call_async(Trigger.Request())
        spin_until(self.executor, future.done, TIMEOUT, "the answer of ~/clear_faults")
        return future.result()

    def close(self) -> str:
        if self.log:
            return self.log
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.log += self.process.communicate(timeout=TIMEOUT)[1]
        finally:
            self.process.kill()
            rclpy.try_shutdown()
            self.domain.release()
        return self.log


@pytest.fixture
def probe() -> Iterator[Probe]:
    problem = wheel_problem()
    if problem:
        pytest.skip(problem)
    with Emulator() as emulator:
        emulator.place(load_arm("gen3").home)
        probe = Probe(emulator)
        try:
            probe.start()
            yield probe
        finally:
            print(probe.close())


def test_fault_survives_the_node_and_is_cleared_on_request_only(probe: Probe) -> None:
    probe.drive()
    probe.emulator.fault("MAXIMUM_CURRENT")
    probe.until_still()
    spin_until(
        probe.executor,
        lambda: any("the current is too high" in report.message for report in probe.reports),
        TIMEOUT,
        "the driver's report",
    )
    assert not probe.moving()
    spin_until(probe.executor, lambda: probe.call_clear().success, TIMEOUT, "the fault to be cleared")
    probe.drive()
    log = probe.close()
    assert "the current is too high" in log
    assert "admin" not in log
    assert "Traceback" not in log
    assert probe.process.returncode == 0


@pytest.mark.parametrize("name", EMULATED)
def test_node_survives_a_trap_says_so_and_the_arm_waits_for_a_reset(probe: Probe, name: str) -> None:
    trap = EMULATED[name]
    probe.drive()
    trap.spring(probe.emulator)
    probe.until(
        lambda: any(report.active and re.search(trap.words, report.message) is not None for report in probe.reports),
        "the driver's report",
        driving=True,
    )
    probe.until_still()
    trap.end(probe.emulator)
    probe.insist()
    spin_until(probe.executor, lambda: probe.call_clear().success, TIMEOUT, "the reset")
    assert not probe.moving()
    probe.drive()
    probe.close()
    assert probe.process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_arm_stands_by_itself_when_the_driver_is_killed_or_frozen(probe: Probe, number: signal.Signals) -> None:
    probe.drive()
    probe.process.send_signal(number)
    probe.until_still()
    # The sentinel kills a frozen driver: thawed, it could not know for how long the arm was left alone.
    assert probe.process.wait(TIMEOUT) == -signal.SIGKILL
    assert not probe.moving()
