"""An A3C worker: plays T steps with a snapshot of the weights, and tells the gradient that they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from jaco_core.types import EpisodeStatus
from jaco_learner.a3c.environment import Environment, Seen
from jaco_learner.a3c.network import ActorCritic
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_learner.a3c.update import Experience, Losses, loss_of
from jaco_policy.networks import ColumnSpec, sample_action


@dataclass(frozen=True)
class Report:
    """One update: how many frames it took, the episodes that ended, the losses, and the gradient's norm before clipping."""

    frames: int
    ended: list[EpisodeStatus]
    losses: Losses
    gradient_norm: float


def make_network(recipe: A3cRecipe, joints: int, choices: int) -> ActorCritic:
    """Returns the network that `recipe` asks for, with weights from torch's global generator."""
    spec = ColumnSpec(joints, choices, hidden=recipe.hidden, lstm=recipe.lstm, auxiliary=())
    return ActorCritic(spec, depth=recipe.depth_weight > 0.0, closure=recipe.closure_weight > 0.0)


class Worker:
    """One of the workers, with environments and a network of its own."""

    def __init__(self, recipe: A3cRecipe, environment: Environment, network: ActorCritic) -> None:
        self.recipe, self._environment, self._network = recipe, environment, network
        self._seen: Seen = environment.reset()
        width = network.column.spec.lstm
        self._state = torch.zeros(environment.count, width), torch.zeros(environment.count, width)

    def improve(self, weights: Tensor, progress: float) -> tuple[Tensor, Report]:
        """Plays with the flat `weights` (P,); returns the clipped gradient (P,) and the report."""
        network = self._network
        # A snapshot: others go on writing, and what acts must be what is differentiated.
        vector_to_parameters(weights.clone(), network.parameters())
        experience, ended = self._play(progress)
        loss, losses = loss_of(network, experience, self.recipe, progress)
        network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(network.parameters(), self.recipe.gradient_norm)
        gradient = parameters_to_vector([_gradient(parameter) for parameter in network.parameters()])
        return gradient, Report(experience.reward.numel(), ended, losses, float(norm))

    def close(self) -> None:
        """Releases the environments."""
        self._environment.close()

    @torch.inference_mode()
    def _act(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        fresh = torch.from_numpy(self._seen.fresh)
        return self._network.act(torch.from_numpy(self._seen.image), state, fresh)

    def _play(self, progress: float) -> tuple[Experience, list[EpisodeStatus]]:
        """Takes T steps, going on where the last ones stopped."""
        begin = self._state
        seen, actions = [self._seen], []
        for _ in range(self.recipe.steps):
            logits, _, self._state = self._act(self._state)
            action = sample_action(logits)
            actions.append(action)
            self._seen = self._environment.step(action.numpy(), progress)
            seen.append(self._seen)
        _, last_value, _ = self._act(self._state)
        before, after = seen[:-1], seen[1:]
        experience = Experience(
            image=torch.from_numpy(np.stack([each.image for each in before])),
            fresh=torch.from_numpy(np.stack([each.fresh for each in before])),
            action=torch.stack(actions),
            reward=torch.from_numpy(np.stack([each.reward for each in after])),
            done=torch.from_numpy(np.stack([each.fresh for each in after])),
            # Out of inference mode.
            state=(begin[0].clone(), begin[1].clone()),
            last_value=last_value.clone(),
            depth=_stack([each.depth for each in before]),
            closed=_stack([each.closed for each in before]),
        )
        return experience, [status for each in after for status in each.ended]


def _stack(parts: Sequence[NDArray[Any] | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.from_numpy(np.stack(known)) if known else None


def _gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
