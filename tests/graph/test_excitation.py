"""The excitation through the graph: every joint moves, nothing is stopped, and the recording is one that can be identified."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from graph_program import Program
from jaco_interfaces.msg import SafetyStatus

from jaco_bringup.commands.identify import read_record
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording

Start: TypeAlias = Callable[..., Program]
SECONDS = 4.0


def test_every_joint_moves_behind_the_supervisor_and_nothing_is_stopped(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    options = ("--excite", str(SECONDS), "--profile", "twin-1", "--seed", "11", "--run-dir", str(folder))
    program = start("sim", *options)
    assert program.wait() == 0
    assert f"./jaco identify {folder}" in program.text()
    record, worlds = read_record(folder)
    assert record.seconds >= SECONDS and len(record.stretches()) == 1 and not worlds
    assert (np.ptp(record.position, axis=0) > 0.05).all() and (np.ptp(record.velocity, axis=0) > 0.1).all()
    assert len(record.images) >= 10 * SECONDS and record.camera_matrix is not None
    states = {item.message.state for item in Recording(folder / FILE_NAME).messages(("/safety/status",))}
    assert SafetyStatus.ACTIVE in states and not states & {SafetyStatus.PROTECTIVE_STOP, SafetyStatus.EMERGENCY_STOP}
