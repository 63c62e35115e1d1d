"""What the networks of Stable-Baselines3 read: states on their scale, or a column's features of the pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

from jaco_learner.standard.recipe import StandardRecipe
from jaco_learner.teacher import Scaling
from jaco_policy.networks import IMAGE_SIZE, Column, ColumnSpec


class StateFeatures(BaseFeaturesExtractor):
    """States, shape (B, s), on a scale that is taken once: to (B, s)."""

    def __init__(self, space: gymnasium.spaces.Box) -> None:
        super().__init__(space, space.shape[0])
        self.scaling = Scaling(space.shape[0])

    def forward(self, state: Tensor) -> Tensor:
        """Returns the states, scaled."""
        scaled: Tensor = self.scaling(state)
        return scaled


class PixelFeatures(BaseFeaturesExtractor):
    """A column below its heads: images in 0..255, flat, shape (B, 12288), to (B, hidden)."""

    def __init__(self, space: gymnasium.spaces.Box, spec: ColumnSpec) -> None:
        super().__init__(space, spec.hidden)
        self.column = Column(spec)

    def forward(self, image: Tensor) -> Tensor:
        """Returns the features, none below zero."""
        return self.column.layers(self.column.centred(unflattened(image)))[-1]


def unflattened(image: Tensor) -> Tensor:
    """Returns flat images, shape (B, 12288), as (B, 64, 64, 3)."""
    return image.view(len(image), IMAGE_SIZE, IMAGE_SIZE, 3)


def features_of(recipe: StandardRecipe, joints: int, choices: int) -> dict[str, Any]:
    """Returns the arguments of a policy of Stable-Baselines3 that begins as the project's own network does."""
    if not recipe.pixels:
        return {"features_extractor_class": StateFeatures, "activation_fn": nn.Tanh}
    arguments = {"spec": column_spec(recipe, joints, choices)}
    return {"features_extractor_class": PixelFeatures, "features_extractor_kwargs": arguments, "activation_fn": nn.Tanh}


def column_spec(recipe: StandardRecipe, joints: int, choices: int) -> ColumnSpec:
    """Returns the sizes of a column that sees as `recipe` says and predicts nothing besides."""
    sizes = ColumnSpec(joints, choices, recipe.convolutions, recipe.hidden, auxiliary=(), residual=recipe.residual)
    return replace(sizes, spatial_softmax=recipe.spatial_softmax)


@torch.no_grad()
def fit(network: nn.Module, state: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
    """Gives every part of `network` the scale of states, shape (B, s), and the mean of images, shape (B, 64, 64, 3)."""
    for module in network.modules():
        if isinstance(module, Scaling):
            module.fit(torch.from_numpy(state))
        elif isinstance(module, Column):
            module.mean_image.copy_(torch.from_numpy(image.mean(0, dtype=np.float32)))
