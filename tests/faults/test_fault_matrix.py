"""Faults on the running graph, in real time and with real processes. `jaco bench faults` plays all of the matrix."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jaco_bringup.bench.faults.bench import play
from jaco_bringup.bench.faults.matrix import BY_NAME, FAULTS, Act, Fault
from jaco_bringup.bench.faults.measure import FaultFigures
from jaco_bringup.bench.faults.stage import Stage, fault_graph
from jaco_bringup.domain import take_domain
from jaco_bringup.policies import find_policy
from jaco_bringup.runner import Runner
from jaco_safety.reasons import Reason, State

# One tick, the watchdog's period, and what a test machine that does other things besides may add [ms].
TICK_MS, WATCHDOG_MS, BUSY_MS = 10.0, 20.0, 120.0
HALT_MS = 300.0

# One of each kind; the bench plays the rest with the same code.
ON_ONE_GRAPH = (
    "command_nan", "command_short", "command_dropped", "command_duplicated", "joints_dropped", "joints_nan", "joints_misnamed",
    "joints_reordered", "clock_ahead", "camera_stalled", "camera_frozen", "push_position", "policy_frozen", "task_frozen",
    "supervisor_frozen", "sim_frozen", "second_arm_publisher", "second_policy_publisher", "heartbeat_lost", "stop_service",
    "driver_fault", "hardware_stop",
)  # fmt: skip
ON_THEIR_OWN = ("policy_killed", "supervisor_killed")


def check(fault: Fault, figures: FaultFigures) -> None:
    assert not fault.states or figures.state in fault.states, figures
    if fault.tolerated:
        return
    assert not fault.reasons or figures.reason in fault.reasons, figures
    assert figures.detect_ms is not None and figures.detect_ms <= fault.bound_ms + TICK_MS + WATCHDOG_MS + BUSY_MS, figures
    assert figures.standstill_ms is not None, figures
    assert figures.standstill_ms <= fault.bound_ms + TICK_MS + HALT_MS + BUSY_MS, figures
    assert figures.distance_m < 0.5


@pytest.mark.parametrize("name", ON_ONE_GRAPH)
def test_fault_leads_to_rest_with_its_reason(running: Stage, name: str) -> None:
    check(BY_NAME[name], running.play(BY_NAME[name]))


@pytest.mark.parametrize(
    ("name", "joint"), [("command_inf", "joint_1"), ("joints_inf", "joint_1"), ("command_delayed", ""), ("joints_repeated", "")]
)
def test_the_status_alone_says_what_happened_where_and_against_what(running: Stage, name: str, joint: str) -> None:
    figures = running.play(BY_NAME[name])
    assert joint in figures.message and figures.message.endswith(".")
    if not joint:
        value, bound = (float(number) for number in re.findall(r"\d+\.\d+", figures.message)[:2])
        assert value > bound > 0.0


@pytest.mark.parametrize("name", ON_THEIR_OWN)
def test_a_death_leads_to_rest_before_the_run_ends(tmp_path: Path, name: str) -> None:
    with take_domain(None) as domain:
        results = play([BY_NAME[name]], domain.number, "reach", lambda fault, figures: None)
    check(BY_NAME[name], results[name])


def test_corrupt_weights_never_move_the_arm(tmp_path: Path) -> None:
    folder = tmp_path / "corrupt"
    shutil.copytree(find_policy("reach"), folder)
    weights = folder / "policy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100] + bytes(100))
    with take_domain(None) as domain:
        runner = Runner(fault_graph({"policy": str(folder)}), tmp_path / "run", domain.number)
        outcome = runner.run(lambda: False)
    assert outcome.code != 0
    log = (tmp_path / "run" / "log.txt").read_text()
    assert "sha256" in log
    assert "The graph is up" not in log


def test_every_entry_names_what_exists() -> None:
    assert len(BY_NAME) == len(FAULTS)
    states, reasons = {state.name for state in State}, {reason.value for reason in Reason}
    nodes = {node.name for node in fault_graph({}).nodes}
    for fault in FAULTS:
        assert set(fault.states) <= states and set(fault.reasons) <= reasons, fault.name
        assert fault.tolerated or fault.reasons or fault.target == "supervisor", fault.name
        if fault.act in (Act.KILL, Act.FREEZE, Act.SLOW):
            assert fault.target in nodes
