"""Experiments whose runs are runs of the whole graph in lockstep: what they have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from jaco_bringup.arguments import Value
from jaco_bringup.bench.measured import RunFailed
from jaco_bringup.experiments.at_once import at_once
from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.plot import Paper
from jaco_bringup.experiments.results import Result, Results, check_conditions
from jaco_bringup.graph import Graph, learn_graph
from jaco_core.errors import ConfigError
from jaco_learner.embedded.log import read_log

# In lockstep hardly a step is lost unless a node is starved; what a learner did not see says nothing of how it learns.
_SEEN_SHARE = 0.9
# The last episode is not learned on.
_LONGEST_EPISODE = 50

Learning = tuple[str, str, str]
"""What learns, how wide a new column is, and how it learns."""


@dataclass(frozen=True)
class GraphPlan(ABC):
    """What to run: `steps` for each of `conditions` with each of `seeds`, from `policy`, on `profile`.

    Of an experiment: its `name`, the conditions that are `known` and those that are `usual`, the steps that are, and the paper's
    (steps, returns) by condition.
    """

    name: ClassVar[str]
    known: ClassVar[Sequence[str]]
    usual: ClassVar[Sequence[str]]
    usual_steps: ClassVar[int]
    paper: ClassVar[Paper]

    steps: int
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]
    policy: str
    profile: str

    def __post_init__(self) -> None:
        check_conditions(self.conditions, tuple(self.known))

    @property
    @abstractmethod
    def title(self) -> str:
        """What was measured, for the plot and the results."""

    @abstractmethod
    def graph(self, condition: str, seed: int, folder: Path) -> Graph:
        """Returns the graph of one run in `folder`."""

    def read(self, condition: str, folder: Path) -> Curve:
        """Returns what the run in `folder` came to: of a learner, the curve that its log tells.

        Raises:
            RunFailed: too little of it is there.
        """
        return read_curve(learning_folder(folder), self.steps)

    def before(self) -> GraphPlan | None:
        """Returns a plan whose runs must be there first, in a folder of its name beside those of this one, or None."""
        return None

    def learn(self, learning: Learning, seed: int, folder: Path, **more: Value) -> Graph:
        """Returns the graph of a run of `learning`, with `more` arguments, whose learner has a folder of its own in `folder`."""
        method, size, algorithm = learning
        learner: dict[str, Value] = {"method": method, "size": size, "algorithm": algorithm}
        learner["learning_dir"] = str(learning_folder(folder))
        told: dict[str, Value] = {**learner, "episodes": 0, "steps": self.steps, "seed": seed}
        return learn_graph({"policy": self.policy, "profile": self.profile, **told, **more})


Start = Callable[[Callable[[], Graph], Path], None]
"""Runs the graph that a function returns, in a folder. Both can be told to another process."""


def run(plan: GraphPlan, out: Path, say: Callable[[str], None], start: Start, jobs: int = 1) -> None:
    """Runs what of `plan` has no result in `out` yet, `jobs` at once; results and plot are written after each run.

    Raises:
        ConfigError: `out` has the results of another plan, or what is left of a run that did not end.
        RunFailed: a run did not come to its end; what was finished before is kept, and what runs beside it comes to its end.
    """
    told = {**asdict(plan), "measured": plan.title}
    results = Results(out, plan.name, told, same=("steps", "policy", "profile"), title=plan.title, paper=plan.paper)
    missing = {(condition, seed): out / f"{condition}-{seed}" for condition, seed in results.missing()}
    left = [folder for folder in missing.values() if folder.exists()]
    if left:
        raise ConfigError(f"{left[0]} is left from a run that did not end; remove it, or give another --out.")
    first = plan.before()
    if first is not None and missing:
        folder, name = out / first.name, first.name
        folder.mkdir(exist_ok=True)
        run(first, folder, lambda text: say(f"first {name}, {text}"), start, jobs)

    def play(condition: str, seed: int) -> Curve:
        folder = missing[condition, seed]
        say(f"{condition}, seed {seed}: {plan.steps} steps")
        start(partial(plan.graph, condition, seed, folder), folder)
        return plan.read(condition, folder)

    with ThreadPoolExecutor(jobs) as pool:
        for (condition, seed), curve in at_once(pool, jobs, play, missing):
            say(f"{condition}, seed {seed}: {results.add(condition, seed, Result(curve))}")


def learning_folder(folder: Path) -> Path:
    """Returns where the learner of the run in `folder` has its versions."""
    return folder / "learning"


def read_curve(folder: Path, asked: int) -> Curve:
    """Returns the curve of the whole episodes in the learner's log in `folder`, of a run of `asked` steps.

    Raises:
        RunFailed: the learner missed more of the run than its last episode and a tenth of its steps.
    """
    entries = [entry for entry in read_log(folder) if entry.complete]
    whole = sum(entry.steps for entry in entries)
    if not entries or whole + _LONGEST_EPISODE < _SEEN_SHARE * asked:
        raise RunFailed(
            f"The learner in {folder} saw whole episodes of {whole} of {asked} steps: it, or the graph, had no time to run. "
            "Remove that run and do it again with less beside it."
        )
    return Curve.of_episodes([entry.steps for entry in entries], [entry.total_reward for entry in entries])
