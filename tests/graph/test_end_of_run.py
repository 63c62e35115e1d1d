"""However a run ends, no process is left and the last velocity is zero."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from graph_program import Listener, Program
from jaco_interfaces.msg import JointVelocityCommand

from jaco_bringup.bench.faults.node import Info, published_ns
from jaco_bringup.runner import Bounds
from jaco_core.ros import qos
from jaco_core.units import seconds_to_ns

Start: TypeAlias = Callable[..., Program]

CRITICAL = ("recorder", "supervisor", "policy", "task", "sim", "manager")


def begin(start: Start, listener: Listener, folder: Path, *arguments: str) -> Program:
    program = start("sim", "--episodes", "200", "--quiet", "--no-report", "--run-dir", str(folder), *arguments)
    listener.wait_for_motion()
    return program


def at_rest(listener: Listener, survivor: str = "applied") -> bool:
    listener.drain()
    return not any(getattr(listener, survivor)[-1].velocities)


@pytest.mark.parametrize("mode", [(), ("--realtime",)], ids=["lockstep", "realtime"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_arm_and_leaves_nothing(
    start: Start, listener: Listener, tmp_path: Path, mode: tuple[str, ...], number: signal.Signals
) -> None:
    program = begin(start, listener, tmp_path / "run", *mode)
    program.signal(number)
    assert program.wait() == 130
    program.wait_for_no_nodes()
    assert at_rest(listener)


def test_a_frozen_manager_does_not_keep_the_arm_moving(start: Start, listener: Listener, tmp_path: Path) -> None:
    moved_ns: list[int] = []

    def note(message: JointVelocityCommand, info: Info) -> None:
        if any(message.velocities):
            moved_ns.append(published_ns(info))

    listener.graph.console.create_subscription(JointVelocityCommand, "/arm/applied", note, qos.RECORD)
    program = begin(start, listener, tmp_path / "run", "--realtime")
    program.nodes()["manager"].suspend()
    asked_ns = time.monotonic_ns()
    program.signal(signal.SIGINT)
    assert program.wait() == 130
    program.wait_for_no_nodes()
    assert at_rest(listener)
    assert "did not bring the arm to rest" in (tmp_path / "run" / "log.txt").read_text()
    # The manager's own bound, the arm's braking, and what a machine with other work may add.
    assert moved_ns[-1] - asked_ns < seconds_to_ns(Bounds().rest + 0.3 + 1.0)


@pytest.mark.parametrize("node", CRITICAL)
def test_a_killed_node_ends_the_run_with_its_name(start: Start, listener: Listener, tmp_path: Path, node: str) -> None:
    program = begin(start, listener, tmp_path / "run")
    program.nodes()[node].kill()
    assert program.wait() not in (0, 130)
    assert f"Node '{node}' ended with signal SIGKILL" in program.text()
    program.wait_for_no_nodes()
    # A simulator that was killed applies nothing any more: there it is the supervisor's last word that counts.
    assert at_rest(listener, "commanded" if node == "sim" else "applied")


def test_a_killed_viewer_is_started_again_and_the_run_goes_on(start: Start, listener: Listener, tmp_path: Path) -> None:
    program = begin(start, listener, tmp_path / "run")
    first = program.nodes()["markers"]
    first.kill()
    listener.graph.until(lambda: program.nodes().get("markers", first).pid != first.pid, "another markers process", timeout=20.0)
    count = len(listener.applied)
    listener.graph.until(lambda: len(listener.applied) > count + 100, "the run to go on")
    program.signal(signal.SIGINT)
    assert program.wait() == 130
    program.wait_for_no_nodes()
    assert at_rest(listener)


def test_a_killed_runner_takes_its_nodes_along(start: Start, listener: Listener, tmp_path: Path) -> None:
    program = begin(start, listener, tmp_path / "run")
    program.signal(signal.SIGKILL)
    program.wait()
    program.wait_for_no_nodes()
    assert at_rest(listener)
