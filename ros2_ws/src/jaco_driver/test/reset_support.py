"""An arm that does at once what it is asked, and the pieces of a reset around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jaco_core.arms import Arm, load_arm
from jaco_core.types import NOT_SEEN, JointSample, SceneSample, Vector, frozen_vector
from jaco_driver.reset.mover import MoverSettings
from jaco_driver.reset.procedure import Phase, ResetProcedure, ResetSettings
from jaco_driver.reset.routes import Routes
from jaco_driver.reset.starts import Starts
from jaco_driver.reset.stillness import Stillness
from jaco_safety.barriers import Barriers
from jaco_safety.limits import load_limits
from jaco_tasks.reach import TARGET
from jaco_tasks.registry import make_task

ARM: Arm = load_arm("j2n6s300")
LIMITS = load_limits(ARM.name)
BARRIERS = Barriers(ARM, LIMITS)
TICK_NS = 50_000_000
PLACE = frozen_vector((0.42, 0.05, 0.035))


def routes(distance: Callable[[Vector], Vector] = BARRIERS.distance) -> Routes:
    return Routes(ARM, distance, 0.02, 0.04)


class Table:
    """A reset procedure on an ideal arm, with a target on the table. Every step lasts TICK_NS."""

    def __init__(self, kind: str = "random", distance: Callable[[Vector], Vector] = BARRIERS.distance, **settings: float) -> None:
        self.settings = replace(ResetSettings(MoverSettings(0.6)), **settings)  # type: ignore[arg-type]
        self.procedure = ResetProcedure(
            ARM, Starts(make_task("reach"), ARM, routes(distance), kind), Stillness((TARGET,), 0.5, 0.012), self.settings
        )
        self.procedure.on_status("", "All is well.")
        self.now_ns = 1_000_000_000
        self.position: Vector = np.array(ARM.home)
        self.target: Vector | None = PLACE
        self.hidden = False
        self.missing = NOT_SEEN
        self.obeys: Callable[[Vector], Vector] = lambda velocity: velocity
        self.passed: list[Vector] = []

    def step(self) -> Vector | None:
        """Shows the scene and the joints, and moves the arm."""
        self.now_ns += TICK_NS
        known = {} if self.target is None else {TARGET: self.target}
        missing = {TARGET: self.missing} if self.target is None else {}
        self.procedure.on_scene(SceneSample(self.now_ns, known, (), (TARGET,) if self.hidden else (), missing))
        velocity = self.procedure.on_joints(JointSample(self.now_ns, ARM.joint_names, self.position, np.zeros(len(ARM))))
        if velocity is not None:
            self.position = self.position + self.obeys(velocity) * TICK_NS * 1e-9
            self.passed.append(self.position)
        return velocity

    def run(self, seconds: float, *until: Phase) -> Phase:
        """Steps until the phase is one of `until`, for `seconds` at most; returns the phase."""
        for _ in range(round(seconds * 1e9 / TICK_NS)):
            self.step()
            if self.procedure.phase in until:
                break
        return self.procedure.phase
