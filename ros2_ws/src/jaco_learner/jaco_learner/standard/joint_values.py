"""DQN and QR-DQN whose network values every joint's choices at once, as a policy's heads do, and learns them joint by joint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import QRDQN
from sb3_contrib.qrdqn.policies import QRDQNPolicy, QuantileNetwork
from stable_baselines3 import DQN
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from torch import Tensor, nn

from jaco_learner.rollouts import Actor
from jaco_learner.standard.actors import outputs


def _of_joint(actor: Actor, observation: Tensor) -> Tensor:
    """Returns what `actor` says of the joint whose number is an observation's last element: (B, size + 1) to (B, outputs)."""
    joint = observation[:, -1].long()
    return outputs(actor, observation[:, :-1])[torch.arange(len(joint)), joint]


class JointQNetwork(QNetwork):
    """Values of one joint's choices: observations (B, size + 1) to (B, choices)."""

    def __init__(self, actor: Actor, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.actor = actor
        # What the library would have made of flat features.
        self.q_net = nn.Sequential()

    def forward(self, observation: Any) -> Tensor:
        """Returns the values of the choices."""
        return _of_joint(self.actor, observation)

    def _predict(self, observation: Any, deterministic: bool = True) -> Tensor:
        """Returns the best choice of every joint, (k * n,), where all of an arm's joints follow each other."""
        return outputs(self.actor, observation[:: self.actor.spec.joints, :-1]).argmax(-1).flatten()


class JointQuantileNetwork(QuantileNetwork):
    """Quantiles of one joint's choices: observations (B, size + 1) to (B, quantiles, choices)."""

    def __init__(self, actor: Actor, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.actor = actor
        self.quantile_net = nn.Sequential()

    def forward(self, observation: Any) -> Tensor:
        """Returns the quantiles of each choice's return."""
        return self._quantiles(_of_joint(self.actor, observation)).transpose(1, 2)

    def _predict(self, observation: Any, deterministic: bool = True) -> Tensor:
        """Returns the choice with the best mean of every joint, as `JointQNetwork` does."""
        quantiles = self._quantiles(outputs(self.actor, observation[:: self.actor.spec.joints, :-1]))
        return quantiles.mean(-1).argmax(-1).flatten()

    def _quantiles(self, output: Tensor) -> Tensor:
        """Returns the network's outputs, shape (..., choices * quantiles), as (..., choices, quantiles)."""
        return output.view(*output.shape[:-1], -1, self.n_quantiles)


class JointDqnPolicy(DQNPolicy):
    """Network and target network. `new_actor` makes what each values joints with."""

    def __init__(self, *arguments: Any, new_actor: Callable[[], Actor], **more: Any) -> None:
        self._new_actor = new_actor
        super().__init__(*arguments, **more)

    def make_q_net(self) -> QNetwork:
        """Returns a new network."""
        return JointQNetwork(self._new_actor(), **self._update_features_extractor(self.net_args, features_extractor=None))


class JointQrDqnPolicy(QRDQNPolicy):
    """As `JointDqnPolicy`, with quantiles."""

    def __init__(self, *arguments: Any, new_actor: Callable[[], Actor], **more: Any) -> None:
        self._new_actor = new_actor
        super().__init__(*arguments, **more)

    def make_quantile_net(self) -> QuantileNetwork:
        """Returns a new network."""
        return JointQuantileNetwork(self._new_actor(), **self._update_features_extractor(self.net_args, features_extractor=None))


class _EachJointExplores:
    """Epsilon-greedy for each joint by itself. The library's own draws once for all rows: all of them would explore, or none."""

    policy: Any
    action_space: Any
    exploration_schedule: Callable[[float], float]

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[NDArray[Any], Any]:
        """Returns a choice per row: the best one, or any."""
        action, state = self.policy.predict(observation, state, episode_start, deterministic=True)
        if deterministic:
            return action, state
        rng = self.action_space.np_random
        explores = rng.random(len(action)) < self.exploration_schedule(1.0)
        return np.where(explores, rng.integers(self.action_space.n, size=len(action)), action), state


class JointDqn(_EachJointExplores, DQN):
    """DQN (Mnih et al. 2015, Nature 518) of joints as agents."""


class JointQrDqn(_EachJointExplores, QRDQN):
    """QR-DQN (Dabney et al. 2018, arXiv:1710.10044) of joints as agents."""
