"""One run of behaviour cloning or DAgger, in segments: the expert shows, and the learner learns from what was shown before.

While a segment is shown, the last ones are learned from: each is shown to the weights of one improvement ago.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_learner.imitation.cloning import Cloning, CloningReport
from jaco_learner.imitation.collecting import Shown
from jaco_learner.imitation.demonstrators import Demonstrators, Request
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
from jaco_policy.checkpoint import Card, load_checkpoint
from jaco_policy.networks import Column, ColumnSpec
from jaco_sim.simulation import make_scene

_NAMES = {True: "behaviour cloning", False: "DAgger"}


@dataclass(frozen=True)
class _State:
    """What `resume` needs besides its notes: the network with its optimiser, and which demonstrations there are."""

    learned: Learned
    memory: Memory
    improvements: Tensor
    """How many there have been, shape (1,): one after each segment, so fewer than segments while one is not learned from."""

    def tensors(self) -> dict[str, Tensor]:
        """Returns everything, as tensors by name."""
        return {
            **self.learned.tensors(),
            "segments": torch.tensor([self.memory.count]),
            "improvements": self.improvements.clone(),
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes back what `tensors` returned."""
        self.learned.restore(tensors)
        self.memory.resume(int(tensors["segments"]))
        self.improvements.copy_(tensors["improvements"])


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
            JacoError: the policy to continue is not as it must be.
        """
        began = time.monotonic()
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        keep_freed_memory()
        self.recipe, self.out, self.seed, self._make = recipe, out, seed, make
        scene = make_scene(recipe.task, recipe.arm, recipe.profile)
        self._record = Record(recipe, scene, out, seed, minutes, began)
        self.actor = self._make_actor(scene.task.objects[0].name, start_from)
        self._fresh = start_from is None
        self._cloning = Cloning(self.actor, recipe)
        self._memory = Memory(out, recipe.memory)
        self._improvements = torch.zeros(1, dtype=torch.int64)

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
        demonstrators = Demonstrators(self.recipe, self._make, self.actor)
        try:
            for number, stage in enumerate(self.recipe.stages):
                end = sum(earlier.frames for earlier in self.recipe.stages[: number + 1])
                while self.frames < end and self.progress < end / self.recipe.frames:
                    told = self._segment(demonstrators, stage.mesh_fraction, end)
                    self._checkpoint()
                    yield told
            if self._behind:
                # The last segment is learned from, too.
                self._improve()
                self._checkpoint()
        finally:
            demonstrators.close()

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
        card = replace(self._record.card(told), camera=self.recipe.camera)
        self._record.save_curve()
        return save_actor(self.out, card, self.actor)

    @property
    def _state(self) -> _State:
        return _State(Learned({"actor": self.actor}, self._cloning.optimiser), self._memory, self._improvements)

    @property
    def _behind(self) -> bool:
        """Whether a segment was not in memory yet at the last improvement."""
        return int(self._improvements) < self._memory.count

    def _segment(self, demonstrators: Demonstrators, mesh_fraction: float, end: int) -> str:
        """Lets the expert show on new arms and learns meanwhile from what it has shown so far."""
        seed = int(np.random.SeedSequence([self.seed, self.frames]).generate_state(1)[0])
        frames = min(self.recipe.segment, end - self.frames)
        request = Request(Segment(mesh_fraction, seed), frames, self.recipe.expert_share_at(self.progress))
        demonstrators.request(request, self.actor)
        report = self._improve() if self._behind else None
        shown = demonstrators.take()
        if self._memory.count == 0 and self._fresh:
            self._fit(shown)
        self._memory.add(shown)
        self._record.take(shown.frames, shown.ended)
        figures = {name: float("nan") for name in CloningReport.__dataclass_fields__} if report is None else asdict(report)
        told = f"{self._record.row({'agreement': shown.agreement, **figures})}  agreement {shown.agreement:.1%}"
        if report is None:
            return f"{told}  nothing learned yet"
        told = f"{told}  imitation {report.imitation:.3f}"
        if not self.recipe.pixels:
            return told
        return f"{told}  palm {100 * report.palm_error:.1f} cm  target {100 * report.target_error:.1f} cm"

    def _improve(self) -> CloningReport:
        torch.manual_seed(int(np.random.SeedSequence([self.seed, self._memory.count]).generate_state(1)[0]))
        report = self._cloning.improve(self._memory, self.progress)
        self._improvements += 1
        return report

    def _make_actor(self, target: str, start_from: Path | None) -> Actor:
        recipe = self.recipe
        if start_from is not None:
            if not recipe.pixels:
                raise ConfigError(
                    f"Recipe '{recipe.name}' sees the simulator's state; it cannot continue the policy in {start_from}."
                )
            checkpoint = load_checkpoint(start_from, load_arm(recipe.arm))
            column, camera = checkpoint.column, checkpoint.card.camera
            if camera != recipe.camera:
                raise ContractError(f"The policy in {start_from} sees {camera}, recipe '{recipe.name}' shows {recipe.camera}.")
            if column.spec.lstm:
                raise ContractError(
                    f"The policy in {start_from} has an LSTM; imitation learns from single pictures and cannot continue it."
                )
            if column.spec.auxiliary != ("palm", target):
                raise ContractError(
                    f"The policy in {start_from} has no heads for palm and {target}, which imitation trains with; it has "
                    f"{', '.join(column.spec.auxiliary) or 'none'}."
                )
            return column.train()
        few = replace(recipe, environments=2, trials=1, workers=0)
        arms = self._make(few, Segment(recipe.stages[0].mesh_fraction, self.seed)).arms
        joints, choices = arms.speeds.shape
        arms.close()
        if recipe.pixels:
            feels = {"inputs": 2 * joints, "proprioception": recipe.proprioception} if recipe.proprioception else {}
            return Column(
                ColumnSpec(
                    joints,
                    choices,
                    recipe.convolutions,
                    recipe.hidden,
                    auxiliary=("palm", target),
                    residual=recipe.residual,
                    spatial_softmax=recipe.spatial_softmax,
                    views=recipe.camera.views,
                    depth=recipe.depth,
                    **feels,
                )
            )
        return Teacher(TeacherSpec(arms.state_size, joints, choices, recipe.hidden))

    @torch.no_grad()
    def _fit(self, shown: Shown) -> None:
        """Takes the mean image, or the scale of the states, from the first segment."""
        if isinstance(self.actor, Column):
            self.actor.mean_image.copy_(torch.from_numpy(shown.seen).float().mean(0))
        else:
            self.actor.scaling.fit(torch.from_numpy(shown.seen))

    def _checkpoint(self) -> None:
        """Writes the policy, and what `resume` needs; films the policy when it is the best so far."""
        self.save()
        self._record.checkpoint(self._state)
        self._memory.forget()
        if self._record.film():
            self.save()
