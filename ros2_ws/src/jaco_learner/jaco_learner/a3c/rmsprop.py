"""RMSProp with statistics that all workers share and update without locks (Mnih et al. 2016, arXiv:1602.01783, section 4)."""

from __future__ import annotations

import torch
from torch import Tensor


class SharedRmsProp:
    """Weights theta and their mean squared gradient g, both flat, shape (P,), in memory that worker processes share.

    Two workers that write at once may each lose a few of the other's elements: that is the price of having no locks, and what
    makes a run not repeatable (Hogwild: Recht et al. 2011, arXiv:1106.5730). One thing is added to the paper's: g, which begins
    at zero, is corrected for that as Adam's moments are (Kingma and Ba 2015, arXiv:1412.6980); the first steps would be ten
    times too long without it.
    """

    def __init__(self, weights: Tensor, decay: float, epsilon: float) -> None:
        """`weights`: where to begin; a copy is shared. `epsilon` is added to g, under the root."""
        self.weights = weights.detach().clone().share_memory_()  # type: ignore[no-untyped-call]
        self.squares = torch.zeros_like(self.weights).share_memory_()  # type: ignore[no-untyped-call]
        self.steps = torch.zeros(1, dtype=torch.float64).share_memory_()  # type: ignore[no-untyped-call]
        self._decay, self._epsilon = decay, epsilon

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Applies a gradient d, shape (P,): g = decay g + (1 - decay) d^2, then theta -= rate d / sqrt(g + epsilon)."""
        self.steps += 1.0
        self.squares.mul_(self._decay).addcmul_(gradient, gradient, value=1.0 - self._decay)
        corrected = self.squares / (1.0 - self._decay ** float(self.steps))
        self.weights.addcdiv_(gradient, corrected.add_(self._epsilon).sqrt_(), value=-learning_rate)
