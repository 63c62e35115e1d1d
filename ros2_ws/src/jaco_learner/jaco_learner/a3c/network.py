"""The network that A3C trains: a policy's column whose value shapes its features too, and heads for the auxiliary tasks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jaco_learner.a3c.auxiliary import CLASSES, GRID
from jaco_policy.networks import Column, ColumnSpec, LstmState

_CLOSURE_WIDTH = 64


@dataclass
class Answer:
    """For B observations: logits (B, joints, choices) and value (B,).

    Where there are such heads: depth logits (B, classes, cells), and the logit of a closed loop (B,).
    """

    logits: Tensor
    value: Tensor
    depth: Tensor | None
    closure: Tensor | None


class ActorCritic(nn.Module):
    """Convolutions, a dense layer and an LSTM, read by policy, value and auxiliary heads."""

    def __init__(self, spec: ColumnSpec, depth: bool = False, closure: bool = False) -> None:
        super().__init__()
        self.column = Column(spec)
        self.depth = nn.Linear(spec.width, CLASSES * GRID * GRID) if depth else None
        self.closure = (
            nn.Sequential(nn.Linear(spec.width, _CLOSURE_WIDTH), nn.ReLU(), nn.Linear(_CLOSURE_WIDTH, 1)) if closure else None
        )
        self._begin()

    def act(self, image: Tensor, state: LstmState, fresh: Tensor) -> tuple[Tensor, Tensor, LstmState]:
        """Returns logits, values and the next state for images (N, 64, 64, 3); `fresh` (N,): an episode begins here."""
        cell = self.column.lstm
        assert cell is not None
        keep = (~fresh).unsqueeze(1)
        state = cell(self.column.layers(image)[-1], (state[0] * keep, state[1] * keep))
        answer = self._heads(state[0], auxiliary=False)
        return answer.logits, answer.value, state

    def unroll(self, image: Tensor, state: LstmState, fresh: Tensor) -> Answer:
        """Answers T steps of N episodes, B = T * N: images (T, N, 64, 64, 3), `fresh` (T, N), the state before the first."""
        cell = self.column.lstm
        assert cell is not None
        below = self.column.layers(image.flatten(0, 1))[-1].view(*fresh.shape, -1)
        features = []
        for x, begins in zip(below, fresh, strict=True):
            keep = (~begins).unsqueeze(1)
            state = cell(x, (state[0] * keep, state[1] * keep))
            features.append(state[0])
        return self._heads(torch.cat(features), auxiliary=True)

    def _heads(self, features: Tensor, auxiliary: bool) -> Answer:
        spec = self.column.spec
        logits = self.column.policy(features).view(-1, spec.joints, spec.choices)
        value = self.column.value(features).squeeze(-1)
        depth = self.depth(features).view(-1, CLASSES, GRID * GRID) if self.depth is not None and auxiliary else None
        closure = self.closure(features).squeeze(-1) if self.closure is not None and auxiliary else None
        return Answer(logits, value, depth, closure)

    def _begin(self) -> None:
        """Starts with orthogonal weights (Saxe et al. 2014, arXiv:1312.6120): signals keep their size through the layers."""
        for module in (*self.column.convolutions, self.column.hidden):
            nn.init.orthogonal_(module.weight, 2.0**0.5)
            nn.init.zeros_(module.bias)
        cell = self.column.lstm
        assert cell is not None
        for name, parameter in cell.named_parameters():
            if "weight" in name:
                nn.init.orthogonal_(parameter)
            else:
                nn.init.zeros_(parameter)
        nn.init.orthogonal_(self.column.value.weight, 1.0)
        nn.init.zeros_(self.column.value.bias)
