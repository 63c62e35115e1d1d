"""The newest steps that a learner has been given, to be drawn from again and again."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Chunk = dict[str, Tensor]
"""What one update took in, by name, as it is saved."""


class Memory:
    """Keeps the newest `capacity` steps, by name. `total`: how many there ever were."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._chunks: list[Chunk] = []
        self._held: Chunk = {}
        self.total = 0

    def __len__(self) -> int:
        return min(self.total, self._capacity)

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """What was added and is still held, at least in part, in its order."""
        return tuple(self._chunks)

    def add(self, chunk: Chunk) -> None:
        """Adds tensors of shape (steps, ...); the oldest steps make room."""
        count = len(next(iter(chunk.values())))
        if not self._held:
            self._held = {name: tensor.new_empty((self._capacity, *tensor.shape[1:])) for name, tensor in chunk.items()}
        rows = torch.arange(self.total, self.total + count) % self._capacity
        for name, tensor in chunk.items():
            self._held[name][rows] = tensor
        self._chunks.append(chunk)
        self.total += count
        while sum(len(next(iter(each.values()))) for each in self._chunks[1:]) >= self._capacity:
            self._chunks.pop(0)

    def restart(self, chunks: Sequence[Chunk]) -> None:
        """Has been given `chunks`, and nothing else."""
        self._chunks, self._held, self.total = [], {}, 0
        for chunk in chunks:
            self.add(chunk)

    def draw_of(self, kind: str, count: int, generator: torch.Generator, *names: str) -> tuple[Tensor, ...]:
        """As `draw`, of those steps alone that `kind` says is true of; of none, where it is of none."""
        if not self.total:
            return tuple(torch.empty(0) for _ in names)
        ages = torch.arange(len(self))
        rows = (self.total - 1 - ages) % self._capacity
        rows = rows[self._held[kind][rows]]
        if len(rows):
            rows = rows[torch.randint(len(rows), (count,), generator=generator)]
        return tuple(self._held[name][rows] for name in names)

    def draw(self, count: int, generator: torch.Generator, *names: str) -> tuple[Tensor, ...]:
        """Returns what is held by `names` of `count` steps, each step as likely as any other."""
        age = torch.randint(len(self), (count,), generator=generator)
        rows = (self.total - 1 - age) % self._capacity
        return tuple(self._held[name][rows] for name in names)
