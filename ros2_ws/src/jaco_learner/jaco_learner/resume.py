"""What a stopped run needs to go on as if nothing had been: one safetensors file, written in one atomic step. No pickle."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from jaco_core.errors import ConfigError

RESUME_FILE = "resume.safetensors"
_GENERATOR = "generator"


class Resumable(Protocol):
    """What learning changes, as tensors by name."""

    def tensors(self) -> dict[str, Tensor]:
        """Returns everything."""

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes back what `tensors` returned."""


@dataclass(frozen=True)
class Learned:
    """What learning changes: networks by name, the optimiser of all their parameters, and torch's own random numbers."""

    modules: dict[str, nn.Module]
    optimiser: torch.optim.Optimizer

    def tensors(self) -> dict[str, Tensor]:
        """Returns everything, as tensors by name."""
        tensors = {f"{name}/{key}": value for name, module in self.modules.items() for key, value in module.state_dict().items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{index}/{key}": value for key, value in state.items()}
        tensors[_GENERATOR] = torch.get_rng_state()
        return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes back what `tensors` returned.

        Raises:
            RuntimeError: it is of networks with other sizes.
        """
        for name, module in self.modules.items():
            module.load_state_dict(below(tensors, name))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in below(tensors, "optimiser").items():
            index, key = name.split("/")
            state.setdefault(int(index), {})[key] = tensor
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
        torch.set_rng_state(tensors[_GENERATOR])


def save_run(folder: Path, learned: Resumable, notes: dict[str, Any]) -> None:
    """Writes what `load_run` reads. `notes`: everything else, as JSON types."""
    partial = folder / f"{RESUME_FILE}.partial"
    save_file(learned.tensors(), partial, {"notes": json.dumps(notes)})
    os.replace(partial, folder / RESUME_FILE)


def load_run(folder: Path, learned: Resumable, recipe: dict[str, Any]) -> dict[str, Any]:
    """Brings `learned` to where the run in `folder` stopped and returns its notes. The stages may be longer than they were.

    Raises:
        ConfigError: there is no such run, it is damaged, or its recipe is not `recipe`.
    """
    path = folder / RESUME_FILE
    if not path.is_file():
        raise ConfigError(f"There is no run to resume in {folder}: {RESUME_FILE} is missing.")
    try:
        with safe_open(path, "pt") as file:
            notes: dict[str, Any] = json.loads(file.metadata()["notes"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from None
    # As JSON has it: lists where the recipe has tuples.
    asked = json.loads(json.dumps(recipe))
    names = (asked.keys() | notes["recipe"].keys()) - {"stages"}
    differing = sorted(name for name in names if asked.get(name) != notes["recipe"].get(name))
    if differing:
        was, now = notes["recipe"].get(differing[0]), asked.get(differing[0])
        raise ConfigError(f"The run in {folder} has {differing[0]} {was}, not {now}: resume it with the options it began with.")
    learned.restore(tensors)
    return notes


def below(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Returns the tensors whose name begins with `name`/, without that beginning."""
    return {key.removeprefix(f"{name}/"): tensor for key, tensor in tensors.items() if key.startswith(f"{name}/")}
