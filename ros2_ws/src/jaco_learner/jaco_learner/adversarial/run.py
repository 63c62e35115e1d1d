"""One run of GAIL: a standard run, which the expert begins by showing what it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np

from jaco_learner.adversarial.learner import Gail
from jaco_learner.adversarial.showing import show
from jaco_learner.adversarial.unrewarded import Unrewarded
from jaco_learner.imitation.expert import Demonstration, simulated_demonstration
from jaco_learner.standard.arms import MakeArms, Segment, simulated_arms
from jaco_learner.standard.recipe import GailRecipe
from jaco_learner.standard.run import StandardRun
from jaco_learner.standard.settings import GailSettings
from jaco_tasks.registry import make_task

Shows = Callable[[GailRecipe, Segment], Demonstration]
"""Makes the expert's arms."""


class GailRun(StandardRun):
    """The state of one training run."""

    def __init__(
        self,
        recipe: GailRecipe,
        out: Path,
        seed: int,
        minutes: float | None = None,
        start_from: Path | None = None,
        make: MakeArms = simulated_arms,
        shows: Shows = simulated_demonstration,
    ) -> None:
        """`make`: what the learner trains on; `shows`: what the expert shows on.

        Raises:
            ConfigError: it was to continue a policy, or there is no such task.
        """
        self._horizon, self._shows = make_task(recipe.task).max_steps, shows
        super().__init__(
            recipe, out, seed, minutes, start_from, lambda recipe, segment: Unrewarded(make(recipe, segment), self._horizon)
        )

    def _look_around(self, seed: int) -> None:
        super()._look_around(seed)
        own = int(np.random.SeedSequence([seed, 1]).generate_state(1)[0]) >> 1
        demonstration = self._shows(cast(GailRecipe, self.recipe), Segment(self.recipe.stages[0].mesh_fraction, own))
        frames = cast(GailSettings, self.recipe.settings).demonstrations
        try:
            cast(Gail, self.model).begin(show(demonstration, frames, self._horizon))
        finally:
            demonstration.arms.close()
