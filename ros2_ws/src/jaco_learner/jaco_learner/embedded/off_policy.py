"""Off-policy actor-critic on the steps so far (after Haarnoja et al. 2018, arXiv:1812.05905), for a choice of speeds per joint.

The policy draws each joint's speed by itself, so its improvement needs no draw that gradients go through: given the other joints'
speeds, the critics are asked about every speed of a joint, and the policy moves to those that are better than its own mean there
(Foerster et al. 2018, arXiv:1705.08926). A speed's advantage counts as far as it exceeds what the critics differ by. TorchRL has
no such loss: SACLoss and REDQLoss want an action that can be differentiated, DiscreteSACLoss and DiscreteIQLLoss a value for each
of the 3^9 actions. What the critics are told of an action is where it would bring the arm's points, by the arm's own kinematics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jaco_core.arms import load_arm
from jaco_learner.embedded.actor_critic import UpdateReport
from jaco_learner.embedded.corrections import imitation_loss, mean_over
from jaco_learner.embedded.critic import Critics
from jaco_learner.embedded.experience import Experience, Observations, Steps
from jaco_learner.embedded.memory import Chunk
from jaco_learner.embedded.moments import adam_state, load_adam
from jaco_learner.embedded.motion import PALM, Motion
from jaco_learner.embedded.settings import Settings
from jaco_learner.embedded.transition import Run
from jaco_policy.checkpoint import Card
from jaco_policy.networks import joint_log_probability
from jaco_policy.progressive import ProgressiveNet

# Lengths in decimetres are about one.
_PER_METRE = 10.0


class OffPolicy:
    """Improves the last column of a network from its newest experience. The same runs in the same order give the same weights."""

    def __init__(self, network: ProgressiveNet, card: Card, settings: Settings, seed: int) -> None:
        self.network, self.settings, self.rule, self._seed = network, settings, settings.off_policy, seed
        self._choices = torch.arange(network.spec.choices)
        self._motion = Motion(load_arm(card.arm), torch.from_numpy(card.speeds), card.control_period_s)
        self._experience = Experience(network, self._motion, self.rule.discount, self.rule.horizon, self.rule.kept)
        # Where the palm is, the arm knows better than its camera.
        self._sought = [index for index, name in enumerate(network.spec.auxiliary) if name != PALM]
        learned = dict(network.learned())
        self._names, self._parameters = list(learned), list(learned.values())
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            inputs = self._width()
            self._critics = Critics(self.rule.critics, inputs, self.rule.hidden)
            self._targets = Critics(self.rule.critics, inputs, self.rule.hidden).requires_grad_(False)
        self._targets.load_state_dict(self._critics.state_dict())
        self._actor_optimiser = torch.optim.Adam(self._parameters, lr=settings.learning_rate, eps=1e-5)
        self._critic_optimiser = torch.optim.Adam(self._critics.parameters(), lr=self.rule.critic_rate, eps=1e-5)

    def update(self, runs: Sequence[Run]) -> UpdateReport:
        """Takes `runs` in and makes gradient steps in proportion to them, on draws from all that is kept."""
        experience, rule = self._experience, self.rule
        before = experience.total
        experience.take(runs)
        new = experience.total - before
        # Nothing but what is saved decides what is drawn, so that a learner that was started again draws the same.
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + experience.total)
        ratio = self._ratio(runs, experience.steps(torch.arange(len(experience) - new, len(experience))))
        value_losses, figures = [], []
        for count in range(max(1, round(new * rule.updates_per_step))):
            steps = experience.draw(rule.batch, generator)
            value_losses.append(self._improve_critics(steps, generator))
            if count % rule.policy_every == 0:
                shown = experience.draw_corrected(rule.policy_batch, generator)
                if experience.total >= rule.warm_up:
                    rows = torch.arange(rule.policy_batch)
                    figures.append(self._improve_policy(steps.now.at(rows), ~steps.corrected[rows], shown, generator))
                elif shown is not None:
                    self._step_policy(self._imitation(shown))
        policy_loss, entropy = (sum(each) / len(figures) for each in zip(*figures, strict=True)) if figures else (0.0, 0.0)
        return UpdateReport(new, policy_loss, sum(value_losses) / len(value_losses), entropy, ratio)

    def _improve_critics(self, steps: Steps, generator: torch.Generator) -> float:
        """One step towards r + gamma^n min Q'(s', a'), with a' of the policy and the least of some of the targets' critics."""
        rule = self.rule
        with torch.no_grad():
            action = _draw(self._answer(steps.later), generator)
            chosen = torch.randperm(rule.critics, generator=generator)[: rule.target_critics]
            later = self._targets(self._told(steps.later, action))[chosen].min(0).values
            wanted = steps.reward + steps.discount * later
        loss = (self._critics(self._told(steps.now, steps.action)) - wanted).square().mean()
        self._critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._critic_optimiser.step()
        with torch.no_grad():
            for target, parameter in zip(self._targets.parameters(), self._critics.parameters(), strict=True):
                target.lerp_(parameter, rule.target_rate)
        return float(loss.detach())

    def _improve_policy(
        self, seen: Observations, own: Tensor, shown: Steps | None, generator: torch.Generator
    ) -> tuple[float, float]:
        """One step towards the speeds that the critics agree are better, and what operators showed; returns loss and entropy.

        `own`: of what was seen, where the policy moved the arm.
        """
        rule = self.rule
        logits = self._answer(seen)
        log_probability = torch.log_softmax(logits, -1)
        probability = log_probability.exp()
        with torch.no_grad():
            advantage = self._advantage(seen, logits, probability, generator)
            anchor = torch.log_softmax(self.network.heads([each.features for each in seen.elders]).logits, -1)
        entropy = mean_over(-(probability * log_probability).sum((-1, -2)), own)
        strayed = mean_over((probability * (log_probability - anchor)).sum((-1, -2)), own)
        done = min(1.0, (self._experience.total - rule.warm_up) / rule.anchor_steps)
        weight = rule.anchor + (rule.final_anchor - rule.anchor) * done
        worth = mean_over((probability * advantage).sum((-1, -2)), own)
        loss = -worth - rule.entropy * entropy + weight * strayed
        self._step_policy(loss if shown is None else loss + self._imitation(shown))
        return float(loss.detach()), float(entropy.detach())

    def _imitation(self, shown: Steps) -> Tensor:
        """Returns what not choosing as operators showed costs."""
        return self.settings.correction_weight * imitation_loss(self._answer(shown.now), shown.action)

    def _step_policy(self, loss: Tensor) -> None:
        self._actor_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, self.settings.gradient_norm)
        self._actor_optimiser.step()

    def _advantage(self, seen: Observations, logits: Tensor, probability: Tensor, generator: torch.Generator) -> Tensor:
        """Returns how much better each speed of each joint is than the policy's mean there, (N, n, choices).

        It is the critics' mean, nearer to zero by what they differ by.
        """
        count, joints, choices = logits.shape
        drawn = _draw(logits, generator)
        action = drawn[:, None, None].repeat(1, joints, choices, 1)
        for joint in range(joints):
            action[:, joint, :, joint] = self._choices
        rows = torch.arange(count).repeat_interleave(joints * choices)
        value = self._critics(self._told(seen, action.view(-1, joints), rows)).view(-1, count, joints, choices)
        advantage = value - (probability * value).sum(-1, keepdim=True)
        mean = advantage.mean(0)
        doubt = self.rule.doubt * advantage.std(0)
        believed: Tensor = mean.sign() * (mean.abs() - doubt).clamp_min(0.0)
        return believed

    def _told(self, seen: Observations, action: Tensor, rows: Tensor | None = None) -> Tensor:
        """Returns what the critics read of N actions, indices (N, n), at the observations `rows`, each at its own when None.

        It is where the action leads, and nothing else of it: what being somewhere is worth then tells what going there is worth,
        of which single actions, whose worth hardly differs, would tell little in so few steps. Joint angles are left out, since
        with them the critics tell actions worse apart.
        """
        motion, places, points, features = self._motion, self._places(seen), seen.points, seen.elders[0].features
        if rows is not None:
            places, points, features = places[rows], points.at(rows), features[rows]
        after = motion.after(points, motion.turn(action))
        if not places.shape[1]:
            return torch.cat([features, after.flatten(1) * _PER_METRE], 1)
        way = after[:, None, motion.palm] - places
        return torch.cat([way.flatten(1), way.norm(dim=-1), after[..., 2], places.flatten(1)], 1) * _PER_METRE

    def _width(self) -> int:
        """Returns how many numbers the critics read."""
        places, points = len(self._sought), self._motion.count
        return 7 * places + points if places else self.network.spec.width + 3 * points

    def _places(self, seen: Observations) -> Tensor:
        """Returns where the first column sees what it was trained to look for [m], but for the palm: (N, places, 3)."""
        features = seen.elders[0].features
        first: Any = self.network.columns[0]
        with torch.no_grad():
            places: Tensor = first.auxiliary(features).view(len(features), -1, 3)[:, self._sought]
        return places

    def _answer(self, seen: Observations) -> Tensor:
        """Returns the policy's logits, (N, n, choices)."""
        return self.network.answer(seen.elders, seen.felt).logits

    def _ratio(self, runs: Sequence[Run], steps: Steps) -> float:
        """Returns the mean ratio of the policy's probability to the acting one's, where that is known; 1 where it never is."""
        behaviour = torch.tensor(
            [float("nan") if step.log_probability is None else step.log_probability for run in runs for step in run.transitions]
        )
        with torch.no_grad():
            ratio = (joint_log_probability(self._answer(steps.now), steps.action) - behaviour).exp()
        known = ratio[~behaviour.isnan()]
        return float(known.mean()) if len(known) else 1.0

    @property
    def experience(self) -> tuple[Chunk, ...]:
        """What it has been given and keeps, update by update."""
        return self._experience.chunks

    def remember(self, chunks: Sequence[Chunk]) -> None:
        """Has been given `chunks`, and nothing else."""
        self._experience.forget()
        for chunk in chunks:
            self._experience.add(chunk)

    def moments(self) -> dict[str, Tensor]:
        """Returns a copy of all that learning goes on from besides weights and experience."""
        critics = {f"critics/{name}": tensor.detach().clone() for name, tensor in self._critics.state_dict().items()}
        targets = {f"targets/{name}": tensor.detach().clone() for name, tensor in self._targets.state_dict().items()}
        actor = adam_state(self._actor_optimiser, [f"actor/{name}" for name in self._names])
        return critics | targets | actor | adam_state(self._critic_optimiser, self._critic_names())

    def load_moments(self, moments: dict[str, Tensor]) -> None:
        """Inverse of `moments`."""
        for prefix, critics in (("critics/", self._critics), ("targets/", self._targets)):
            held = critics.state_dict()
            critics.load_state_dict({name: moments[f"{prefix}{name}"] for name in held})
        load_adam(self._actor_optimiser, [f"actor/{name}" for name in self._names], moments)
        load_adam(self._critic_optimiser, self._critic_names(), moments)

    def _critic_names(self) -> list[str]:
        return [f"critic/{name}" for name, _ in self._critics.named_parameters()]


def _draw(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Returns action indices (N, n), drawn from logits (N, n, choices)."""
    probability = torch.softmax(logits, -1)
    return torch.multinomial(probability.flatten(0, 1), 1, generator=generator).view(logits.shape[:2])
