"""How fast the graph runs in lockstep."""

from __future__ import annotations

from jaco_bringup.bench.measured import summary_of
from jaco_core.domain import RosDomain

EPISODES = 10

Figure = float | int | str | None


def measure(domain: RosDomain, policy: str) -> dict[str, Figure]:
    """Returns simulated seconds per second, control steps per second, and latency [ms] of a short run in lockstep."""
    summary = summary_of(domain, policy, EPISODES, realtime=False)
    return {
        "realtime_factor": summary.realtime_factor,
        "steps_per_second": summary.steps_per_second,
        "latency_ms_p50": summary.latency_ms.p50,
        "latency_ms_p99": summary.latency_ms.p99,
        "episodes": summary.episodes,
        "timeouts": summary.timeouts,
    }
