"""Generative adversarial imitation learning (Ho & Ermon 2016, arXiv:1606.03476), with PPO in the place of TRPO."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.utils import obs_as_tensor

from jaco_learner.adversarial.discriminator import Discriminator, gail_loss, told_apart
from jaco_learner.adversarial.showing import steps_of
from jaco_learner.adversarial.visits import KeptVisits, Visits
from jaco_learner.standard.recipe import StandardRecipe
from jaco_learner.standard.settings import GailSettings


class Gail(PPO):
    """After each rollout the discriminator learns first; then the policy does, on what the discriminator makes of that rollout.

    The environment's reward must be `Unrewarded`'s: the steps that an early end took away.
    """

    def __init__(self, *arguments: Any, recipe: StandardRecipe, shape: tuple[int, int], state_size: int, **more: Any) -> None:
        """`shape`: joints, and choices of each."""
        super().__init__(*arguments, **more)
        self._settings = settings = cast(GailSettings, recipe.settings)
        shown = steps_of(settings.demonstrations, recipe.environments) * recipe.environments
        self.demonstrations = KeptVisits(shown, state_size, shape[0])
        self.discriminator = Discriminator(state_size, *shape, recipe.hidden)
        self.discriminator_optimiser = torch.optim.Adam(self.discriminator.parameters(), lr=settings.discriminator_rate)
        self._loss = gail_loss(self.discriminator, settings.gradient_penalty)

    def begin(self, shown: Visits) -> None:
        """Takes what the expert has shown. The discriminator sees states on the policy's scale."""
        self.demonstrations.keep(shown)
        scaling = cast(Any, self.policy.features_extractor).scaling
        self.discriminator.scaling.load_state_dict(scaling.state_dict())

    def train(self) -> None:
        """Improves the discriminator, then the policy, with the newest rollout."""
        buffer = self.rollout_buffer
        own = Visits(
            torch.from_numpy(buffer.observations).flatten(0, 1),
            torch.from_numpy(buffer.actions).flatten(0, 1),
            torch.from_numpy(buffer.rewards).flatten().long(),
        )
        self._tell_apart(own)
        reward = self.discriminator.reward(own, self.gamma)
        self.logger.record("train/reward", float(reward.mean()))
        buffer.rewards = reward.view(buffer.rewards.shape).numpy()
        with torch.no_grad():
            last = self.policy.predict_values(obs_as_tensor(cast(Any, self._last_obs), self.device))
        buffer.compute_returns_and_advantage(last, np.asarray(self._last_episode_starts))
        super().train()

    def _tell_apart(self, own: Visits) -> None:
        """Makes a rollout's updates of the discriminator."""
        size, shown, judge = self._settings.discriminator_batch, self.demonstrations.visits, self.discriminator
        losses, certain = [], []
        for _ in range(self._settings.discriminator_updates):
            expert, learner = judge.draw(shown, size), judge.draw(own, size)
            loss = told_apart(self._loss, expert, learner)
            self.discriminator_optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.discriminator_optimiser.step()
            with torch.no_grad():
                certain.append(float((judge(*expert) - judge(*learner)).mean()))
            losses.append(loss.item())
        self.logger.record("train/discriminator_loss", np.mean(losses))
        self.logger.record("train/told_apart", np.mean(certain))

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        names, variables = super()._get_torch_save_params()
        return [*names, "discriminator", "discriminator_optimiser", "demonstrations"], variables
