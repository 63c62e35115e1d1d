"""What every fault that is not tolerated must come to."""

from __future__ import annotations

import subprocess
from functools import lru_cache

from jaco_bringup.bench.faults.matrix import Act, Fault
from jaco_bringup.bench.faults.measure import FaultFigures

# One tick, and what a test machine that does other things besides may add [ms].
TICK_MS, BUSY_MS = 10.0, 300.0
HALT_MS = 300.0
# On a busy machine the middleware takes so long to tell a reader of a new writer [ms], of which the reader hears nothing before.
DISCOVERY_MS = 1000.0
# Without real-time priority whatever else the machine does may keep the graph from running for longer than this is allowed. Then
# the supervisor's stop is right, whatever the fault was.
STARVED = frozenset({"stale_joints", "stale_command", "stale_images", "overslept"})


@lru_cache
def permits_priority() -> bool:
    """Tells whether this system permits real-time priority."""
    return subprocess.run(["chrt", "-r", "1", "true"], capture_output=True, check=False).returncode == 0


def check(fault: Fault, figures: FaultFigures) -> None:
    if fault.tolerated and figures.reason in STARVED and not permits_priority():
        return
    assert not fault.states or figures.state in fault.states, figures
    if fault.tolerated:
        return
    assert not fault.reasons or figures.reason in fault.reasons, figures
    bound_ms = fault.bound_ms + TICK_MS + BUSY_MS + (DISCOVERY_MS if fault.act is Act.RIVAL else 0.0)
    assert figures.detect_ms is not None and figures.detect_ms <= bound_ms, figures
    assert figures.standstill_ms is not None and figures.standstill_ms <= bound_ms + HALT_MS, figures
    assert figures.distance_m < 0.5
