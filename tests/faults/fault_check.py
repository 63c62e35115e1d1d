"""What every fault that is not tolerated must come to."""

from __future__ import annotations

from jaco_bringup.bench.faults.matrix import Fault
from jaco_bringup.bench.faults.measure import FaultFigures

# One tick, and what a test machine that does other things besides may add [ms].
TICK_MS, BUSY_MS = 10.0, 300.0
HALT_MS = 300.0


def check(fault: Fault, figures: FaultFigures) -> None:
    assert not fault.states or figures.state in fault.states, figures
    if fault.tolerated:
        return
    assert not fault.reasons or figures.reason in fault.reasons, figures
    assert figures.detect_ms is not None and figures.detect_ms <= fault.bound_ms + TICK_MS + BUSY_MS, figures
    assert figures.standstill_ms is not None, figures
    assert figures.standstill_ms <= fault.bound_ms + TICK_MS + HALT_MS + BUSY_MS, figures
    assert figures.distance_m < 0.5
