"""Arms with an expert beside them, who tells what it would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_core.errors import ContractError
from jaco_learner.guide import Guide
from jaco_learner.imitation.recipe import GUIDE, ImitationRecipe
from jaco_learner.standard.arms import Arms, Segment, Trained, simulated_arms
from jaco_learner.teacher import Teacher, load_teacher
from jaco_sim.envs.batch import BatchStep


@dataclass(frozen=True)
class Demonstration:
    """Arms, and the expert's action indices, shape (k, n), for their newest step."""

    arms: Arms
    advise: Callable[[BatchStep], NDArray[np.integer[Any]]]


class Taught(Trained, Protocol):
    """What of a recipe says whom it learns from."""

    @property
    def expert(self) -> str:
        """The guide, or the folder of a teacher."""

    @property
    def guide_lift_m(self) -> float:
        """How far above the target the guide leads the palm [m]."""


MakeDemonstration = Callable[[ImitationRecipe, Segment], Demonstration]
"""Makes the arms of a segment, and their expert."""


def simulated_demonstration(recipe: Taught, segment: Segment) -> Demonstration:
    """Returns new arms in MuJoCo with the recipe's expert.

    Raises:
        ConfigError: there is no such teacher.
        ContractError: the teacher is for another task or arm.
    """
    arms = simulated_arms(recipe, segment)
    if recipe.expert == GUIDE:
        guide = Guide(arms, recipe.guide_lift_m)
        return Demonstration(arms, lambda step: guide.advise())
    teacher, card = load_teacher(Path(recipe.expert))
    if (card.task, card.arm) != (recipe.task, recipe.arm):
        raise ContractError(
            f"The teacher in {recipe.expert} is for task '{card.task}' with arm '{card.arm}', recipe '{recipe.name}' for "
            f"'{recipe.task}' with '{recipe.arm}'."
        )
    return Demonstration(arms, lambda step: _likeliest(teacher, step.state))


@torch.inference_mode()
def _likeliest(teacher: Teacher, state: NDArray[np.float32]) -> NDArray[np.int64]:
    logits: torch.Tensor = teacher(torch.from_numpy(state))
    return np.asarray(logits.argmax(-1).numpy())
