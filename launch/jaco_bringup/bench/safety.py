"""Adversaries against the safety filter in simulated physics: how near they come to each limit, and what the filter costs."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache

import numpy as np

from jaco_bringup.bench.lockstep import Figure
from jaco_core.arms import arm_names
from jaco_safety.proving import ProvingGround, Tally, Violation

# Figures name a limit broken at most this often; the count goes on.
_SHOWN = 20
_PROGRESS_EVERY_S = 10.0
# Ticks that a process attacks at a stretch: what they are does not depend on how many processes there are.
_STRETCH = 10_000
_SEEDS = 100_003


def measure(ticks: int, seed: int = 0) -> dict[str, Figure]:
    """Returns the figures of `ticks` ticks, shared among the arms that are known, in as many processes as there are cores."""
    arms = arm_names()
    share = -(-ticks // len(arms))
    stretches = [
        (arm, min(_STRETCH, share - first), seed * _SEEDS + number)
        for number, first in enumerate(range(0, share, _STRETCH))
        for arm in arms
    ]
    tallies = {arm: Tally() for arm in arms}
    started = shown = time.monotonic()
    workers = min(os.cpu_count() or 1, len(stretches))
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for (arm, _, _), tally in zip(stretches, pool.map(_attacked, *zip(*stretches, strict=True)), strict=True):
            tallies[arm].add(tally)
            if time.monotonic() - shown >= _PROGRESS_EVERY_S:
                shown = time.monotonic()
                print(_progress(tallies, ticks, shown - started), file=sys.stderr, flush=True)
    for violation in [violation for tally in tallies.values() for violation in tally.violations][:_SHOWN]:
        print(_sentence(violation), file=sys.stderr)
    return figures(tallies)


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
    return _ground(arm).run(ticks, seed, Tally())


@lru_cache
def _ground(arm: str) -> ProvingGround:
    """Returns the ground of `arm`, made once per process: meshes take a moment."""
    return ProvingGround(arm)


def _progress(tallies: dict[str, Tally], ticks: int, elapsed: float) -> str:
    done = sum(tally.ticks for tally in tallies.values())
    broken = sum(len(tally.violations) for tally in tallies.values())
    return f"{done} of {ticks} ticks, {done / elapsed:.0f} per second, {broken} violations"


def _sentence(violation: Violation) -> str:
    return (
        f"Violation: {violation.arm}, '{violation.adversary}', seed {violation.seed}, tick {violation.tick}: "
        f"{violation.limit} is exceeded by {-violation.left:.6f}."
    )
