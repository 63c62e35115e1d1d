"""A moving target on a twin, through the graph: a third column that feels the joints (as in arXiv:1610.04286), and baselines.

First a second column learns `reach` on the twin, once for each seed. What it came to then meets the target on the belt: as it is,
with a third column that reads the joints alone and sees through the others' convolutions, and with all of its weights going on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from jaco_bringup.arguments import Value
from jaco_bringup.experiments import reach_transfer
from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.plot import Paper
from jaco_bringup.experiments.through_graph import GraphPlan, Learning, learning_folder
from jaco_bringup.graph import Graph, sim_graph
from jaco_core.errors import ConfigError
from jaco_learner.embedded.log import read_log
from jaco_learner.embedded.versions import VersionStore
from jaco_monitor.report import write_summary
from jaco_tasks.conveyor import Conveyor

FROZEN = "frozen"
"""Nothing learns: zero-shot."""
LEARNING: Mapping[str, Learning] = MappingProxyType(
    {"third-column": ("progressive", "felt-maps", "asymmetric"), "finetuned": ("finetuned", "wide", "asymmetric")}
)
PAPER: Paper = MappingProxyType({"third-column": ((1e3, 1e4), (18.5, 26.2))})
"""Returns on the real arm and its conveyor, read from the paper's figure: steps and returns by condition."""
# The condition of reach_transfer by which the second column is learned.
_SECOND = "progressive-wide"


class Plan(GraphPlan):
    """Learning on `conveyor`, from what `reach_transfer` made of the policy in as many steps."""

    name = "conveyor"
    known = (FROZEN, *LEARNING)
    usual = known
    usual_steps = 15_000
    paper = PAPER

    @property
    def title(self) -> str:
        return f"conveyor: {self.policy}, with a second column learned on reach, on {self.profile}, through the graph"

    def before(self) -> GraphPlan:
        return reach_transfer.Plan(self.steps, self.seeds, (_SECOND,), self.policy, self.profile)

    def graph(self, condition: str, seed: int, folder: Path) -> Graph:
        """Returns the graph of one run in `folder`.

        Raises:
            ConfigError: the second column of `seed` has learned nothing.
        """
        policy = str(second_column(folder.parent / self.before().name / f"{_SECOND}-{seed}"))
        if condition != FROZEN:
            return self.learn(LEARNING[condition], seed, folder, policy=policy, task=Conveyor.name)
        # It draws its actions as those do that learn. Episodes that end early make it fewer steps.
        episodes = max(1, self.steps // Conveyor.max_steps)
        played: dict[str, Value] = {"episodes": episodes, "deterministic": False, "run_dir": str(folder), "seed": seed}
        return sim_graph({"policy": policy, "task": Conveyor.name, "profile": self.profile, **played})

    def read(self, condition: str, folder: Path) -> Curve:
        if condition != FROZEN:
            return super().read(condition, folder)
        results = write_summary(folder).results
        return Curve.of_episodes([each.steps for each in results], [each.episode_return for each in results])


def second_column(folder: Path) -> Path:
    """Returns the version that acted last in the run of `reach_transfer` in `folder`.

    Raises:
        ConfigError: it was the policy that the run began with.
    """
    entries = read_log(learning_folder(folder))
    acting = entries[-1].acting if entries else 1
    if acting <= 1:
        raise ConfigError(f"The second column in {folder} has made no version that acted; give more --steps and another --out.")
    return VersionStore(learning_folder(folder)).path(acting)
