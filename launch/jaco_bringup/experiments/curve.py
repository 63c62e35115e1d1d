"""A learning curve from episodes, and what is said of it in one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The last part of a run that its final mean is taken over: 10,000 of 60,000 steps.
FINAL_SHARE = 1.0 / 6.0


@dataclass(frozen=True)
class Curve:
    """One run: `steps` taken when each episode was over, and the episodes' `returns`."""

    steps: tuple[int, ...]
    returns: tuple[float, ...]

    @staticmethod
    def of_episodes(lengths: Sequence[int], returns: Sequence[float]) -> Curve:
        """Returns the curve of episodes that took so many steps each."""
        return Curve(tuple(int(step) for step in np.cumsum(lengths)), tuple(map(float, returns)))

    @property
    def final_mean(self) -> float:
        """The mean return of the episodes that ended in the last sixth of the steps."""
        late = [value for step, value in zip(self.steps, self.returns, strict=True) if step > (1 - FINAL_SHARE) * self.steps[-1]]
        return float(np.mean(late))

    @property
    def auc(self) -> float:
        """The area under the curve over its steps, divided by them: the mean return that a step's episode earned."""
        lengths = np.diff((0, *self.steps))
        return float(np.average(self.returns, weights=lengths))

    def at(self, steps: NDArray[np.float64], width: float) -> NDArray[np.float64]:
        """Returns the mean return of the episodes within `width` steps around each of `steps`, NaN where there is none."""
        taken, returns = np.array(self.steps), np.array(self.returns)
        near = np.abs(taken[None, :] - steps[:, None]) <= width / 2
        return np.array([returns[row].mean() if row.any() else np.nan for row in near])
