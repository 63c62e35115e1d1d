"""DQN (Mnih et al. 2015, Nature 518), every joint an agent of its own."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from jaco_learner.rollouts import Actor
from jaco_learner.standard.actors import new_actor
from jaco_learner.standard.controls import JointByJoint
from jaco_learner.standard.joint_values import JointDqn, JointDqnPolicy
from jaco_learner.standard.methods.method import Method, Order
from jaco_learner.standard.replay import JointReplay
from jaco_learner.standard.settings import DqnSettings


def common(order: Order, outputs: int) -> dict[str, Any]:
    """Returns the arguments of DQN and its kin, for `outputs` per joint of the network."""
    settings = cast(DqnSettings, order.recipe.settings)
    joints, _ = order.shape
    return {
        **order.common(),
        "buffer_size": settings.buffer,
        "learning_starts": settings.warm_up * joints,
        "batch_size": settings.batch,
        "train_freq": settings.every,
        "gradient_steps": settings.updates,
        "target_update_interval": settings.target_every * joints,
        "max_grad_norm": settings.gradient_norm,
        "replay_buffer_class": JointReplay,
        "replay_buffer_kwargs": {"joints": joints, "handle_timeout_termination": False},
        "policy_kwargs": {"new_actor": partial(new_actor, order.recipe, order.state_size, joints, outputs), "net_arch": []},
    }


def explores(order: Order) -> float:
    """Returns the share of random choices at this time of the run."""
    settings = cast(DqnSettings, order.recipe.settings)
    over = min(1.0, order.progress() / settings.exploration_until) if settings.exploration_until else 1.0
    return settings.exploration + over * (settings.final_exploration - settings.exploration)


def _make(order: Order) -> JointDqn:
    model = JointDqn(JointDqnPolicy, **common(order, order.shape[1]))
    model.exploration_schedule = lambda remaining: explores(order)
    return model


def _actor(model: Any, speeds: NDArray[np.float64]) -> Actor:
    actor: Actor = model.q_net.actor
    return actor


METHOD = Method(
    "DQN by Stable-Baselines3, every joint an agent with shared weights (independent Q-learning)",
    {"q_loss": "train/loss", "exploration": "rollout/exploration_rate"},
    JointByJoint,
    _make,
    _actor,
)
