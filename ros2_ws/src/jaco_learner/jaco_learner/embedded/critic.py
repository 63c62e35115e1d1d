"""Several critics at once: multilayer perceptrons that differ by their start, for the spread of what they say."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class Critics(nn.Module):
    """`count` networks of two hidden layers each, on the same inputs, in one batched product per layer.

    Layer normalisation keeps them from extrapolating steeply where there are no data (Ball et al. 2023, arXiv:2302.02948).
    """

    def __init__(self, count: int, inputs: int, hidden: int) -> None:
        super().__init__()
        sizes = (inputs, hidden, hidden, 1)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for before, after in pairwise(sizes):
            bound = 1.0 / math.sqrt(before)
            self.weights.append(torch.empty(count, before, after).uniform_(-bound, bound))
            self.biases.append(torch.zeros(count, 1, after))

    def forward(self, x: Tensor) -> Tensor:
        """Returns what each says of inputs (N, inputs), shape (count, N)."""
        y = x.expand(len(self.weights[0]), *x.shape)
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            y = torch.baddbmm(bias, y, weight)
            if index < last:
                y = torch.relu(functional.layer_norm(y, y.shape[-1:]))
        return y.squeeze(-1)
