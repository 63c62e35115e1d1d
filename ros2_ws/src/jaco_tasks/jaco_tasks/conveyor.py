"""Conveyor: follow a target that a belt carries across the table (the dynamic task of Rusu et al. 2016, arXiv:1610.04286).

Starts, reward, length and ends of an episode are those of `reach`. The belt runs along y through the target's place, as far as
`reach` puts targets, at a speed that each episode draws, and turns back at its ends and at moments of chance in between.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_tasks.reach import TARGET, Reach
from jaco_tasks.task import Layout, TaskObject
from jaco_tasks.track import Track

# An episode takes 5 s. What lasts longer, in real time, sees the way back of the same track.
TRACK_S = 30.0


class Conveyor(Reach):
    """The belt's speed and length are this project's choice: slow enough for the hand, which may move at 0.5 m/s."""

    name = "conveyor"
    description = "Keep the palm within 10 cm of a target that a belt carries across the table."
    objects: tuple[TaskObject, ...] = (TaskObject(TARGET, Reach.target_radius, moves=True),)

    # [m/s] At the fastest the target crosses the whole belt in 1.6 of an episode's 5 s.
    belt_speed = (0.05, 0.25)
    # [s] Between two reversals, where the belt's end does not come first.
    reversal_after = (1.0, 4.0)

    def sample_layout(self, arm: Arm, rng: np.random.Generator) -> Layout:
        """Proposes a start of `reach`, whose target moves on from there."""
        start = super().sample_layout(arm, rng)
        return replace(start, tracks={TARGET: self._track(start.objects[TARGET], rng)})

    def _track(self, start: Vector, rng: np.random.Generator) -> Track:
        """Draws a way from `start` [m], shape (3,), along y, that lasts for TRACK_S at least."""
        speed, forward = rng.uniform(*self.belt_speed), bool(rng.integers(2))
        low, high = self.target_low[1], self.target_high[1]
        times, ys = [0.0], [float(start[1])]
        while times[-1] < TRACK_S:
            room = high - ys[-1] if forward else ys[-1] - low
            stretch = min(float(rng.uniform(*self.reversal_after)) * speed, room)
            if stretch > 0.0:
                times.append(times[-1] + stretch / speed)
                ys.append(ys[-1] + (stretch if forward else -stretch))
            forward = not forward
        return Track(np.array(times), np.array([(start[0], y, start[2]) for y in ys]))
