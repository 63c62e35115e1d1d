"""Plays a policy's episodes without the graph, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from jaco_learner.player import Player
from jaco_learner.scoring import PlayedEpisode
from jaco_policy.networks import sample_action
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.scene import Scene

BATCH = 50
"""Episodes at once."""


def play_episodes(
    scene: Scene,
    player: Player,
    seeds: Sequence[int],
    greedy: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> list[PlayedEpisode]:
    """Plays one episode per seed, in their order. `progress` is told how many episodes are done after each batch.

    `greedy`: the likeliest action each time; otherwise torch's global generator draws them.
    """
    environment = player.environment(scene, min(BATCH, len(seeds)))
    played: list[PlayedEpisode] = []
    try:
        while len(played) < len(seeds):
            wanted = seeds[len(played) : len(played) + environment.count]
            filled = [*wanted, *seeds[: environment.count - len(wanted)]]
            played += _play(environment, player, filled, greedy)[: len(wanted)]
            progress(len(played))
    finally:
        environment.close()
    return played


@torch.inference_mode()
def _play(environment: BatchEnv, player: Player, seeds: list[int], greedy: bool) -> list[PlayedEpisode]:
    """Plays one episode per environment to its end."""
    step = environment.reset(seeds)
    targets, images = step.target.copy(), step.image.copy()
    state = player.begin(environment.count)
    reached: list[int | None] = [None] * environment.count
    paths, running = np.zeros(environment.count), np.ones(environment.count, bool)
    for number in range(1, environment.scene.task.max_steps + 1):
        logits, state = player.logits(step, state, environment.joints if player.feels else None)
        action = logits.argmax(-1) if greedy else sample_action(logits)
        palm, step = step.palm, environment.step(action.numpy())
        # What moves after an episode's end no longer counts.
        paths += np.linalg.norm(step.palm - palm, axis=1) * running
        images[running] = step.image[running]
        reached = [
            number if before is None and going and reward > 0.0 else before
            for before, going, reward in zip(reached, running, step.reward, strict=True)
        ]
        running &= ~(step.terminated | step.truncated)
    # People are shown the policy's own camera's colours.
    entries = zip(environment.statuses, reached, paths.tolist(), targets, images[..., :3].copy(), strict=True)
    return [PlayedEpisode(*entry) for entry in entries]
