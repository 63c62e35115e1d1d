"""Where an episode may start: postures that the task draws, kept where the supervisor would let the arm rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from jaco_core.arms import Arm
from jaco_core.kinematics import Kinematics
from jaco_core.types import Vector
from jaco_driver.reset.routes import Routes
from jaco_tasks.task import Layout, Task

# Proposals that are looked at for one start, and postures that are tried as a place to go around an obstacle.
MOST_PROPOSALS = 200
MOST_DETOURS = 40
START_NAMES = ("random", "home")


class Starts:
    """Draws starts for one episode after another. `kind`: "random", as the task draws them, or "home"."""

    def __init__(self, task: Task, arm: Arm, routes: Routes, kind: str) -> None:
        self._task, self._arm, self._routes, self._kind = task, arm, routes, kind
        self._kinematics = Kinematics(arm)
        self._random = np.random.default_rng(0)

    def begin(self, seed: int) -> None:
        """From now on starts are drawn for the episode of `seed`, as the simulator draws them."""
        self._random = np.random.default_rng(np.random.SeedSequence(seed))

    def route(self, position: Vector, objects: Mapping[str, Vector]) -> tuple[Vector, ...] | None:
        """Returns the way from `position` [rad], shape (n,), to the next start that can be reached; None: there is none.

        `objects`: where the task's objects are [m], as far as that is known.
        """
        for goal in self._goals(objects):
            if (route := self._routes.plan(position, goal, self._detours())) is not None:
                return route
        return None

    def accepts(self, position: Vector, objects: Mapping[str, Vector]) -> bool:
        """Tells whether an episode may start at `position` with the objects there."""
        self._kinematics.update(position)
        known = {**self._task.sample_layout(self._arm, np.random.default_rng(0)).objects, **objects}
        return self._kind == "home" or self._task.accepts(Layout(position, known), self._kinematics.position("palm"))

    def suggestion(self) -> dict[str, Vector]:
        """Returns places [m] where the objects could be put, drawn by the task."""
        return self._task.sample_layout(self._arm, self._random).objects

    def _goals(self, objects: Mapping[str, Vector]) -> Iterator[Vector]:
        if self._kind == "home":
            yield self._arm.home
            return
        reachable = 0
        for _ in range(MOST_PROPOSALS):
            layout = self._task.sample_layout(self._arm, self._random)
            self._kinematics.update(layout.joint_position)
            known = Layout(layout.joint_position, {**layout.objects, **objects})
            if self._task.accepts(known, self._kinematics.position("palm")) and self._routes.allows(layout.joint_position):
                reachable += 1
                yield layout.joint_position
            if reachable >= 5:  # a way to none of these: the arm is shut in where it is
                return

    def _detours(self) -> Iterator[Vector]:
        yield self._arm.home
        drawn = np.random.default_rng(0)
        for _ in range(MOST_DETOURS):
            yield self._task.sample_layout(self._arm, drawn).joint_position
