"""Who plays an evaluation: a policy that sees pictures, or a teacher that sees the simulator's state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jaco_core.arms import load_arm
from jaco_learner.teacher import TEACHER_FILE, Teacher, load_teacher
from jaco_policy.camera_contract import CameraContract
from jaco_policy.checkpoint import load_checkpoint, read_card
from jaco_policy.progressive import ProgressiveNet
from jaco_sim.envs.batch import BatchEnv, BatchStep
from jaco_sim.scene import Scene
from jaco_tasks.registry import require_task


@dataclass(frozen=True)
class Player:
    """A network, the task that it is to do, the arm and profile that it was made for, and what it sees of pictures."""

    network: ProgressiveNet | Teacher
    name: str
    task: str
    arm: str
    profile: str
    camera: CameraContract = field(default_factory=CameraContract)

    @property
    def sees_pictures(self) -> bool:
        """Whether the environment must draw pictures for it."""
        return not isinstance(self.network, Teacher)

    def begin(self, count: int) -> Any:
        """Returns the state of the network before `count` episodes."""
        return None if isinstance(self.network, Teacher) else self.network.initial_state(count)

    def environment(self, scene: Scene, count: int) -> BatchEnv:
        """Returns `count` arms in `scene` that show what it sees. An ended episode stays as it is until the next `reset`."""
        camera = self.camera
        sees = self.sees_pictures
        return BatchEnv(scene, count, seed=0, render=sees, restart=False, cameras=camera.further, depth=camera.depth)

    @property
    def feels(self) -> bool:
        """Whether it reads angles and velocities of the joints."""
        return not isinstance(self.network, Teacher) and self.network.inputs > 0

    def logits(self, step: BatchStep, state: Any, felt: NDArray[np.float64] | None = None) -> tuple[Tensor, Any]:
        """Returns logits of shape (k, joints, choices) for a step of k arms, and the network's next state.

        `felt`: joint angles [rad], then velocities [rad/s], shape (k, 2n), where it `feels`.
        """
        if isinstance(self.network, Teacher):
            return self.network(torch.from_numpy(step.state)), None
        proprioception = None if felt is None else torch.from_numpy(felt).float()
        output, state = self.network(torch.from_numpy(step.image), state, proprioception)
        return output.logits, state


def load_player(folder: Path, task: str | None = None) -> Player:
    """Returns the policy, or the teacher, in `folder`, to be played on `task`; on its own when None.

    Raises:
        JacoError: it cannot be loaded, or was made for a task of another family than `task`.
    """
    if (folder / TEACHER_FILE).is_file():
        teacher, facts = load_teacher(folder)
        player = Player(teacher, folder.name, facts.task, facts.arm, facts.profile)
    else:
        checkpoint = load_checkpoint(folder, load_arm(read_card(folder).arm))
        card = checkpoint.card
        player = Player(checkpoint.network, card.name, card.task, card.arm, card.randomisation, card.camera)
    if task is None:
        return player
    require_task(player.name, player.task, task)
    return replace(player, task=task)
