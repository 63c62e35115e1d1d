"""n-step actor-critic (Mnih et al. 2016, arXiv:1602.01783, algorithm S3) on runs of applied actions, in the paper's order.

Three things differ. The weights that act may be older than those that learn, so the policy's gradient is weighted by the ratio
of the two policies' probabilities, clipped as in Schulman et al. 2017 (arXiv:1707.06347), which also lets an update go over its
steps more than once; where a step's applied action is not the chosen one, the ratio counts from the update's first pass. Adam
stands for RMSProp: its moments are corrected for their start, of which a short life on an arm has much. And advantages are
brought to zero mean and unit deviation: the errors of a critic that must learn a new world first would else move the policy.
Steps in which an operator moved the arm are imitated, and neither policy nor critic learns otherwise from what they earned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from jaco_learner.embedded.corrections import imitation_loss, mean_over
from jaco_learner.embedded.settings import Settings
from jaco_learner.embedded.transition import Run
from jaco_policy.networks import ColumnOutput, joint_log_probability
from jaco_policy.progressive import ProgressiveNet

_TINY = 1e-6


@dataclass(frozen=True)
class UpdateReport:
    """Means over an update's first pass. `ratio`: of the learning policy's probability to the acting one's."""

    steps: int
    policy_loss: float
    value_loss: float
    entropy: float
    ratio: float


@dataclass(frozen=True)
class _Batch:
    """Runs as tensors. `images` and `felt`: one more per run than `action`, `reward` and `behaviour` (NaN where unknown).

    `corrected`: of each step, whether an operator moved the arm.
    """

    images: list[Tensor]
    felt: list[Tensor]
    action: Tensor
    reward: list[Tensor]
    behaviour: Tensor
    terminated: list[bool]
    corrected: Tensor


class ActorCritic:
    """Improves what of a network may learn. The same runs in the same order give the same weights, bit for bit."""

    def __init__(self, network: ProgressiveNet, settings: Settings) -> None:
        self.network, self.settings = network, settings
        self._parameters = [parameter for _, parameter in network.learned()]
        self.optimiser = torch.optim.Adam(self._parameters, lr=settings.learning_rate, eps=1e-5)

    def update(self, runs: Sequence[Run]) -> UpdateReport:
        """Learns from `runs`, all of their steps at once."""
        settings = self.settings
        batch = _tensors(runs)
        own = ~batch.corrected
        reports: list[UpdateReport] = []
        behaviour: Tensor | None = None
        advantage = returns = torch.empty(0)
        for _ in range(settings.passes):
            logits, values = self._forward(batch)
            if behaviour is None:
                # R = r + gamma R, from the critic's word `horizon` steps on; zero where the task has ended.
                returns = torch.cat(
                    [
                        n_step_returns(reward, value.detach(), ended, settings.discount, settings.horizon)
                        for reward, value, ended in zip(batch.reward, values, batch.terminated, strict=True)
                    ]
                )
            value = torch.cat([each[:-1] for each in values])
            log_probability = joint_log_probability(logits, batch.action)
            if behaviour is None:
                advantage = returns - value.detach()
                earned = advantage[own] if own.any() else advantage
                advantage = (advantage - earned.mean()) / (earned.std(unbiased=False) + _TINY)
                behaviour = torch.where(batch.behaviour.isnan(), log_probability.detach(), batch.behaviour)
            ratio = (log_probability - behaviour).exp()
            clipped = ratio.clamp(1.0 - settings.clip, 1.0 + settings.clip)
            policy_loss = -mean_over(torch.min(ratio * advantage, clipped * advantage), own)
            value_loss = mean_over((returns - value).square(), own)
            log_all = torch.log_softmax(logits, -1)
            entropy = mean_over(-(log_all.exp() * log_all).sum((-2, -1)), own)
            loss = policy_loss + settings.value_weight * value_loss - settings.entropy * entropy
            if batch.corrected.any():
                shown = imitation_loss(logits[batch.corrected], batch.action[batch.corrected])
                loss = loss + settings.correction_weight * shown
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._parameters, settings.gradient_norm)
            self.optimiser.step()
            figures = (policy_loss, value_loss, entropy, mean_over(ratio, own))
            reports.append(UpdateReport(len(returns), *(float(figure.detach()) for figure in figures)))
        return reports[0]

    def _forward(self, batch: _Batch) -> tuple[Tensor, list[Tensor]]:
        """Returns logits of all steps, (N, joints, choices), and each run's values, one more than its steps."""
        logits, values = [], []
        for images, felt, output in self._outputs(batch):
            values.append(output.value)
            logits.append(output.logits[:-1])
            assert len(images) == len(felt) == len(output.value)
        return torch.cat(logits), values

    def _outputs(self, batch: _Batch) -> list[tuple[Tensor, Tensor, ColumnOutput]]:
        """Returns each run with the network's answer to all of its observations."""
        network = self.network
        if network.initial_state(1) is None:
            # Without memory a step is a step: all runs at once.
            lengths = [len(images) for images in batch.images]
            images, felt = torch.cat(batch.images), torch.cat(batch.felt)
            start = torch.zeros(len(images), 1, dtype=torch.bool)
            output = network.unroll(images[:, None], None, start, felt[:, None])
            parts = [torch.split(part, lengths) for part in (output.logits, output.value, output.auxiliary)]
            outputs = [ColumnOutput(*each) for each in zip(*parts, strict=True)]
            return list(zip(batch.images, batch.felt, outputs, strict=True))
        answers = []
        for images, felt in zip(batch.images, batch.felt, strict=True):
            start = torch.zeros(len(images), 1, dtype=torch.bool)
            output = network.unroll(images[:, None], network.initial_state(1), start, felt[:, None])
            answers.append((images, felt, output))
        return answers


def n_step_returns(reward: Tensor, value: Tensor, terminated: bool, discount: float, horizon: int) -> Tensor:
    """Returns the discounted returns, shape (T,), of rewards (T,) and values (T + 1,), each up to `horizon` steps ahead.

    As in the paper, steps are taken in parts of `horizon`, and each part's returns reach to its end.
    """
    steps = len(reward)
    returns = torch.empty(steps)
    for first in range(0, steps, horizon):
        last = min(first + horizon, steps)
        total = torch.zeros(()) if terminated and last == steps else value[last]
        for step in reversed(range(first, last)):
            total = reward[step] + discount * total
            returns[step] = total
    return returns


def _tensors(runs: Sequence[Run]) -> _Batch:
    images, felt, actions, rewards, behaviour = [], [], [], [], []
    for run in runs:
        steps = run.transitions
        images.append(torch.from_numpy(np.stack([*(step.image for step in steps), run.final_image])))
        felt.append(torch.from_numpy(np.stack([*(step.proprioception for step in steps), run.final_proprioception])).float())
        actions.append(torch.from_numpy(np.stack([step.action for step in steps])))
        rewards.append(torch.tensor([step.reward for step in steps], dtype=torch.float32))
        behaviour += [float("nan") if step.log_probability is None else step.log_probability for step in steps]
    corrected = torch.tensor([step.corrected for run in runs for step in run.transitions])
    ended = [run.terminated for run in runs]
    return _Batch(images, felt, torch.cat(actions), rewards, torch.tensor(behaviour), ended, corrected)
