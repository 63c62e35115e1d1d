"""From simulation to a twin of reality, through the graph: progressive columns against baselines (as in arXiv:1610.04286)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from jaco_bringup.arguments import Value
from jaco_bringup.experiments.at_once import at_once
from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.results import Result, Results, check_conditions
from jaco_bringup.graph import Graph, learn_graph
from jaco_core.errors import ConfigError
from jaco_learner.embedded.log import read_log

CONDITIONS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "progressive-wide": ("progressive", "wide", "asymmetric"),
        "progressive-narrow": ("progressive", "narrow", "asymmetric"),
        "finetuned": ("finetuned", "wide", "asymmetric"),
        "scratch": ("scratch", "wide", "asymmetric"),
        "actor-critic": ("progressive", "wide", "actor-critic"),
        "off-policy": ("progressive", "felt", "off-policy"),
    }
)
"""What learns, how wide a new column is, and how it learns."""

_STEPS = (1e3, 5e3, 1e4, 2e4, 3e4, 4e4, 5e4, 6e4)
PAPER: Mapping[str, tuple[Sequence[float], Sequence[float]]] = MappingProxyType(
    {
        "progressive-wide": (_STEPS, (24.1, 30.2, 33.4, 31.1, 31.7, 33.2, 34.4, 34.7)),
        "progressive-narrow": (_STEPS, (26.1, 31.8, 33.2, 32.0, 32.4, 33.6, 33.9, 32.7)),
        "finetuned": (_STEPS, (29.7, 31.0, 30.1, 26.3, 22.4, 26.0, 25.5, 28.9)),
        "scratch": (_STEPS, (0.0,) * len(_STEPS)),
    }
)
"""Returns on the real arm, read from the paper's figure: steps and returns by condition."""


@dataclass(frozen=True)
class Plan:
    """What to run: `steps` for each of `conditions` with each of `seeds`, from `policy`, on `profile`."""

    steps: int
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]
    policy: str
    profile: str

    def __post_init__(self) -> None:
        check_conditions(self.conditions, tuple(CONDITIONS))

    def graph(self, condition: str, seed: int, folder: Path) -> Graph:
        """Returns the graph of one run in `folder`, where its learner has a folder of its own."""
        method, size, algorithm = CONDITIONS[condition]
        learner: dict[str, Value] = {
            "method": method,
            "size": size,
            "algorithm": algorithm,
            "learning_dir": str(_learning(folder)),
        }
        told: dict[str, Value] = {**learner, "episodes": 0, "steps": self.steps}
        return learn_graph({**told, "seed": seed, "policy": self.policy, "profile": self.profile})


Start = Callable[[Plan, str, int, Path], None]
"""Runs the graph of a plan's condition and seed in a folder."""


def run(plan: Plan, out: Path, say: Callable[[str], None], start: Start, jobs: int = 1) -> None:
    """Runs what of `plan` has no result in `out` yet, `jobs` at once; results and plot are written after each run.

    Raises:
        ConfigError: `out` has the results of another plan, or what is left of a run that did not end.
        RunFailed: a run did not come to its end; what was finished before is kept, and what runs beside it comes to its end.
    """
    results = Results(out, "reach_transfer", asdict(plan), same=("steps", "policy", "profile"))
    title = f"{plan.policy} on {plan.profile}, through the graph"
    missing = {(condition, seed): out / f"{condition}-{seed}" for condition, seed in results.missing()}
    left = [folder for folder in missing.values() if folder.exists()]
    if left:
        raise ConfigError(f"{left[0]} is left from a run that did not end; remove it, or give another --out.")

    def play(condition: str, seed: int) -> Curve:
        folder = missing[condition, seed]
        say(f"{condition}, seed {seed}: {plan.steps} steps")
        start(plan, condition, seed, folder)
        return read_curve(_learning(folder))

    with ThreadPoolExecutor(jobs) as pool:
        for (condition, seed), curve in at_once(pool, jobs, play, missing):
            say(f"{condition}, seed {seed}: {results.add(condition, seed, Result(curve), title, PAPER)}")


def _learning(folder: Path) -> Path:
    return folder / "learning"


def read_curve(folder: Path) -> Curve:
    """Returns the curve of the whole episodes in the learner's log in `folder`.

    Raises:
        ConfigError: there are none.
    """
    entries = [entry for entry in read_log(folder) if entry.complete]
    if not entries:
        raise ConfigError(f"Nothing was learned in {folder}: its log has no whole episode.")
    return Curve.of_episodes([entry.steps for entry in entries], [entry.total_reward for entry in entries])
