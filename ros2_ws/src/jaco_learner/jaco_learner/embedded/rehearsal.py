"""Learning without the graph: a batch of simulated arms, no supervisor, no latency, no recording. For comparing ways to learn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.transition import Run, Transition
from jaco_policy.networks import joint_log_probability, sample_action
from jaco_sim.envs.batch import BatchEnv


def rehearse(learner: EmbeddedLearner, environment: BatchEnv, steps: int, seed: int) -> Iterator[Run]:
    """Plays whole episodes until there are `steps`, has the learner learn from each, and yields it.

    Actions are drawn by torch's global generator, which begins at `seed`. `environment`: one that does not restart by itself.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    episode = done = 0
    while done < steps:
        seeds = [int(each) for each in rng.integers(2**62, size=environment.count)]
        for run in _play(learner, environment, seeds, episode):
            learner.learn(run)
            done += len(run.transitions)
            yield run
        episode += environment.count


def _play(learner: EmbeddedLearner, environment: BatchEnv, seeds: list[int], episode: int) -> list[Run]:
    """Plays one episode per arm to its end."""
    step = environment.reset(seeds)
    state = learner.network.initial_state(environment.count)
    rows: list[list[Transition]] = [[] for _ in seeds]
    runs: dict[int, Run] = {}
    for number in range(environment.scene.task.max_steps):
        image, felt, known = step.image.copy(), environment.joints, _known(environment)
        with torch.inference_mode():
            output, state = learner.network(torch.from_numpy(image), state, torch.from_numpy(felt).float())
            action = sample_action(output.logits)
            chance = joint_log_probability(output.logits, action).tolist()
        chosen = action.numpy()
        step = environment.step(chosen)
        final_image, final_felt, final_known = step.image.copy(), environment.joints, _known(environment)
        for arm in (arm for arm in range(environment.count) if arm not in runs):
            place, reward = (number, episode + arm, number, learner.version), float(step.reward[arm])
            rows[arm].append(Transition(*place, image[arm], felt[arm], chosen[arm], chance[arm], reward, known[arm]))
            if step.terminated[arm] or step.truncated[arm]:
                end = (final_image[arm], final_felt[arm], bool(step.terminated[arm]), True, final_known[arm])
                runs[arm] = Run(tuple(rows[arm]), *end)
    return [runs[arm] for arm in range(environment.count)]


def _known(environment: BatchEnv) -> NDArray[np.float64]:
    """Returns what only learning knows, shape (k, n + 3 objects)."""
    objects = np.array([simulation.objects.ravel() for simulation in environment.simulations])
    return np.concatenate((environment.commands, objects), axis=1)
