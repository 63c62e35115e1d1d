"""How many pixel environment steps and training frames a second, beside other ways to do the same."""

from jaco_bringup.bench.throughput.bench import measure

__all__ = ["measure"]
