"""Stops that nothing wrong has led to: nominal episodes in real time while other work keeps every core busy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.measured import summary_of
from jaco_core.domain import RosDomain

# Computes for as long as the process that started it lives.
_BUSY = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(10000))"


def measure(domain: RosDomain, policy: str, episodes: int) -> dict[str, Figure]:
    """Returns how many false stops there were and why, how often the arm's side braked by itself, and how the task went.

    Raises:
        RunFailed: the run ended before its time.
    """
    cores = len(os.sched_getaffinity(0))
    with busy(cores):
        summary = summary_of(domain, policy, episodes, realtime=True)
    return {
        "episodes": summary.episodes,
        "busy_processes": cores,
        "false_stops": len(summary.stops),
        "reasons": ", ".join(summary.stops) or "none",
        "arm_side_brakes": summary.timeouts,
        "success_rate": summary.success_rate,
        "realtime_factor": summary.realtime_factor,
        "chain_ms_p99": summary.latency_ms.p99,
        "chain_ms_max": summary.latency_ms.max,
    }


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keeps `count` cores busy at ordinary priority."""
    processes = [subprocess.Popen([sys.executable, "-c", _BUSY, str(os.getpid())]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
