"""A2C: the synchronous form of Mnih et al. 2016 (arXiv:1602.01783), one softmax per joint."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import A2C

from jaco_learner.rollouts import Actor
from jaco_learner.standard.actors import filled, net_arch
from jaco_learner.standard.controls import Choices
from jaco_learner.standard.features import features_of
from jaco_learner.standard.methods.method import Method, Order
from jaco_learner.standard.settings import A2cSettings


def _make(order: Order) -> A2C:
    recipe, settings = order.recipe, cast(A2cSettings, order.recipe.settings)
    layers = {"pi": list(net_arch(recipe)), "vf": [recipe.hidden, recipe.hidden]}
    return A2C(
        "MlpPolicy",
        **order.common(),
        n_steps=settings.steps,
        gae_lambda=settings.trace,
        ent_coef=settings.entropy,
        vf_coef=settings.value_weight,
        max_grad_norm=settings.gradient_norm,
        normalize_advantage=True,
        policy_kwargs={**features_of(recipe, *order.shape), "net_arch": layers},
    )


def _actor(model: Any, speeds: NDArray[np.float64]) -> Actor:
    policy = model.policy
    joints, choices = speeds.shape
    head = policy.action_net
    return filled(policy.features_extractor, policy.mlp_extractor.policy_net, head.weight, head.bias, (joints, choices))


METHOD = Method(
    "A2C by Stable-Baselines3",
    {"policy_loss": "train/policy_loss", "value_loss": "train/value_loss", "entropy_loss": "train/entropy_loss"},
    Choices,
    _make,
    _actor,
)
