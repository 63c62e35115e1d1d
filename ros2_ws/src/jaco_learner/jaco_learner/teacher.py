"""What sees the simulator's state: the critic of every training, and a teacher, the yardstick for policies that see pixels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from jaco_core.errors import ConfigError

WEIGHTS_FILE, TEACHER_FILE = "teacher.safetensors", "teacher.json"


@dataclass(frozen=True)
class TeacherSpec:
    """The sizes of a teacher."""

    state_size: int
    joints: int
    choices: int = 3
    hidden: int = 256


class Scaling(nn.Module):
    """Shifts and stretches states to about zero mean and unit variance, as `fit` found them."""

    mean: Tensor
    scale: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def fit(self, state: Tensor) -> None:
        """Takes mean and deviation from states of shape (..., s)."""
        flat = state.reshape(-1, state.shape[-1])
        self.mean.copy_(flat.mean(0))
        self.scale.copy_(1.0 / flat.std(0).clamp_min(1e-2))

    def forward(self, state: Tensor) -> Tensor:
        """Returns the states on their new scale, none further than 5 from zero."""
        return ((state - self.mean) * self.scale).clamp(-5.0, 5.0)


def _layers(inputs: int, hidden: int, outputs: int, gain: float = 1.0) -> nn.Sequential:
    last = nn.Linear(hidden, outputs)
    nn.init.orthogonal_(last.weight, gain)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), last)


class Critic(nn.Module):
    """The value of the simulator's state, shape (..., s) -> (...)."""

    def __init__(self, state_size: int, hidden: int = 256) -> None:
        super().__init__()
        self.scaling = Scaling(state_size)
        self.layers = _layers(state_size, hidden, 1)

    def forward(self, state: Tensor) -> Tensor:
        """Returns the expected discounted return, shape (...)."""
        value: Tensor = self.layers(self.scaling(state)).squeeze(-1)
        return value


class Teacher(nn.Module):
    """A policy on the state, shape (..., s) -> logits (..., joints, choices)."""

    def __init__(self, spec: TeacherSpec) -> None:
        super().__init__()
        self.spec = spec
        self.scaling = Scaling(spec.state_size)
        self.policy = _layers(spec.state_size, spec.hidden, spec.joints * spec.choices, gain=0.01)

    def forward(self, state: Tensor) -> Tensor:
        """Returns the logits, shape (B, joints, choices)."""
        logits: Tensor = self.policy(self.scaling(state))
        return logits.view(*state.shape[:-1], self.spec.joints, self.spec.choices)

    def save(self, folder: Path, card: TeacherCard) -> None:
        """Writes weights and card to `folder`."""
        save_file({name: tensor.contiguous() for name, tensor in self.state_dict().items()}, folder / WEIGHTS_FILE)
        (folder / TEACHER_FILE).write_text(json.dumps(asdict(card), indent=2) + "\n")


@dataclass(frozen=True)
class TeacherCard:
    """What a teacher is for and what it learned from."""

    task: str
    arm: str
    profile: str
    sizes: TeacherSpec
    training: dict[str, Any]


def load_teacher(folder: Path) -> tuple[Teacher, TeacherCard]:
    """Returns the teacher in `folder` and its card.

    Raises:
        ConfigError: there is none, or it is damaged.
    """
    try:
        data = json.loads((folder / TEACHER_FILE).read_text())
        card = TeacherCard(**{**data, "sizes": TeacherSpec(**data["sizes"])})
        teacher = Teacher(card.sizes)
        teacher.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ConfigError(f"There is no teacher in {folder} that can be read: {error}.") from None
    return teacher.eval(), card
