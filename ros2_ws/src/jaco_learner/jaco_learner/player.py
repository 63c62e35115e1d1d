"""Who plays an evaluation: a policy that sees pictures, or a teacher that sees the simulator's state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_learner.teacher import TEACHER_FILE, Teacher, load_teacher
from jaco_policy.checkpoint import load_checkpoint, read_card
from jaco_policy.progressive import ProgressiveNet
from jaco_sim.envs.batch import BatchStep


@dataclass(frozen=True)
class Player:
    """A network, and the task, arm and profile that it was made for."""

    network: ProgressiveNet | Teacher
    name: str
    task: str
    arm: str
    profile: str

    @property
    def sees_pictures(self) -> bool:
        """Whether the environment must draw pictures for it."""
        return not isinstance(self.network, Teacher)

    def begin(self, count: int) -> Any:
        """Returns the state of the network before `count` episodes."""
        return None if isinstance(self.network, Teacher) else self.network.initial_state(count)

    def logits(self, step: BatchStep, state: Any) -> tuple[Tensor, Any]:
        """Returns logits of shape (k, joints, choices) for a step of k arms, and the network's next state."""
        if isinstance(self.network, Teacher):
            return self.network(torch.from_numpy(step.state)), None
        output, state = self.network(torch.from_numpy(step.image), state)
        return output.logits, state


def load_player(folder: Path, task: str | None = None) -> Player:
    """Returns the policy, or the teacher, in `folder`.

    Raises:
        JacoError: it cannot be loaded, or was made for another task than `task`.
    """
    if (folder / TEACHER_FILE).is_file():
        teacher, facts = load_teacher(folder)
        player = Player(teacher, folder.name, facts.task, facts.arm, facts.profile)
    else:
        checkpoint = load_checkpoint(folder, load_arm(read_card(folder).arm))
        card = checkpoint.card
        player = Player(checkpoint.network, card.name, card.task, card.arm, card.randomisation)
    if task is not None and task != player.task:
        raise ContractError(f"Policy '{player.name}' is for task '{player.task}', not for '{task}'.")
    return player
