"""The project's own networks, begun for a recipe or filled with what Stable-Baselines3 learned: policies as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from jaco_learner.rollouts import Actor
from jaco_learner.standard.features import PixelFeatures, StateFeatures, column_spec, unflattened
from jaco_learner.standard.recipe import StandardRecipe
from jaco_learner.teacher import Teacher, TeacherSpec
from jaco_policy.networks import Column


def new_actor(recipe: StandardRecipe, state_size: int, joints: int, choices: int) -> Actor:
    """Returns a network with (joints, choices) outputs: a column that sees pixels, or a teacher that sees the state."""
    if recipe.pixels:
        return Column(column_spec(recipe, joints, choices))
    return Teacher(TeacherSpec(state_size, joints, choices, recipe.hidden))


def outputs(actor: Actor, seen: Tensor) -> Tensor:
    """Returns what the actor makes of flat observations, shape (B, size): (B, joints, choices)."""
    if isinstance(actor, Column):
        output, _ = actor(unflattened(seen))
        return cast(Tensor, output.logits)
    logits: Tensor = actor(seen)
    return logits


@torch.no_grad()
def filled(features: nn.Module, layers: Iterable[nn.Module], weight: Tensor, bias: Tensor, shape: tuple[int, int]) -> Actor:
    """Returns an actor with `features`, the layers between them and the head, and a head of `weight` and `bias`.

    `shape`: joints and choices; weight (joints * choices, width), bias (joints * choices,).
    """
    joints, choices = shape
    if isinstance(features, PixelFeatures):
        column = Column(replace(features.column.spec, joints=joints, choices=choices))
        learned = {name: tensor for name, tensor in features.column.state_dict().items() if not name.startswith("policy.")}
        column.load_state_dict({**learned, "policy.weight": weight, "policy.bias": bias})
        return column
    scaling = cast(StateFeatures, features).scaling
    dense = [layer for layer in layers if isinstance(layer, nn.Linear)]
    teacher = Teacher(TeacherSpec(len(scaling.mean), joints, choices, dense[0].out_features))
    own = [layer for layer in teacher.policy if isinstance(layer, nn.Linear)]
    for mine, theirs in zip(own[:-1], dense, strict=True):
        mine.load_state_dict(theirs.state_dict())
    own[-1].load_state_dict({"weight": weight, "bias": bias})
    teacher.scaling.load_state_dict(scaling.state_dict())
    return teacher


def nearest_speed_head(weight: Tensor, bias: Tensor, speeds: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
    """Returns the head whose likeliest choice is, for each joint, the speed nearest to `tanh(weight x + bias)` of the fastest.

    weight (n, width), bias (n,), speeds (n, choices) [rad/s], ascending from -v to v; to (n * choices, width) and (n * choices,).

    tanh rises, so the nearest speed changes from one to the next where what it is taken of passes the artanh of their middle. The
    logits are lines over that, steeper for faster speeds, which cross right there.
    """
    shares = speeds / speeds[:, -1:]
    crossings = np.arctanh((shares[:, 1:] + shares[:, :-1]) / 2.0)
    below = np.cumsum(crossings * np.diff(shares, axis=1), axis=1)
    offset = torch.tensor(np.hstack((np.zeros((len(shares), 1)), below)), dtype=torch.float32)
    slope = torch.tensor(shares, dtype=torch.float32)
    return (slope[:, :, None] * weight[:, None]).flatten(0, 1), (slope * bias[:, None] - offset).flatten()


def net_arch(recipe: StandardRecipe) -> Sequence[int]:
    """Returns the widths of the layers between features and head, as an actor's."""
    return [] if recipe.pixels else [recipe.hidden, recipe.hidden]
