"""How long the supervisor takes for a tick on the running graph: from a joint state's publication to that of its answer."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from jaco_bringup.bench.lockstep import Figure
from jaco_core.units import NS_PER_S
from jaco_monitor.recording import RecordedMessage, stamp_ns

TOPICS = ("/joint_states", "/arm/command")
_NS_PER_MS = 1e6


def tick_figures(messages: Iterable[RecordedMessage], rate_hz: float) -> dict[str, Figure]:
    """Returns how many ticks there were, their times [ms], and how many overran: were answered after a period, or never.

    Args:
        messages: those of TOPICS from one run. The first answer to a joint state counts, and of the joint states those between
            the first and the last that were answered: before and after, the graph starts and ends.
        rate_hz: of the joint states.
    """
    asked: dict[int, int] = {}
    answered: dict[int, int] = {}
    for entry in messages:
        times = asked if entry.topic == TOPICS[0] else answered
        times.setdefault(stamp_ns(entry.message.header), entry.published_ns)
    both = asked.keys() & answered.keys()
    if not both:
        return {"ticks": 0}
    first, last = min(both), max(both)
    taken = np.array([(answered[stamp] - asked[stamp]) / _NS_PER_MS for stamp in sorted(both)])
    unanswered = sum(first < stamp < last for stamp in asked.keys() - answered.keys())
    p50, p99 = (float(value) for value in np.percentile(taken, (50, 99)))
    late = int((taken > NS_PER_S / rate_hz / _NS_PER_MS).sum())
    return {
        "ticks": len(taken) + unanswered,
        "tick_ms_p50": p50,
        "tick_ms_p99": p99,
        "tick_ms_max": float(taken.max()),
        "tick_overruns": late + unanswered,
    }
