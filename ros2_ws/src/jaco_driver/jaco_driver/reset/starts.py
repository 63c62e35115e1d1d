"""Where an episode may start: postures that the task draws, kept where the supervisor would let the arm rest.

Near the target where that is asked for: the target lies where it lies, so the palm of a posture that the task draws is led there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.kinematics import Kinematics
from jaco_core.types import EpisodeStart, Vector
from jaco_driver.reset.leading import lead_palm
from jaco_driver.reset.routes import Routes
from jaco_tasks.task import Layout, Task

# Proposals that are looked at for one start, and postures that are tried as a place to go around an obstacle.
MOST_PROPOSALS = 200
MOST_DETOURS = 40
START_NAMES = ("random", "home")
# Points near the target that are tried for one posture: of a small ball around it, most lie below what the task lets the palm be.
_MOST_POINTS = 100
# The arm arrives so far from where a start was planned, and the target is seen so far from where it was [m].
_ARRIVAL_M = 0.02


class Starts:
    """Draws starts for one episode after another. `kind`: "random", as the task draws them, or "home"."""

    def __init__(self, task: Task, arm: Arm, routes: Routes, kind: str) -> None:
        self._task, self._arm, self._routes, self._kind = task, arm, routes, kind
        self._kinematics = Kinematics(arm)
        self._random = np.random.default_rng(0)
        self._furthest = np.inf

    def begin(self, start: EpisodeStart) -> None:
        """From now on starts are drawn for the episode that begins at `start`, its own ones as the simulator draws them.

        Raises:
            ContractError: starts near the target are asked for, and episodes start at the arm's home.
        """
        if self._kind == "home" and start.furthest_m:
            raise ContractError(
                f"Episodes start at the arm's home and not within {start.furthest_m:.2f} m of the target; choose start random."
            )
        self._random, self._furthest = np.random.default_rng(np.random.SeedSequence(start.seed)), start.bound

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
        palm, first = self._kinematics.position("palm"), self._task.objects[0]
        # One that moves by itself was near when the way there was planned.
        near = first.moves or self._distance(palm, known) <= self._furthest + _ARRIVAL_M
        return self._kind == "home" or (near and self._task.accepts(Layout(position, known), palm))

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
            known = Layout(layout.joint_position, {**layout.objects, **objects})
            position = self._led_near(known)
            palm = self._kinematics.position("palm")
            near = self._distance(palm, known.objects) <= self._furthest
            if near and self._task.accepts(replace(known, joint_position=position), palm) and self._routes.allows(position):
                reachable += 1
                yield position
            if reachable >= 5:  # a way to none of these: the arm is shut in where it is
                return

    def _led_near(self, layout: Layout) -> Vector:
        """Returns the posture of `layout`, with its palm led near the target where it is not; the kinematics are left there."""
        position = layout.joint_position
        self._kinematics.update(position)
        if self._distance(self._kinematics.position("palm"), layout.objects) <= self._furthest:
            return position
        target = layout.objects[self._task.objects[0].name]
        for _ in range(_MOST_POINTS):
            point = target + self._random.uniform(-self._furthest, self._furthest, 3)
            if np.linalg.norm(point - target) <= self._furthest and self._task.accepts(layout, point):
                return lead_palm(self._kinematics, position, point)
        return position

    def _distance(self, palm: Vector, objects: Mapping[str, Vector]) -> float:
        """Returns how far `palm` [m], shape (3,), is from the task's first object [m]."""
        return float(np.linalg.norm(palm - objects[self._task.objects[0].name]))

    def _detours(self) -> Iterator[Vector]:
        yield self._arm.home
        drawn = np.random.default_rng(0)
        for _ in range(MOST_DETOURS):
            yield self._task.sample_layout(self._arm, drawn).joint_position
