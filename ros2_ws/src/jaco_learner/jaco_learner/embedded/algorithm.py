"""What every algorithm of the embedded learner offers, and which one settings ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from jaco_learner.embedded.actor_critic import ActorCritic, UpdateReport
from jaco_learner.embedded.asymmetric import Asymmetric
from jaco_learner.embedded.memory import Chunk
from jaco_learner.embedded.moments import adam_state, load_adam
from jaco_learner.embedded.off_policy import OffPolicy
from jaco_learner.embedded.settings import ASYMMETRIC, OFF_POLICY, Settings
from jaco_learner.embedded.transition import Run
from jaco_policy.checkpoint import Card
from jaco_policy.progressive import ProgressiveNet


class Algorithm(Protocol):
    """Improves a network by runs. With equal weights, moments and experience, equal runs give equal weights, bit for bit."""

    def update(self, runs: Sequence[Run]) -> UpdateReport:
        """Learns from `runs`."""
        ...

    def moments(self) -> dict[str, Tensor]:
        """Returns a copy of all that learning goes on from besides weights and experience."""
        ...

    def load_moments(self, moments: dict[str, Tensor]) -> None:
        """Inverse of `moments`."""
        ...

    @property
    def experience(self) -> tuple[Chunk, ...]:
        """What is kept of the runs of each update; () where they are forgotten."""
        ...

    def remember(self, chunks: Sequence[Chunk]) -> None:
        """Has been given `chunks`, and nothing else."""
        ...


class OnPolicy:
    """The actor-critic, which forgets its runs."""

    experience: tuple[Chunk, ...] = ()

    def __init__(self, network: ProgressiveNet, settings: Settings) -> None:
        self._names = [name for name, _ in network.learned()]
        self._critic = ActorCritic(network, settings)
        self.update = self._critic.update

    def moments(self) -> dict[str, Tensor]:
        """Returns the optimiser's moments."""
        return adam_state(self._critic.optimiser, self._names)

    def load_moments(self, moments: dict[str, Tensor]) -> None:
        """Inverse of `moments`."""
        load_adam(self._critic.optimiser, self._names, moments)

    def remember(self, chunks: Sequence[Chunk]) -> None:
        """There is nothing to remember."""


def make_algorithm(network: ProgressiveNet, card: Card, settings: Settings, seed: int) -> Algorithm:
    """Returns the algorithm of `settings`. `card`: of the policy that was there before; `seed` draws what is drawn."""
    if settings.algorithm == OFF_POLICY:
        return OffPolicy(network, card, settings, seed)
    if settings.algorithm == ASYMMETRIC:
        return Asymmetric(network, card, settings, seed)
    return OnPolicy(network, settings)
