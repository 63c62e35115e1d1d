"""What episodes came to, in the figures of a benchmark."""

from __future__ import annotations

from jaco_bringup.bench.lockstep import Figure
from jaco_monitor.summary import Summary


def episode_figures(summary: Summary) -> dict[str, Figure]:
    """Returns how the task went, how many stops there were, and each of the ways in which an episode ended."""
    return {
        "episodes": summary.episodes,
        "success_rate": summary.success_rate,
        "mean_return": summary.mean_return,
        "safety_stops": len(summary.stops),
        "ended": ", ".join(sorted({result.reason for result in summary.results})),
    }
