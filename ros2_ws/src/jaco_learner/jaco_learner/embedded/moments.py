"""An optimiser's moments as tensors by name, for a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def adam_state(optimiser: torch.optim.Adam, names: Sequence[str]) -> dict[str, Tensor]:
    """Returns a copy of the optimiser's state, as "name/part" for each of its parameters, whose `names` are in their order."""
    state = optimiser.state_dict()["state"]
    return {f"{names[index]}/{part}": tensor.clone() for index, parts in state.items() for part, tensor in parts.items()}


def load_adam(optimiser: torch.optim.Adam, names: Sequence[str], moments: Mapping[str, Tensor]) -> None:
    """Inverse of `adam_state`. Names in `moments` that are not among `names` are of others."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in moments.items():
        parameter, part = name.rsplit("/", 1)
        if parameter in names:
            state.setdefault(names.index(parameter), {})[part] = tensor.clone()
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
