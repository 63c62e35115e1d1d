"""A task whose episodes start near the target: the beginning of a curriculum (reward found by chance, then from further away).

Starts that are near by chance are rare: 1 of 160 of `reach` with the Jaco within 0.15 m. So the arm is drawn as always, and the
objects are chosen among those that the task itself draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import JointSample, SceneSample, Vector
from jaco_tasks.task import Judgement, Layout, Task, TaskObject

# So many places of the objects to choose from: on `reach`, 8 mm apart, less than the camera's pixels are.
_PLACES = 2000
# Of 16 arms that `reach` draws with the Jaco one has a target within 0.15 m: an episode that finds none begins further away.
_MOST_ARMS = 200


class NearStarts:
    """Starts no further than `furthest` [m] from the first object, but for those that find no such start.

    Infinite: the task's own starts. What may be a start is the task's to say at any distance.
    """

    def __init__(self, task: Task, arm: Arm, palm_of: Callable[[Vector], Vector], seed: int) -> None:
        """`palm_of`: where the palm is [m], shape (3,), for joint angles [rad], shape (n,); `seed`: of the places drawn."""
        self._task, self._arm, self._palm_of, self._seed = task, arm, palm_of, seed
        self.furthest = float("inf")
        self.name, self.family, self.description = task.name, task.family, task.description
        self.control_period_s, self.max_steps = task.control_period_s, task.max_steps
        self.objects: tuple[TaskObject, ...] = task.objects
        self._places: list[Layout] = []
        self._targets = np.empty((0, 3))

    def prepare(self) -> None:
        """Draws the places to choose from, which takes some tenths of a second, before the first near start needs them."""
        if self._places:
            return
        rng = np.random.default_rng(self._seed)
        self._places = [self._task.sample_layout(self._arm, rng) for _ in range(_PLACES)]
        self._targets = np.array([place.objects[self.objects[0].name] for place in self._places])

    def sample_layout(self, arm: Arm, rng: np.random.Generator) -> Layout:
        """Proposes a start: the arm as the task draws it, the objects near the palm."""
        layout = self._task.sample_layout(arm, rng)
        if np.isinf(self.furthest):
            return layout
        self.prepare()
        for _ in range(_MOST_ARMS):
            palm = self._palm_of(layout.joint_position)
            near = np.flatnonzero(np.square(self._targets - palm).sum(axis=1) <= self.furthest**2)
            if len(near):
                moved: Layout = replace(self._places[rng.choice(near)], joint_position=layout.joint_position)
                if self._task.accepts(moved, palm):
                    return moved
            layout = self._task.sample_layout(arm, rng)
        return layout

    def accepts(self, layout: Layout, palm: Vector) -> bool:
        """Says what the task says."""
        return self._task.accepts(layout, palm)

    def judge(self, arm: Arm, joints: JointSample, scene: SceneSample, palm: Vector) -> Judgement:
        """Judges as the task does."""
        return self._task.judge(arm, joints, scene, palm)
