"""The benchmarks that are known, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaco_bringup.bench import false_stops, latency, lockstep
from jaco_bringup.bench.lockstep import Figure
from jaco_core.domain import RosDomain
from jaco_core.errors import ConfigError

Figures = Mapping[str, Figure | Mapping[str, Figure]]
"""Under flat keys, or one mapping for each of several entries."""


@dataclass(frozen=True)
class Request:
    """What a benchmark is given: a ROS domain, a policy's name, and how many ticks or episodes where that is asked."""

    domain: RosDomain
    policy: str
    ticks: int
    episodes: int = 100


@dataclass(frozen=True)
class Bench:
    """A benchmark. `measure` returns figures under flat keys."""

    description: str
    measure: Callable[[Request], Figures]


def _driver(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.driver.measuring import measure  # the emulator's physics take a second to load

    return measure()


def _emulated(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.emulated import measure  # the simulator's kinematics take a second to load

    return measure(asked.domain, asked.policy, asked.episodes)


def _excitation(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.excitation import measure  # MuJoCo takes a second to load

    return measure(asked.domain)


def _faults(asked: Request) -> Figures:
    from jaco_bringup.bench.faults import measure  # the simulator's kinematics take a second to load

    return measure(asked.domain, asked.policy)


def _identification(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.identification import measure  # MuJoCo takes a second to load

    return measure()


def _learning(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.learning import measure  # the learner's log takes a second to load

    return measure(asked.domain, asked.policy)


def _minimality(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.minimality import measure  # torch takes seconds to load

    return measure(asked.policy)


def _real(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.standin import measure

    return measure(asked.domain, asked.policy)


def _safety(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.safety import measure

    return measure(asked.ticks)


def _throughput(asked: Request) -> dict[str, Figure]:
    from jaco_bringup.bench.throughput import measure

    return measure()


BENCHES: Mapping[str, Bench] = MappingProxyType(
    {
        "driver": Bench("The Kortex driver against the emulated base: its pace, and how soon the arm stands.", _driver),
        "emulated": Bench(
            "The real graph with the Kortex driver on the emulated Gen3: episodes, success, pace. Needs --policy.", _emulated
        ),
        "excitation": Bench("System identification from runs of the graph, on two held-out twins.", _excitation),
        "false-stops": Bench(
            "Stops in nominal episodes in real time, with every core kept busy by other work.",
            lambda asked: false_stops.measure(asked.domain, asked.policy, asked.episodes),
        ),
        "faults": Bench("Every fault of the matrix on the running graph: what comes of it, and how fast.", _faults),
        "identification": Bench("System identification from a minute of motion on two held-out twins.", _identification),
        "latency": Bench(
            "Camera stamp to arm command in real time, against bare rclpy and the bare network.",
            lambda asked: latency.measure(asked.domain, asked.policy),
        ),
        "learning": Bench("What the embedded learner costs the timing of policy and supervisor, in real time.", _learning),
        "lockstep": Bench("Speed of the graph in lockstep.", lambda asked: lockstep.measure(asked.domain, asked.policy)),
        "minimality": Bench("What the safety filter costs the policy.", _minimality),
        "real": Bench("The real graph with a fake arm and a drawn camera: episodes, resets, success.", _real),
        "safety": Bench("Adversaries against the safety filter in physics.", _safety),
        "throughput": Bench("Pixel environments and training beside dm_control, MuJoCo and Stable-Baselines3.", _throughput),
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
