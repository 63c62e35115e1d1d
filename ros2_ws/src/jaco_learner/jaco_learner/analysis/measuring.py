"""Plays a policy's episodes and measures what it relies on in them, by both measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_core.errors import ContractError
from jaco_learner.analysis.fisher import LayerFisher, fisher_sensitivity, measure_fisher
from jaco_learner.analysis.observations import Observations
from jaco_learner.analysis.perturbation import PolicyUnderNoise, evaluations, half_noise, noise_at, perturbation_sensitivity
from jaco_learner.analysis.place import Place
from jaco_learner.analysis.tapped_player import TappedPlayer
from jaco_learner.bars import ProgressOf
from jaco_learner.player import Player
from jaco_learner.playing import BATCH, play_episodes
from jaco_policy.progressive import ProgressiveNet
from jaco_sim.scene import Scene

SCORE_EPISODES = 10
"""Over how many episodes a score under noise is taken, as in the paper."""
_POLICY_RESOLUTION, _SCORE_RESOLUTION = 1.0 / 64.0, 0.25
"""Of the sizes of noise [octaves]: of the policy alone, and of the score, which ten episodes know only roughly."""
Kept = Callable[[Place, NDArray[np.float64], float], float]
"""From a place, the spread of its activations and the size of noise, the share of a performance that is left."""


@dataclass(frozen=True)
class Analysis:
    """Fisher information, and the sizes of noise that halve a performance (None: insensitive), by place.

    `mean_return`: of the undisturbed episodes; `score_noise`: None where the score was not asked for.
    """

    observations: int
    mean_return: float
    fisher: dict[Place, LayerFisher]
    policy_noise: dict[Place, float | None]
    score_noise: dict[Place, float | None] | None

    def measures(self) -> dict[str, dict[Place, float | None]]:
        """Returns the sensitivities by name: AFS, then APS of the policy and, where it was asked for, of the score."""
        noise = {"aps_policy": self.policy_noise} | ({"aps_score": self.score_noise} if self.score_noise is not None else {})
        return {"afs": fisher_sensitivity(self.fisher), **{name: perturbation_sensitivity(each) for name, each in noise.items()}}

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON types. Columns count from 1."""
        measures = self.measures()
        layers = []
        for place, each in self.fisher.items():
            entry: dict[str, Any] = {"column": place.column + 1, "layer": place.layer}
            entry |= {name: values[place] for name, values in measures.items()}
            entry["half_noise_policy"] = self.policy_noise[place]
            if self.score_noise is not None:
                entry["half_noise_score"] = self.score_noise[place]
            layers.append(entry | {"fisher": each.diagonal.tolist(), "spread": each.spread.tolist()})
        return {"observations": self.observations, "mean_return": self.mean_return, "layers": layers}


def analyse(
    player: Player,
    scene: Scene,
    episodes: int,
    seed: int = 0,
    score: bool = True,
    progress_of: ProgressOf = lambda name, count: lambda done: None,
) -> Analysis:
    """Returns what the policy of `player` relies on in the episodes `seed`, `seed` + 1, ..., its actions drawn as in learning.

    Raises:
        ContractError: it has a single column, or its score is asked for and is 0 without any noise.
    """
    torch.set_num_threads(1)
    network = TappedPlayer.of(player).network
    seeds = [seed + index for index in range(episodes)]
    observations, returns = _observe(player, scene, seeds, progress_of("episodes", episodes))
    undisturbed = _mean_return(player, scene, seeds[:SCORE_EPISODES]) if score else 1.0
    if undisturbed <= 0.0:
        raise ContractError(
            f"Policy '{player.name}' earns {undisturbed:.1f} in these episodes, and half of that says nothing; give --no-score, "
            "or another --profile."
        )
    analysis = analyse_seen(network, observations, float(np.mean(returns)), seed, progress_of)
    if not score:
        return analysis

    def score_kept(place: Place, spread: NDArray[np.float64], size: float) -> float:
        disturbed = TappedPlayer.of(player, noise_at(place, spread, size, seed))
        return _mean_return(disturbed, scene, seeds[:SCORE_EPISODES]) / undisturbed

    score_noise = _half_noises(analysis.fisher, _SCORE_RESOLUTION, score_kept, progress_of, "score under noise")
    return replace(analysis, score_noise=score_noise)


def analyse_seen(
    network: ProgressiveNet,
    observations: Observations,
    mean_return: float,
    seed: int = 0,
    progress_of: ProgressOf = lambda name, count: lambda done: None,
) -> Analysis:
    """Returns what the policy relies on in what was seen, without its score under noise. `mean_return`: of those episodes."""
    torch.set_num_threads(1)
    fisher = measure_fisher(network, observations, seed, progress_of("Fisher information", observations.count))
    kept = PolicyUnderNoise(network, observations, seed).kept
    policy_noise = _half_noises(fisher, _POLICY_RESOLUTION, kept, progress_of, "policy under noise")
    return Analysis(observations.count, mean_return, fisher, policy_noise, None)


def _observe(player: Player, scene: Scene, seeds: list[int], progress: Callable[[int], None]) -> tuple[Observations, list[float]]:
    """Plays an episode per seed; returns what was seen in them, and their returns."""
    torch.manual_seed(seeds[0])
    images, returns = [], []
    for first in range(0, len(seeds), BATCH):
        listened = TappedPlayer.of(player)
        played = play_episodes(scene, listened, seeds[first : first + BATCH], greedy=False)
        images += listened.episodes(played)
        returns += [episode.status.episode_return for episode in played]
        progress(len(returns))
    return Observations.of_episodes(images), returns


def _mean_return(player: Player, scene: Scene, seeds: list[int]) -> float:
    torch.manual_seed(seeds[0])
    return float(np.mean([each.status.episode_return for each in play_episodes(scene, player, seeds, greedy=False)]))


def _half_noises(
    fisher: Mapping[Place, LayerFisher], resolution: float, kept: Kept, progress_of: ProgressOf, name: str
) -> dict[Place, float | None]:
    """Returns the size of noise that halves the performance, for each place."""
    most = evaluations(resolution)
    progress, done = progress_of(name, len(fisher) * most), 0
    sizes: dict[Place, float | None] = {}
    for place, each in fisher.items():
        asked = count()

        def ask(
            size: float, place: Place = place, each: LayerFisher = each, asked: Iterator[int] = asked, done: int = done
        ) -> float:
            progress(done + next(asked))
            return kept(place, each.spread, size)

        sizes[place] = half_noise(ask, resolution)
        done += most
        progress(done)
    return sizes
