"""A curriculum that adapts: episodes begin near the target, further away as they succeed, and nearer again where they fail."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from jaco_core.errors import ConfigError
from jaco_core.parameters import parameter


@dataclass(frozen=True)
class CurriculumSettings:
    """Distances [m] from the palm to the target, and what changes them.

    They go from `first_m` up in steps of `step_m`; from `own_from_m` on, episodes have the task's own starts. The distance rises
    when the share `rise` of a window of episodes succeeded, and falls when no more than the share `fall` of one can have.
    """

    first_m: float = 0.15
    step_m: float = 0.1
    own_from_m: float = 0.6
    window: int = 10
    rise: float = 0.8
    fall: float = 0.3

    def __post_init__(self) -> None:
        if not (0.0 < self.first_m < self.own_from_m < math.inf and 0.0 < self.step_m < math.inf and self.window >= 1):
            raise ConfigError(
                f"A curriculum goes from a first distance up to a larger one in positive steps, got {self.first_m} m, "
                f"{self.own_from_m} m and {self.step_m} m, and looks at 1 episode or more, got {self.window}."
            )
        if not 0.0 <= self.fall < self.rise <= 1.0:
            raise ConfigError(
                f"A curriculum falls at a smaller share of successes than it rises at, both in [0, 1]; "
                f"got {self.fall} and {self.rise}."
            )


@dataclass(frozen=True)
class CurriculumParameters:
    """The same as parameters of a node, and whether there is a curriculum at all."""

    curriculum: bool = parameter(
        False, "Episodes begin near the target, further away as they succeed, nearer again where they fail."
    )
    curriculum_first: float = parameter(
        CurriculumSettings.first_m, "How far from the target the first ones begin at most.", unit="m", lower=0.11, upper=2.0
    )
    curriculum_step: float = parameter(
        CurriculumSettings.step_m, "How much further, or nearer, the next ones do.", unit="m", lower=0.01, upper=2.0
    )
    curriculum_own_from: float = parameter(
        CurriculumSettings.own_from_m, "From this distance on they have the task's own starts.", unit="m", lower=0.11, upper=2.0
    )
    curriculum_window: int = parameter(CurriculumSettings.window, "Episodes that are looked at.", lower=1, upper=1000)
    curriculum_rise: float = parameter(
        CurriculumSettings.rise, "Share of successes among them at which the distance rises.", lower=0.0, upper=1.0
    )
    curriculum_fall: float = parameter(
        CurriculumSettings.fall, "Share of successes among them at which it falls.", lower=0.0, upper=1.0
    )

    def make_curriculum(self) -> Curriculum | None:
        """Returns the curriculum at its beginning; None: there is none.

        Raises:
            ConfigError: its distances or shares contradict each other.
        """
        distances = self.curriculum_first, self.curriculum_step, self.curriculum_own_from
        settings = CurriculumSettings(*distances, self.curriculum_window, self.curriculum_rise, self.curriculum_fall)
        return Curriculum(settings) if self.curriculum else None


class Curriculum:
    """The distance for the next episode: a function of how those before it ended, and of nothing else."""

    def __init__(self, settings: CurriculumSettings) -> None:
        self._settings = settings
        self._steps = math.ceil(round((settings.own_from_m - settings.first_m) / settings.step_m, 6))
        self._step = 0
        # At this distance; true is a success.
        self._ends: deque[bool] = deque(maxlen=settings.window)

    @property
    def furthest_m(self) -> float:
        """How far from the target the next episode may begin at most [m]; 0: the task's own starts."""
        settings = self._settings
        return 0.0 if self._step == self._steps else round(settings.first_m + self._step * settings.step_m, 6)

    @property
    def sentence(self) -> str:
        """The same for people."""
        where = f"within {self.furthest_m:.2f} m of the target" if self.furthest_m else "where the task itself begins them"
        return f"Episodes begin {where} from now on."

    def take(self, success: bool) -> None:
        """Takes in how an episode ended that began at this distance."""
        settings = self._settings
        self._ends.append(success)
        good = sum(self._ends)
        bad = len(self._ends) - good
        # Known as soon as the window can come to nothing else.
        if good >= settings.rise * settings.window:
            self._change(+1)
        elif settings.window - bad <= settings.fall * settings.window:
            self._change(-1)

    def _change(self, by: int) -> None:
        self._step = min(max(0, self._step + by), self._steps)
        self._ends.clear()
