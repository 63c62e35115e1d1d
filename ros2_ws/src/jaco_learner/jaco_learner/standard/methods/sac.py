"""Soft actor-critic (Haarnoja et al. 2018, arXiv:1812.05905) on joint velocities.

It learns with any velocity. A policy of this project chooses among a joint's speeds: what is kept takes the nearest to the mean.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import SAC

from jaco_learner.rollouts import Actor
from jaco_learner.standard.actors import filled, nearest_speed_head, net_arch
from jaco_learner.standard.controls import Velocities
from jaco_learner.standard.features import features_of
from jaco_learner.standard.methods.method import Method, Order
from jaco_learner.standard.settings import SacSettings


def _make(order: Order) -> SAC:
    recipe, settings = order.recipe, cast(SacSettings, order.recipe.settings)
    layers = {"pi": list(net_arch(recipe)), "qf": [recipe.hidden, recipe.hidden]}
    return SAC(
        "MlpPolicy",
        **order.common(),
        buffer_size=settings.buffer,
        learning_starts=settings.warm_up,
        batch_size=settings.batch,
        tau=settings.smoothing,
        train_freq=settings.every,
        gradient_steps=settings.updates,
        ent_coef=f"auto_{settings.temperature}",
        replay_buffer_kwargs={"handle_timeout_termination": False},
        policy_kwargs={**features_of(recipe, *order.shape), "net_arch": layers},
    )


def _actor(model: Any, speeds: NDArray[np.float64]) -> Actor:
    actor = model.actor
    weight, bias = nearest_speed_head(actor.mu.weight.detach(), actor.mu.bias.detach(), speeds)
    joints, choices = speeds.shape
    return filled(actor.features_extractor, actor.latent_pi, weight, bias, (joints, choices))


METHOD = Method(
    "SAC by Stable-Baselines3, on any velocity of each joint; the policy takes of each joint's speeds the nearest to the mean",
    {"actor_loss": "train/actor_loss", "critic_loss": "train/critic_loss", "temperature": "train/ent_coef"},
    Velocities,
    _make,
    _actor,
)
