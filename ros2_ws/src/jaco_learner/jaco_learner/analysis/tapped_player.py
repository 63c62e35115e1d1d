"""A player whose network is listened to, or disturbed, while it plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jaco_core.errors import ContractError
from jaco_learner.player import Player
from jaco_learner.scoring import PlayedEpisode
from jaco_policy.progressive import ColumnTap, ProgressiveNet
from jaco_sim.envs.batch import BatchStep


def grown_network(player: Player) -> ProgressiveNet:
    """Returns the player's network.

    Raises:
        ContractError: it has no columns to compare.
    """
    network = player.network
    if not isinstance(network, ProgressiveNet) or not network.grown:
        raise ContractError(
            f"Policy '{player.name}' has a single column, so there is nothing to compare; give one that grew, as "
            "`jaco sim --learn` leaves in runs/<time>/learning."
        )
    return network


@dataclass(frozen=True)
class TappedPlayer(Player):
    """A policy with columns, its activations going through `tap`. `seen`: uint8 images, shape (k, 64, 64, 3), step by step."""

    network: ProgressiveNet
    tap: ColumnTap | None = None
    seen: list[NDArray[np.uint8]] = field(default_factory=list)

    @staticmethod
    def of(player: Player, tap: ColumnTap | None = None) -> TappedPlayer:
        """Returns the player with a tap.

        Raises:
            ContractError: it has no columns to compare, or needs more than pictures.
        """
        network = grown_network(player)
        if network.inputs:
            raise ContractError(f"Policy '{player.name}' reads proprioception, which these episodes do not give it.")
        return TappedPlayer(network, player.name, player.task, player.arm, player.profile, player.camera, tap)

    def logits(self, step: BatchStep, state: Any, felt: NDArray[np.float64] | None = None) -> tuple[Tensor, Any]:
        """Returns logits of shape (k, joints, choices) for a step of k arms, and the network's next state. Nothing is felt."""
        self.seen.append(step.image)
        start = torch.zeros(1, len(step.image), dtype=torch.bool)
        output, state, _ = self.network.trace(torch.from_numpy(step.image)[None], state, start, None, self.tap)
        return output.logits, state

    def episodes(self, played: Sequence[PlayedEpisode]) -> list[NDArray[np.uint8]]:
        """Returns what was seen in each of the episodes `played` at once, up to its end, shape (steps, 64, 64, 3)."""
        images = np.stack(self.seen)
        return [images[: episode.status.step, index] for index, episode in enumerate(played)]
