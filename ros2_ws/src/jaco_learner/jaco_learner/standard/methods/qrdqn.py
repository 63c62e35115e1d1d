"""Distributional DQN by quantile regression (Dabney et al. 2018, arXiv:1710.10044), every joint an agent of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_learner.rollouts import Actor
from jaco_learner.standard.controls import JointByJoint
from jaco_learner.standard.joint_values import JointQrDqn, JointQrDqnPolicy
from jaco_learner.standard.methods.dqn import common, explores
from jaco_learner.standard.methods.method import Method, Order
from jaco_learner.standard.settings import QrDqnSettings
from jaco_learner.teacher import Teacher
from jaco_policy.networks import Column


def _make(order: Order) -> JointQrDqn:
    quantiles = cast(QrDqnSettings, order.recipe.settings).quantiles
    arguments = common(order, order.shape[1] * quantiles)
    arguments["policy_kwargs"] = {**arguments["policy_kwargs"], "n_quantiles": quantiles}
    model = JointQrDqn(JointQrDqnPolicy, **arguments)
    model.exploration_schedule = lambda remaining: explores(order)
    return model


@torch.no_grad()
def _actor(model: Any, speeds: NDArray[np.float64]) -> Actor:
    """Returns the policy on the quantiles' means, which are as linear in the last layer's outputs as the quantiles."""
    full: Actor = model.quantile_net.actor
    joints, choices = speeds.shape
    weights = full.state_dict()
    head = "policy" if isinstance(full, Column) else "policy.4"
    for name in (f"{head}.weight", f"{head}.bias"):
        grouped = weights[name].unflatten(0, (joints * choices, -1))
        weights[name] = grouped.mean(1)
    actor: Actor = (
        Column(replace(full.spec, choices=choices)) if isinstance(full, Column) else Teacher(replace(full.spec, choices=choices))
    )
    actor.load_state_dict(weights)
    return actor


METHOD = Method(
    "QR-DQN by sb3-contrib, every joint an agent with shared weights (independent Q-learning)",
    {"q_loss": "train/loss", "exploration": "rollout/exploration_rate"},
    JointByJoint,
    _make,
    _actor,
)
