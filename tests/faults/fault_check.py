"""What every fault that is not tolerated must come to."""

from __future__ import annotations

from jaco_bringup.bench.faults.matrix import Fault
from jaco_bringup.bench.faults.measure import FaultFigures
from jaco_bringup.bench.faults.stage import Stage

# One tick, and what a test machine that does other things besides may add [ms].
TICK_MS, BUSY_MS = 10.0, 300.0
HALT_MS = 300.0
# Whatever else the machine does may keep the graph from running for longer than this is allowed: real-time priority goes before
# other processes, not before a hypervisor. Then the supervisor's stop is right, whatever the fault was, and says nothing about
# the fault: it is played again, so often at most.
STARVED = frozenset({"stale_joints", "stale_command", "stale_images", "overslept"})
PLAYS = 6


def play(stage: Stage, fault: Fault) -> FaultFigures:
    """Plays `fault`, and again where the graph was starved meanwhile instead of what the fault asks for."""
    figures = stage.play(fault)
    for _ in range(PLAYS - 1):
        if not fault.tolerated or figures.reason not in STARVED:
            break
        figures = stage.play(fault)
    return figures


def check(fault: Fault, figures: FaultFigures) -> None:
    assert not fault.states or figures.state in fault.states, figures
    if fault.tolerated:
        return
    assert not fault.reasons or figures.reason in fault.reasons, figures
    bound_ms = fault.bound_ms + TICK_MS + BUSY_MS
    assert figures.detect_ms is not None and figures.detect_ms <= bound_ms, figures
    assert figures.standstill_ms is not None and figures.standstill_ms <= bound_ms + HALT_MS, figures
    assert figures.distance_m < 0.5
