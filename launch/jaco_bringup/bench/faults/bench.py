"""`jaco bench faults`: every fault of the matrix on the running graph, in real time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jaco_bringup.bench.faults.matrix import FAULTS, Fault
from jaco_bringup.bench.faults.measure import FaultFigures
from jaco_bringup.bench.faults.stage import stage
from jaco_core.domain import RosDomain

Report = Callable[[Fault, FaultFigures], None]


def measure(domain: RosDomain, policy: str) -> dict[str, dict[str, Any]]:
    """Returns one entry per fault: state, reason, message, bound_ms, detect_ms, heard_ms, standstill_ms, distance_m.

    Raises:
        RunFailed: the graph ended though nobody had killed it.
        TimeoutExceeded: the arm did not move before a fault or could not be reset after it.
    """
    return {name: asdict(figures) for name, figures in play(FAULTS, domain.number, policy, _show).items()}


def play(faults: Sequence[Fault], domain: int, policy: str, report: Report) -> dict[str, FaultFigures]:
    """Plays `faults`: those that the graph survives on one graph, each of the others on one of its own."""
    results: dict[str, FaultFigures] = {}
    surviving = [fault for fault in faults if fault.survivable]
    groups = ([surviving] if surviving else []) + [[fault] for fault in faults if not fault.survivable]
    for group in groups:
        with TemporaryDirectory(prefix="jaco-faults-") as folder, stage(Path(folder), domain, policy) as running:
            for fault in group:
                results[fault.name] = running.play(fault)
                report(fault, results[fault.name])
    return {fault.name: results[fault.name] for fault in faults}


def _show(fault: Fault, figures: FaultFigures) -> None:
    times = ", ".join(f"{value:.0f} ms" if value is not None else "-" for value in (figures.detect_ms, figures.standstill_ms))
    print(f"{fault.name}: {figures.state} {figures.reason}, {times}, {figures.distance_m:.3f} m", flush=True)
