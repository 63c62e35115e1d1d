"""What a task is: where an episode starts, what each observation is worth, and when it ends. Pure numpy, no simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import JointSample, SceneSample, Vector, frozen_vector
from jaco_tasks.track import Track


@dataclass(frozen=True)
class TaskObject:
    """A ball that the arm sees and does not feel; `radius` [m]. `moves`: by itself, in every episode."""

    name: str
    radius: float
    moves: bool = False


@dataclass(frozen=True)
class Layout:
    """How an episode starts: joint angles [rad], shape (n,), and object positions [m], shape (3,), in the arm's base frame.

    `tracks`: how objects move from there by themselves; those without one stay.
    """

    joint_position: Vector
    objects: dict[str, Vector]
    tracks: dict[str, Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "joint_position", frozen_vector(self.joint_position))
        object.__setattr__(self, "objects", {name: frozen_vector(position) for name, position in self.objects.items()})
        object.__setattr__(self, "tracks", dict(self.tracks))


@dataclass(frozen=True)
class Judgement:
    """What one observation is worth.

    `reward`: from 0 to 1; `success`: the goal holds now; `failure`: why the task ends here, "" when it goes on.
    """

    reward: float
    success: bool
    failure: str = ""


class Task(Protocol):
    """A task is one file in this package with a class like this, listed in registry.py.

    `family`: tasks of one family show the same objects and take the same actions, so that a policy for one can act in another.
    """

    name: str
    family: str
    description: str
    control_period_s: float
    max_steps: int
    objects: tuple[TaskObject, ...]

    def sample_layout(self, arm: Arm, rng: np.random.Generator) -> Layout:
        """Proposes how an episode starts. Proposals in collision are refused by whoever can tell, and another is drawn."""

    def accepts(self, layout: Layout, palm: Vector) -> bool:
        """Tells whether an episode may start from `layout`, whose palm is at `palm` [m], shape (3,)."""

    def judge(self, arm: Arm, joints: JointSample, scene: SceneSample, palm: Vector) -> Judgement:
        """Judges one observation. `palm`: [m], shape (3,), base frame.

        Raises:
            ContractError: the scene lacks an object of the task.
        """
