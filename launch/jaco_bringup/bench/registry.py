"""The benchmarks that are known, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaco_bringup.bench import latency, lockstep
from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.domain import RosDomain
from jaco_core.errors import ConfigError


@dataclass(frozen=True)
class Bench:
    """A benchmark. `measure` takes a ROS domain and a policy's name and returns figures under flat keys."""

    description: str
    measure: Callable[[RosDomain, str], dict[str, Figure]]


BENCHES: Mapping[str, Bench] = MappingProxyType(
    {
        "latency": Bench("Camera stamp to arm command in real time, against bare rclpy and the bare network.", latency.measure),
        "lockstep": Bench("Speed of the graph in lockstep.", lockstep.measure),
    }
)


def find_bench(name: str) -> Bench:
    """Returns the benchmark called `name`.

    Raises:
        ConfigError: no such benchmark.
    """
    if name not in BENCHES:
        raise ConfigError(f"There is no benchmark '{name}'; known: {', '.join(BENCHES)}.")
    return BENCHES[name]
