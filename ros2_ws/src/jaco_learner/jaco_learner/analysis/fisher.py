"""Average Fisher Sensitivity (Rusu et al. 2016, arXiv:1606.04671, section 3): what the policy relies on, to first order.

For layer i of column k, with h its activations divided by their standard deviation (per neuron, or per map of a convolution),

    F_i(k)(m, m) = E[ (d log pi(a | s) / d h_m)^2 ],  summed over the pixels of a map,

the expectation over the states of played episodes and over the actions that the policy draws there. AFS(i, k, m) is F's share in
its sum over the columns *and* features of layer i. With columns alone under the fraction, as it is printed, every map of a
network with one column would have 1, unlike in the paper's figure 5b, and feature m of one column has nothing to do with feature
m of another. AFS(i, k), the sum of AFS(i, k, m) over m, so adds up to 1 over the columns, and it is what Average Perturbation
Sensitivity comes to for small noise: with variance s^2 times h's it costs the policy 1/2 s^2 times the sum of F in KL divergence.

The expectation over actions is no sample but exact: joints are independent and their scores have mean 0, so it is the sum over
joints j and choices c of p_jc (d log p_jc / d h_m)^2. With an LSTM an activation also moves later steps, and F counts those too;
the steps' squares are then kept apart by random signs, whose cross terms vanish in the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jaco_learner.analysis.observations import Observations
from jaco_learner.analysis.place import Place, shares
from jaco_policy.progressive import ProgressiveNet


@dataclass(frozen=True)
class LayerFisher:
    """Of one layer of one column, by feature: `spread`, the activations' standard deviation, and `diagonal`, F(m, m)."""

    spread: NDArray[np.float64]
    diagonal: NDArray[np.float64]


class _Sums:
    """Sums over observations for one layer of one column, each by feature, shape (m,)."""

    def __init__(self, features: int) -> None:
        self.entries = 0
        self.first, self.second, self.squares = torch.zeros(3, features, dtype=torch.float64)

    def add_activations(self, activations: Tensor) -> None:
        values = activations.detach().double()
        self.entries += values.numel() // values.shape[1]
        self.first += _by_feature(values)
        self.second += _by_feature(values.square())

    def fisher(self, observations: int) -> LayerFisher:
        mean = self.first / self.entries
        variance = (self.second / self.entries - mean.square()).clamp_min(0.0)
        return LayerFisher(variance.sqrt().numpy(), (variance * self.squares / observations).numpy())


def measure_fisher(
    network: ProgressiveNet, observations: Observations, seed: int = 0, progress: Callable[[int], None] = lambda done: None
) -> dict[Place, LayerFisher]:
    """Returns the Fisher information of every layer of every column. `progress` is told how many observations are done.

    `seed`: of the signs that an LSTM needs.
    """
    generator = torch.Generator().manual_seed(seed)
    sums: dict[Place, _Sums] = {}
    done = 0
    for part in observations.parts():
        _add(network, part, generator, sums)
        done += part.count
        progress(done)
    return {place: each.fisher(observations.count) for place, each in sums.items()}


def fisher_sensitivity(fisher: Mapping[Place, LayerFisher]) -> dict[Place, float | None]:
    """Returns AFS(i, k): over the columns of a layer it adds up to 1. None: the policy does not rely on this layer at all."""
    return shares({place: float(each.diagonal.sum()) for place, each in fisher.items()})


def _add(network: ProgressiveNet, part: Observations, generator: torch.Generator, sums: dict[Place, _Sums]) -> None:
    """Adds the observations of `part` to `sums`."""
    tapped: dict[Place, list[Tensor]] = {}

    def note(column: int, layer: str, activations: Tensor) -> Tensor:
        # What comes from frozen weights alone has no gradients yet.
        activations = activations if activations.requires_grad else activations.requires_grad_()
        tapped.setdefault(Place(column, layer), []).append(activations)
        return activations

    with torch.enable_grad():
        log_probability = torch.log_softmax(part.logits(network, note), -1)
        valid = part.valid.flatten()
        signs = (2.0 * torch.randint(2, valid.shape, generator=generator) - 1.0) * valid
        scores = signs[:, None, None] * log_probability.detach().exp().sqrt() * log_probability
    for place, pieces in tapped.items():
        sums.setdefault(place, _Sums(pieces[0].shape[1])).add_activations(torch.cat(pieces)[valid])
    wanted = [piece for pieces in tapped.values() for piece in pieces]
    for score in scores.flatten(1).sum(0):
        gradients = iter(torch.autograd.grad(score, wanted, retain_graph=True, allow_unused=True, materialize_grads=True))
        for place, pieces in tapped.items():
            for _ in pieces:
                sums[place].squares += _by_feature(next(gradients).double().square())


def _by_feature(values: Tensor) -> Tensor:
    """Returns the sums by feature, shape (m,), of values of shape (N, m) or (N, m, height, width)."""
    return values.transpose(0, 1).flatten(1).sum(1)
