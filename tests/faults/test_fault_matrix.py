"""Faults on the running graph, in real time and with real processes. `jaco bench faults` plays all of the matrix."""

from __future__ import annotations

import re

import pytest
from fault_check import check, play

from jaco_bringup.bench.faults.matrix import BY_NAME, FAULTS, Act
from jaco_bringup.bench.faults.stage import Stage, fault_graph
from jaco_safety.reasons import Reason, State

# One of each kind; the bench plays the rest with the same code.
ON_ONE_GRAPH = (
    "command_nan", "command_short", "command_dropped", "command_duplicated", "joints_dropped", "joints_nan", "joints_misnamed",
    "joints_reordered", "clock_ahead", "camera_stalled", "camera_frozen", "push_position", "policy_frozen", "task_frozen",
    "supervisor_frozen", "sim_frozen", "second_arm_publisher", "second_policy_publisher", "heartbeat_lost", "stop_service",
    "driver_fault", "hardware_stop", "camera_still", "recorder_frozen", "markers_killed", "weights_replaced",
)  # fmt: skip


@pytest.mark.parametrize("name", ON_ONE_GRAPH)
def test_fault_leads_to_rest_with_its_reason(running: Stage, name: str) -> None:
    check(BY_NAME[name], play(running, BY_NAME[name]))


@pytest.mark.parametrize(
    ("name", "joint"), [("command_inf", "joint_1"), ("joints_inf", "joint_1"), ("command_delayed", ""), ("joints_repeated", "")]
)
def test_the_status_alone_says_what_happened_where_and_against_what(running: Stage, name: str, joint: str) -> None:
    figures = running.play(BY_NAME[name])
    assert joint in figures.message and figures.message.endswith(".")
    if not joint:
        value, bound = (float(number) for number in re.findall(r"\d+\.\d+", figures.message)[:2])
        assert value > bound > 0.0


def test_every_entry_names_what_exists() -> None:
    assert len(BY_NAME) == len(FAULTS)
    states, reasons = {state.name for state in State}, {reason.value for reason in Reason}
    nodes = {node.name for node in fault_graph({"run_dir": "somewhere"}).nodes}
    for fault in FAULTS:
        assert set(fault.states) <= states and set(fault.reasons) <= reasons, fault.name
        assert fault.tolerated or fault.ends_run or fault.reasons or fault.target == "supervisor", fault.name
        if fault.act in (Act.KILL, Act.FREEZE, Act.SLOW):
            assert fault.target in nodes
