"""The embedded learner without ROS: runs in, versions out. A pure function of its base, settings, seed and runs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jaco_learner.embedded.actor_critic import UpdateReport
from jaco_learner.embedded.algorithm import make_algorithm
from jaco_learner.embedded.memory import Chunk
from jaco_learner.embedded.methods import network_to_learn
from jaco_learner.embedded.settings import KNOWING, Settings
from jaco_learner.embedded.transition import Run
from jaco_policy.checkpoint import Checkpoint


@dataclass(frozen=True)
class Snapshot:
    """All that learning goes on from: `weights` and `moments` (of optimisers, and critics) by name, and what it came from.

    `steps`: transitions learned from, over the whole line of versions; `parent`: the version that this one was learned from;
    `branch`: how often learning went back to an earlier version; `experience`: what is kept of the runs of each update so far.
    """

    version: int
    parent: int
    steps: int
    branch: int
    weights: dict[str, Tensor]
    moments: dict[str, Tensor]
    experience: tuple[Chunk, ...] = ()


class EmbeddedLearner:
    """Collects runs and, whenever they hold enough steps, improves the network and counts its version up."""

    def __init__(self, base: Checkpoint, settings: Settings, seed: int = 0) -> None:
        """`base`: the policy that was there before, which is version 1.

        A method that takes over nothing of what it knows begins as version 2.
        """
        torch.set_num_threads(1)
        self.settings = settings
        self.network = network_to_learn(base, settings, seed)
        self._algorithm = make_algorithm(self.network, base.card, settings, seed)
        self._runs: list[Run] = []
        self.version, self.parent, self.steps, self.branch = 1 if settings.method in KNOWING else 2, 1, 0, 0
        self._parent_of_next = self.version

    def learn(self, run: Run) -> UpdateReport | None:
        """Takes a run in; returns what came of it when it was enough for an update, and a new version."""
        self._runs.append(run)
        if sum(len(each.transitions) for each in self._runs) < self.settings.batch_steps:
            return None
        report = self._algorithm.update(self._runs)
        self._runs = []
        self.steps += report.steps
        self.parent, self.version = self._parent_of_next, self.version + 1
        self._parent_of_next = self.version
        return report

    def snapshot(self) -> Snapshot:
        """Returns a copy of the present state."""
        weights = {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}
        lineage = (self.version, self.parent, self.steps, self.branch)
        return Snapshot(*lineage, weights, self._algorithm.moments(), self._algorithm.experience)

    def restore(self, snapshot: Snapshot) -> None:
        """Goes on from `snapshot`. Runs that wait for an update are of other weights and are forgotten."""
        self._algorithm.remember(snapshot.experience)
        self._return_to(snapshot)

    def _return_to(self, snapshot: Snapshot) -> None:
        self.network.load_state_dict(snapshot.weights)
        self._algorithm.load_moments(snapshot.moments)
        self._runs = []
        self._parent_of_next = snapshot.version
        self.version, self.parent, self.steps = snapshot.version, snapshot.parent, snapshot.steps
        self.branch = snapshot.branch

    def go_back(self, snapshot: Snapshot) -> None:
        """Begins a new branch at an earlier version; the numbers of versions go on, and what was experienced since is kept."""
        version, branch = self.version, self.branch
        self._return_to(snapshot)
        self.version, self.branch = version, branch + 1
        self._parent_of_next = snapshot.version
