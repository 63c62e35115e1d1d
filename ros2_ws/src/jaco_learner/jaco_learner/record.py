"""The record of a training run: how much of it is over, how its last episodes went, and what of that goes into its folder."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.tensorboard import SummaryWriter

from jaco_core.types import EpisodeStatus
from jaco_learner.curve import Curve
from jaco_learner.film import BestFilm
from jaco_learner.recipe import AnyRecipe
from jaco_learner.resume import Resumable, load_run, save_run
from jaco_policy.checkpoint import Card
from jaco_policy.networks import ColumnSpec
from jaco_sim.scene import Scene
from jaco_tasks.actions import action_speeds

# Success and return are means over so many episodes.
_EPISODES = 500


class Record:
    """Counts frames and time, keeps curve, TensorBoard log and the notes to resume by. Whatever the algorithm is.

    `frames`: how many the run was trained on; `progress`: the share of it that was over at the last of them, 0..1.
    """

    def __init__(self, recipe: AnyRecipe, scene: Scene, out: Path, seed: int, minutes: float | None, began: float) -> None:
        """`scene`: where the run trains; `minutes`: what it may take; `began`: when it did, by the monotonic clock [s]."""
        self._recipe, self._out, self._seed, self._minutes, self._began = recipe, out, seed, minutes, began
        self.frames = 0
        self.progress = 0.0
        self._ranges = [asdict(entry) for entry in scene.profile.ranges]
        self._card = _card(recipe, scene)
        self._recent: deque[tuple[bool, float]] = deque(maxlen=_EPISODES)
        out.mkdir(parents=True, exist_ok=True)
        self._log = SummaryWriter(str(out))
        self._curve = Curve(out)
        self._film = BestFilm(scene, out)

    @property
    def elapsed_s(self) -> float:
        """What the run has taken, until it was stopped and since it was resumed [s]."""
        return time.monotonic() - self._began

    def take(self, frames: int, ended: Iterable[EpisodeStatus]) -> None:
        """Takes note of further `frames`, and of the episodes that ended in them."""
        self.frames += frames
        self._recent.extend((status.success, status.episode_return) for status in ended)
        self.progress = self._share()

    def row(self, figures: Mapping[str, float]) -> str:
        """Adds a row to curve and TensorBoard log; returns what every algorithm tells in it, as text."""
        elapsed = self.elapsed_s
        success, mean_return, rate = self._mean(0), self._mean(1), self.frames / elapsed
        scalars = {"success": success, "return": mean_return, "frames_per_second": rate, **figures}
        self._curve.add(self.frames, {"seconds": elapsed, **scalars})
        for name, value in scalars.items():
            self._log.add_scalar(name, value, self.frames)
        return f"{self.frames / 1e6:.3f} M frames  {rate:.0f}/s  success {success:.1%}  return {mean_return:.1f}"

    def save_curve(self) -> None:
        """Writes the curve."""
        self._curve.save()

    def card(self, method: Mapping[str, Any], **figures: Any) -> Card:
        """Returns the policy's card as of now, without its column. `method`: how it learns; `figures`: what else was measured."""
        training = {
            **method,
            "recipe": asdict(self._recipe),
            "ranges": self._ranges,
            "seed": self._seed,
            "frames": self.frames,
            "wall_clock_s": round(self.elapsed_s),
            **figures,
            "training_success": self._mean(0),
            "training_return": self._mean(1),
        }
        if self._film.filmed is not None:
            training["video"] = asdict(self._film.filmed)
        return replace(self._card, training=training)

    def film(self) -> bool:
        """Films the policy in the folder if it is the best so far; tells whether its card has more to say then."""
        return self._film.consider(self.frames, self._mean(1), self.elapsed_s, last=self.progress >= 1.0)

    def checkpoint(self, learned: Resumable) -> None:
        """Writes what `resume` needs."""
        where = {"frames": self.frames, "wall_clock_s": self.elapsed_s, "recent": list(self._recent)}
        save_run(self._out, learned, {"recipe": self._identity, **where})

    def resume(self, learned: Resumable) -> None:
        """Brings this record and `learned` to where the run in the folder stopped. It may have been a shorter one.

        Raises:
            ConfigError: there is none, or it was another one.
        """
        notes = load_run(self._out, learned, self._identity)
        self.frames = notes["frames"]
        self._began = time.monotonic() - notes["wall_clock_s"]
        self.progress = self._share()
        self._recent.extend((bool(success), episode_return) for success, episode_return in notes["recent"])
        self._curve.resume(self.frames)
        self._film.resume()

    @property
    def _identity(self) -> dict[str, Any]:
        """What makes the run what it is. Fields that a recipe may leave out are left out: older runs do not know them."""
        left_out = {field.name for field in fields(self._recipe) if getattr(self._recipe, field.name) == field.default}
        told = {name: value for name, value in asdict(self._recipe).items() if name not in left_out}
        return {**told, "seed": self._seed, "minutes": self._minutes}

    def _share(self) -> float:
        """How much of the run is over, 0..1: by frames, or by time when that is what is short."""
        by_time = self.elapsed_s / (60.0 * self._minutes) if self._minutes else 0.0
        return min(1.0, max(self.frames / self._recipe.frames, by_time))

    def _mean(self, which: int) -> float:
        """Success (0) or return (1) over the last episodes."""
        return round(float(np.mean([episode[which] for episode in self._recent])), 4) if self._recent else 0.0


def _card(recipe: AnyRecipe, scene: Scene) -> Card:
    """Returns the card of a policy that has not learned yet."""
    return Card(
        name=recipe.name,
        task=scene.task.name,
        arm=scene.arm.name,
        joints=scene.arm.joint_names,
        action_speeds=tuple(tuple(row) for row in action_speeds(scene.arm).tolist()),
        control_period_s=scene.task.control_period_s,
        column=ColumnSpec(),  # the policy's own, once it is saved
        randomisation=recipe.profile,
    )
