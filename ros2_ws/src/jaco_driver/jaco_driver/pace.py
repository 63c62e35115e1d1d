"""How regularly commands went out, and how old they were then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# [s] A longer gap is a stop between two motions, not jitter.
_PAUSE = 0.5
_NS_PER_MS = 1e6
_SPREAD = ("p50", "p99", "max")


@dataclass(frozen=True)
class Pace:
    """`rate` [Hz], `jitter` [ms] of the time between two commands against the period, `age` [ms] of a command as it leaves.

    Jitter and age: 50th percentile, 99th percentile and highest.
    """

    count: int
    rate: float
    jitter: tuple[float, float, float]
    age: tuple[float, float, float]

    def figures(self) -> dict[str, float]:
        """Returns all of it for programs, the times in ms."""
        spreads = {"jitter_ms": self.jitter, "age_ms": self.age}
        each = {f"{name}_{key}": value for name, spread in spreads.items() for key, value in zip(_SPREAD, spread, strict=True)}
        return {"commands": float(self.count), "rate_hz": self.rate, **each}

    def sentence(self) -> str:
        """Returns all of it for people."""
        return (
            f"{self.count} commands at {self.rate:.1f} Hz; jitter p50, p99, most: {_texts(self.jitter)} ms; "
            f"age at the wire: {_texts(self.age)} ms."
        )


def measure_pace(sent: Sequence[tuple[int, int]], period: float) -> Pace | None:
    """Returns the pace of commands `sent` as (when, age) in ns, meant to be `period` [s] apart; None of fewer than ten."""
    if len(sent) < 10:
        return None
    times, ages = np.array(sent, dtype=np.float64).T
    gaps = np.diff(times) / 1e9
    gaps = gaps[gaps < _PAUSE]
    if not len(gaps):
        return None
    jitter = np.abs(gaps - period) * 1e3
    return Pace(len(sent), 1.0 / float(gaps.mean()), _spread(jitter), _spread(ages / _NS_PER_MS))


def _spread(values: np.ndarray) -> tuple[float, float, float]:
    p50, p99 = np.percentile(values, (50, 99))
    return float(p50), float(p99), float(values.max())


def _texts(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)
