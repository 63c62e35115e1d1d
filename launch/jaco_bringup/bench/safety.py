"""Adversaries against the safety filter in simulated physics: how near they come to each limit, and what the filter costs."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from jaco_bringup.bench.lockstep import Figure
from jaco_core.arms import arm_names
from jaco_safety.proving import ProvingGround, Tally, Violation

# Figures name a limit broken at most this often; the count goes on.
_SHOWN = 20
_PROGRESS_EVERY_S = 10.0


def measure(ticks: int, seed: int = 0) -> dict[str, Figure]:
    """Returns the figures of `ticks` ticks, shared among the arms that are known, one process each and at most two at a time."""
    arms = arm_names()
    share = -(-ticks // len(arms))
    workers = min(2, len(arms), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        tallies = list(pool.map(_attacked, arms, [share] * len(arms), [seed] * len(arms)))
    for violation in [violation for tally in tallies for violation in tally.violations][:_SHOWN]:
        print(_sentence(violation), file=sys.stderr)
    return figures(dict(zip(arms, tallies, strict=True)))


def figures(tallies: dict[str, Tally]) -> dict[str, Figure]:
    """Returns flat keys: over all arms, and the margins also per arm."""
    cost = np.concatenate([tally.filter_us for tally in tallies.values()])
    p50, p99 = (float(value) for value in np.percentile(cost, (50, 99)))
    result: dict[str, Figure] = {
        "ticks": sum(tally.ticks for tally in tallies.values()),
        "violations": sum(len(tally.violations) for tally in tallies.values()),
        "false_contacts": sum(tally.false_contacts for tally in tallies.values()),
        "filter_us_p50": p50,
        "filter_us_p99": p99,
        "changed_share": sum(tally.changed for tally in tallies.values()) / sum(tally.ticks for tally in tallies.values()),
    }
    names = sorted({name for tally in tallies.values() for name in tally.margins})
    for name in names:
        result[f"margin_{name}"] = min(tally.margins[name] for tally in tallies.values() if name in tally.margins)
    for arm, tally in tallies.items():
        nine = np.percentile(tally.filter_us, (50, 99))
        result |= {f"{arm}_filter_us_p50": float(nine[0]), f"{arm}_filter_us_p99": float(nine[1])}
        result |= {f"{arm}_margin_{name}": value for name, value in sorted(tally.margins.items())}
    return result


def _attacked(arm: str, ticks: int, seed: int) -> Tally:
    shown = started = time.monotonic()

    def progress(tally: Tally) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _PROGRESS_EVERY_S:
            shown = now
            rate = tally.ticks / (now - started)
            line = f"{arm}: {tally.ticks} of {ticks} ticks, {rate:.0f} per second, {len(tally.violations)} violations"
            print(line, file=sys.stderr, flush=True)

    return ProvingGround(arm).run(ticks, seed, Tally(), progress)


def _sentence(violation: Violation) -> str:
    return (
        f"Violation: {violation.arm}, '{violation.adversary}', seed {violation.seed}, tick {violation.tick}: "
        f"{violation.limit} is exceeded by {-violation.left:.6f}."
    )
