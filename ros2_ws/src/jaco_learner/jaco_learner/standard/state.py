"""What a learner of Stable-Baselines3 needs to go on as if nothing had been, as tensors: weights, optimisers, memory, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import Tensor

from jaco_learner.resume import below

_COUNTS = ("num_timesteps", "_n_updates", "_n_calls", "_episode_num")
_MEMORY = ("observations", "next_observations", "actions", "rewards", "dones")


@dataclass(frozen=True)
class ModelState:
    """A learner. Random numbers are not among it: each segment of a run begins them anew."""

    model: BaseAlgorithm

    def tensors(self) -> dict[str, Tensor]:
        """Returns everything, as tensors by name."""
        tensors: dict[str, Tensor] = {}
        for part, state in self.model.get_parameters().items():
            # Of an optimiser there are numbered states below "state", by name.
            entries = _moments(state["state"]) if "param_groups" in state else state
            tensors |= {f"{part}/{name}": value.detach() for name, value in entries.items()}
        tensors |= self._variables
        tensors["counts"] = torch.tensor([getattr(self.model, name, 0) for name in _COUNTS])
        memory: Any = getattr(self.model, "replay_buffer", None)
        if memory is not None:
            tensors["memory/place"] = torch.tensor([memory.pos, int(memory.full)])
            tensors |= {f"memory/{name}": torch.from_numpy(getattr(memory, name)[: memory.size()]) for name in _MEMORY}
        return {name: tensor.clone().contiguous() for name, tensor in tensors.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes back what `tensors` returned.

        Raises:
            RuntimeError: it is of networks with other sizes.
        """
        parts: dict[str, dict[str, Any]] = {}
        for part, state in self.model.get_parameters().items():
            kept: dict[str, Any] = below(tensors, part)
            parts[part] = {**state, "state": _numbered(kept)} if "param_groups" in state else kept
        # Its annotation knows no optimisers.
        self.model.set_parameters(parts, exact_match=True, device="cpu")  # type: ignore[arg-type]
        with torch.no_grad():
            for name, variable in self._variables.items():
                variable.copy_(tensors[name])
        for name, count in zip(_COUNTS, tensors["counts"].tolist(), strict=True):
            if hasattr(self.model, name):
                setattr(self.model, name, count)
        memory: Any = getattr(self.model, "replay_buffer", None)
        if memory is not None:
            place, full = tensors["memory/place"].tolist()
            memory.pos, memory.full = place, bool(full)
            for name in _MEMORY:
                getattr(memory, name)[: memory.size()] = tensors[f"memory/{name}"].numpy()

    @property
    def _variables(self) -> dict[str, Tensor]:
        """What is learned besides networks: SAC's temperature."""
        temperature = getattr(self.model, "log_ent_coef", None)
        return {} if temperature is None else {"log_temperature": temperature}


def _moments(state: dict[int, dict[str, Tensor]]) -> dict[str, Tensor]:
    return {f"{index}/{name}": value for index, entries in state.items() for name, value in entries.items()}


def _numbered(entries: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """Inverse of `_moments`."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in entries.items():
        index, key = name.split("/")
        state.setdefault(int(index), {})[key] = value
    return state
