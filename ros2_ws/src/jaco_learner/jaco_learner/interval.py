"""How sure a success rate is."""

from __future__ import annotations

from math import sqrt

# Two-sided 95 % of a normal distribution.
_Z = 1.959964


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Returns the 95 % confidence interval of a rate (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Unlike the usual one it stays within 0..1 and is not empty when all trials, or none, succeed. `trials` must be at least 1.
    """
    rate, square = successes / trials, _Z**2
    centre = rate + square / (2 * trials)
    spread = _Z * sqrt(rate * (1.0 - rate) / trials + square / (4 * trials**2))
    scale = 1.0 + square / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
