"""The fault matrix: what can go wrong with the running graph, what comes of it, and how fast the arm stands still."""

from jaco_bringup.bench.faults.bench import measure

__all__ = ["measure"]
