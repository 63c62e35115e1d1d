"""What an expert has shown, in memory and on disk: a file per segment, written once. No pickle."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from jaco_core.errors import ConfigError
from jaco_learner.imitation.collecting import FIELDS, Shown

FOLDER = "demonstrations"


class Memory:
    """The newest `capacity` segments of a run in `folder`. `count`: how many there have been."""

    def __init__(self, folder: Path, capacity: int) -> None:
        self._folder, self._capacity, self.count = folder / FOLDER, capacity, 0
        self._segments: deque[dict[str, Tensor]] = deque(maxlen=capacity)

    def __len__(self) -> int:
        """How many observations there are."""
        return sum(len(segment["advice"]) for segment in self._segments)

    def add(self, shown: Shown) -> None:
        """Takes a further segment and writes it; what a killed run wrote in its place is replaced."""
        segment = {name: torch.from_numpy(np.ascontiguousarray(getattr(shown, name))) for name in FIELDS}
        self._segments.append(segment)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(self.count)
        partial = path.with_suffix(".partial")
        save_file(segment, partial)
        os.replace(partial, path)
        self.count += 1

    def forget(self) -> None:
        """Removes the files of segments that are no longer in memory: once nothing goes on from before them."""
        oldest = self._path(self.count - self._capacity).name
        for path in self._folder.glob("*.safetensors") if self.count > self._capacity else ():
            if path.name < oldest:
                path.unlink()

    def resume(self, count: int) -> None:
        """Reads the segments that there were after `count` of them.

        Raises:
            ConfigError: one of them is missing or damaged.
        """
        self._segments.clear()
        for number in range(max(0, count - self._capacity), count):
            try:
                self._segments.append(load_file(self._path(number)))
            except (OSError, SafetensorError) as error:
                raise ConfigError(f"{self._path(number)} cannot be read: {error}.") from None
        self.count = count

    def draw(self, size: int) -> dict[str, Tensor]:
        """Returns `size` observations with their labels, drawn by torch's generator; by the names of FIELDS."""
        ends = torch.tensor([len(segment["advice"]) for segment in self._segments]).cumsum(0)
        index = torch.randint(int(ends[-1]), (size,)).sort().values
        which = torch.searchsorted(ends, index, right=True)
        parts = []
        for number, segment in enumerate(self._segments):
            rows = index[which == number] - (int(ends[number - 1]) if number else 0)
            parts.append({name: segment[name][rows] for name in FIELDS})
        return {name: torch.cat([part[name] for part in parts]) for name in FIELDS}

    def _path(self, number: int) -> Path:
        return self._folder / f"{max(0, number):06d}.safetensors"
