"""GAIL (Ho & Ermon 2016, arXiv:1606.03476): PPO, one softmax per joint, rewarded by a discriminator."""

from __future__ import annotations

from typing import cast

from stable_baselines3.common.base_class import BaseAlgorithm

from jaco_learner.standard.actors import net_arch
from jaco_learner.standard.controls import Choices
from jaco_learner.standard.features import features_of
from jaco_learner.standard.methods import a2c
from jaco_learner.standard.methods.method import Method, Order
from jaco_learner.standard.settings import GailSettings


def _make(order: Order) -> BaseAlgorithm:
    from jaco_learner.adversarial.learner import Gail  # TorchRL takes seconds to load

    recipe, settings = order.recipe, cast(GailSettings, order.recipe.settings)
    layers = {"pi": list(net_arch(recipe)), "vf": [recipe.hidden, recipe.hidden]}
    return Gail(
        "MlpPolicy",
        recipe=recipe,
        shape=order.shape,
        state_size=order.state_size,
        **order.common(),
        n_steps=settings.steps,
        batch_size=settings.minibatch,
        n_epochs=settings.epochs,
        clip_range=settings.clip,
        gae_lambda=settings.trace,
        ent_coef=settings.entropy,
        vf_coef=settings.value_weight,
        max_grad_norm=settings.gradient_norm,
        policy_kwargs={**features_of(recipe, *order.shape), "net_arch": layers},
    )


METHOD = Method(
    "GAIL: PPO by Stable-Baselines3, rewarded by a discriminator of TorchRL's for what it takes for the expert's",
    {
        "value_loss": "train/value_loss",
        "entropy_loss": "train/entropy_loss",
        "discriminator_loss": "train/discriminator_loss",
        "told_apart": "train/told_apart",
        "judged": "train/reward",
    },
    Choices,
    _make,
    a2c.METHOD.actor,
)
