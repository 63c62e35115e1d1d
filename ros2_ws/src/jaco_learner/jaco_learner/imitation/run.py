"""One run of behaviour cloning or DAgger, in segments: the expert shows, the learner learns from all that was shown."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from jaco_core.errors import ConfigError
from jaco_learner.imitation.cloning import Cloning
from jaco_learner.imitation.collecting import Shown, collect
from jaco_learner.imitation.expert import MakeDemonstration, simulated_demonstration
from jaco_learner.imitation.memory import Memory
from jaco_learner.imitation.recipe import CLONING, ImitationRecipe
from jaco_learner.memory import keep_freed_memory
from jaco_learner.record import Record
from jaco_learner.resume import Learned
from jaco_learner.rollouts import Actor
from jaco_learner.saving import save_actor
from jaco_learner.standard.arms import Segment
from jaco_learner.teacher import Teacher, TeacherSpec
from jaco_policy.checkpoint import Card
from jaco_policy.networks import Column, ColumnSpec
from jaco_sim.simulation import make_scene

_NAMES = {True: "behaviour cloning", False: "DAgger"}


@dataclass(frozen=True)
class _State:
    """What `resume` needs besides its notes: the network with its optimiser, and which demonstrations there are."""

    learned: Learned
    memory: Memory

    def tensors(self) -> dict[str, Tensor]:
        """Returns everything, as tensors by name."""
        return {**self.learned.tensors(), "segments": torch.tensor([self.memory.count])}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes back what `tensors` returned."""
        self.learned.restore(tensors)
        self.memory.resume(int(tensors["segments"]))


class ImitationRun:
    """The state of one training run."""

    def __init__(
        self,
        recipe: ImitationRecipe,
        out: Path,
        seed: int,
        minutes: float | None = None,
        start_from: Path | None = None,
        make: MakeDemonstration = simulated_demonstration,
    ) -> None:
        """`make`: where the expert shows what it does.

        Raises:
            ConfigError: it was to continue a policy.
        """
        began = time.monotonic()
        if start_from is not None:
            raise ConfigError(f"Recipe '{recipe.name}' learns from nothing; {recipe.algorithm} cannot continue {start_from}.")
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        keep_freed_memory()
        self.recipe, self.out, self.seed, self._make = recipe, out, seed, make
        scene = make_scene(recipe.task, recipe.arm, recipe.profile)
        self._record = Record(recipe, scene, out, seed, minutes, began)
        arms = make(recipe, Segment(recipe.stages[0].mesh_fraction, seed)).arms
        joints, choices = arms.speeds.shape
        arms.close()
        self.actor: Actor = (
            Column(ColumnSpec(joints, choices, recipe.convolutions, recipe.hidden, 0, ("palm", scene.task.objects[0].name)))
            if recipe.pixels
            else Teacher(TeacherSpec(arms.state_size, joints, choices, recipe.hidden))
        )
        self._cloning = Cloning(self.actor, recipe)
        self._memory = Memory(out, recipe.memory)

    @property
    def frames(self) -> int:
        """How many it was trained on."""
        return self._record.frames

    @property
    def progress(self) -> float:
        """The share of the run that is over, 0..1."""
        return self._record.progress

    def updates(self) -> Generator[str, None, None]:
        """Trains, one segment per item, and writes a checkpoint after each; yields its figures as text."""
        for number, stage in enumerate(self.recipe.stages):
            end = sum(earlier.frames for earlier in self.recipe.stages[: number + 1])
            while self.frames < end and self.progress < end / self.recipe.frames:
                told = self._segment(stage.mesh_fraction, end)
                self._checkpoint()
                yield told

    def resume(self) -> None:
        """Goes on where the run in the folder stopped. With more frames than it had, it goes on along their longer schedules.

        Raises:
            ConfigError: there is none, or it was another one.
        """
        self._record.resume(self._state)

    def save(self) -> Card:
        """Writes the policy with its card."""
        told = {
            "algorithm": f"{_NAMES[self.recipe.algorithm == CLONING]} of an expert that knows the simulator's state",
            "training_success_of": f"{self.recipe.trials} of {self.recipe.environments} arms, which the policy alone moves",
        }
        card = self._record.card(told)
        self._record.save_curve()
        return save_actor(self.out, card, self.actor)

    @property
    def _state(self) -> _State:
        return _State(Learned({"actor": self.actor}, self._cloning.optimiser), self._memory)

    def _segment(self, mesh_fraction: float, end: int) -> str:
        """Lets the expert show on new arms, then learns."""
        seed = int(np.random.SeedSequence([self.seed, self.frames]).generate_state(1)[0])
        torch.manual_seed(seed)
        shown = self._show(Segment(mesh_fraction, seed), min(self.recipe.segment, end - self.frames))
        if self._memory.count == 0:
            self._fit(shown)
        self._memory.add(shown)
        report = self._cloning.improve(self._memory, self.progress)
        self._record.take(shown.frames, shown.ended)
        told = self._record.row({"agreement": shown.agreement, **asdict(report)})
        return f"{told}  agreement {shown.agreement:.1%}  imitation {report.imitation:.3f}"

    def _show(self, segment: Segment, frames: int) -> Shown:
        demonstration = self._make(self.recipe, segment)
        share, rng = self.recipe.expert_share_at(self.progress), np.random.default_rng(segment.seed)
        try:
            return collect(demonstration, self.actor, frames, self.recipe.trials, share, rng)
        finally:
            demonstration.arms.close()

    @torch.no_grad()
    def _fit(self, shown: Shown) -> None:
        """Takes the mean image, or the scale of the states, from the first segment."""
        if isinstance(self.actor, Column):
            self.actor.mean_image.copy_(shown.seen.float().mean(0))
        else:
            self.actor.scaling.fit(shown.seen)

    def _checkpoint(self) -> None:
        """Writes the policy, and what `resume` needs."""
        self.save()
        self._record.checkpoint(self._state)
        self._memory.forget()
