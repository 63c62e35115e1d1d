"""Average Perturbation Sensitivity (Rusu et al. 2016, arXiv:1606.04671, appendix A): how much noise a layer can take.

Gaussian noise, new at every pass, is added to the activations of one layer of one column; its standard deviation is `size` times
the activations' own, per neuron or per map of a convolution. With size s at which the performance drops by half, the precision is
1 / s^2, and APS(i, k) is its share in the sum over the columns of layer i.

The paper's performance is the score of 10 episodes. The same question can be asked of the policy alone, on what it saw before:
how probable its own actions still are to it under noise, as a share of what they were, and as a geometric mean over states and
actions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jaco_learner.analysis.observations import Observations
from jaco_learner.analysis.place import Place, shares
from jaco_policy.progressive import ColumnTap, ProgressiveNet

OCTAVES = (-8.0, 8.0)
"""Sizes of noise that are looked at, as powers of 2. What stands the largest is insensitive."""


def noise_at(place: Place, spread: NDArray[np.float64], size: float, seed: int) -> ColumnTap:
    """Returns the tap that adds noise of `size` times `spread`, shape (features,), to the activations at `place`."""
    generator = torch.Generator().manual_seed(seed)
    deviation = torch.from_numpy(size * spread).float()

    def tap(column: int, layer: str, activations: Tensor) -> Tensor:
        if (column, layer) != place:
            return activations
        noise = torch.randn(activations.shape, generator=generator)
        return activations + noise * deviation.view(-1, *[1] * (activations.dim() - 2))

    return tap


class PolicyUnderNoise:
    """How probable a policy's own actions still are to it, on what it saw."""

    def __init__(self, network: ProgressiveNet, observations: Observations, seed: int = 0) -> None:
        self._network, self._observations, self._seed = network, observations, seed
        with torch.inference_mode():
            self._undisturbed = [torch.log_softmax(part.logits(network), -1) for part in observations.parts()]

    @torch.inference_mode()
    def kept(self, place: Place, spread: NDArray[np.float64], size: float) -> float:
        """Returns exp(-E[KL(policy, policy under noise)]), from 1 down to 0: the geometric mean of the probabilities' ratio."""
        total = 0.0
        tap = noise_at(place, spread, size, self._seed)
        for part, before in zip(self._observations.parts(), self._undisturbed, strict=True):
            after = torch.log_softmax(part.logits(self._network, tap), -1)
            divergence = (before.exp() * (before - after)).sum((-2, -1))
            total += float(divergence[part.valid.flatten()].double().sum())
        return math.exp(-total / self._observations.count)


def half_noise(kept: Callable[[float], float], resolution: float) -> float | None:
    """Returns the size of noise at which `kept`, the share of the performance that is left, is half, by bisection.

    `resolution`: of the answer, in octaves. None: insensitive, the largest noise leaves more than half.
    """
    low, high = OCTAVES
    if kept(2.0**high) > 0.5:
        return None
    while high - low > resolution:
        middle = (low + high) / 2.0
        low, high = (middle, high) if kept(2.0**middle) > 0.5 else (low, middle)
    return float(2.0 ** ((low + high) / 2.0))


def evaluations(resolution: float) -> int:
    """Returns how often `half_noise` asks for the performance at most."""
    return 1 + math.ceil(math.log2((OCTAVES[1] - OCTAVES[0]) / resolution))


def perturbation_sensitivity(sizes: Mapping[Place, float | None]) -> dict[Place, float | None]:
    """Returns APS(i, k) from the sizes of `half_noise`; 0 for an insensitive one, None where all of a layer's columns are."""
    return shares({place: 0.0 if size is None else size**-2.0 for place, size in sizes.items()})
