"""One A3C training run: starts the workers, follows what they report, writes checkpoints. The workers learn by themselves."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_learner.a3c.engine import Engine, Order, Shared, make_engine
from jaco_learner.a3c.environment import ArmEnvironment, MakeEnvironment
from jaco_learner.a3c.network import ActorCritic
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_learner.a3c.rmsprop import SharedRmsProp
from jaco_learner.a3c.speed_up import SpeedUp
from jaco_learner.a3c.worker import Report, make_network
from jaco_learner.record import Record
from jaco_policy.checkpoint import Card, load_checkpoint, save_checkpoint
from jaco_sim.simulation import make_scene
from jaco_tasks.actions import action_speeds

# Between two checkpoints [s].
_CHECKPOINT_S = 30.0
# Frames between two rows of the curve; a short run has at least so many rows.
_ROW_FRAMES, _FEWEST_ROWS = 10_000, 20
# The first worker is alone for this share of the run, for the speed-up to be measured.
_ALONE = 0.005
# The mean image is taken over so many beginnings in each environment.
_BEGINNINGS = 8


@dataclass(frozen=True)
class _State:
    """What `resume` needs besides its notes."""

    optimiser: SharedRmsProp
    mean_image: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """Returns everything, as tensors by name. Workers may write meanwhile, as they always do."""
        return {name: tensor.clone() for name, tensor in self._parts.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Takes back what `tensors` returned."""
        for name, tensor in self._parts.items():
            tensor.copy_(tensors[name])

    @property
    def _parts(self) -> dict[str, Tensor]:
        optimiser = self.optimiser
        shared = {"weights": optimiser.weights, "squares": optimiser.squares, "steps": optimiser.steps}
        return {**shared, "mean_image": self.mean_image}


class A3cRun:
    """The state of one training run."""

    def __init__(
        self,
        recipe: A3cRecipe,
        out: Path,
        seed: int,
        minutes: float | None = None,
        start_from: Path | None = None,
        make: MakeEnvironment = ArmEnvironment,
        engine: str = "local",
    ) -> None:
        """`engine`: where the workers run, "local" or "ray"."""
        began = time.monotonic()
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self.recipe, self.out, self.seed = recipe, out, seed
        self._make, self._engine_name = make, engine
        self.network = make_network(recipe, *action_speeds(load_arm(recipe.arm)).shape)
        self._fresh = start_from is None
        if start_from is not None:
            _take(self.network, start_from, recipe)
        self._shared = Shared(
            SharedRmsProp(parameters_to_vector(self.network.parameters()), recipe.decay, recipe.epsilon),
            self.network.column.mean_image.clone().share_memory_(),  # type: ignore[no-untyped-call]
            torch.zeros(1, dtype=torch.float64).share_memory_(),  # type: ignore[no-untyped-call]
        )
        self._speed_up = SpeedUp(recipe.workers, max(1, round(_ALONE * recipe.frames)))
        self._row: list[Report] = []
        self._engine: Engine | None = None
        self._record = Record(recipe, make_scene(recipe.task, recipe.arm, recipe.profile), out, seed, minutes, began)

    @property
    def frames(self) -> int:
        """How many it was trained on."""
        return self._record.frames

    @property
    def progress(self) -> float:
        """The share of the run that is over, 0..1."""
        return self._record.progress

    def updates(self) -> Generator[str, None, None]:
        """Trains; yields its figures as text, row by row of the curve. The checkpoint is written every half minute."""
        recipe = self.recipe
        if self._fresh:
            self._shared.mean_image.copy_(self._mean_start())
            self._fresh = False
        order = Order(recipe, self.network.column.spec, self._make, _seed(self.seed, self.frames))
        engine = self._engine = make_engine(self._engine_name, order, self._shared)
        saved, row = time.monotonic(), max(1, min(_ROW_FRAMES, recipe.frames // _FEWEST_ROWS))
        noted = self.frames // row
        try:
            while self.progress < 1.0:
                engine.start(1 if self._speed_up.alone else recipe.workers)
                for worker, report in engine.reports():
                    self._take_note(worker, report)
                self._shared.progress.fill_(self.progress)
                if self.frames // row > noted or self.progress >= 1.0:
                    noted = self.frames // row
                    yield self._report()
                if time.monotonic() - saved > _CHECKPOINT_S:
                    saved = time.monotonic()
                    self._checkpoint()
        finally:
            engine.close()
            self._checkpoint()

    def resume(self) -> None:
        """Goes on about where the run in the folder stopped. With more frames than it had, along their longer schedules.

        Raises:
            ConfigError: there is none, or it was another one.
        """
        self._record.resume(self._state)
        self._shared.progress.fill_(self.progress)
        self._fresh = False

    def save(self) -> Card:
        """Writes the policy with its card."""
        recipe = self.recipe
        vector_to_parameters(self.optimiser.weights.clone(), self.network.parameters())
        self.network.column.mean_image.copy_(self._shared.mean_image)
        heads = [
            name for name, weight in (("depth", recipe.depth_weight), ("loop closure", recipe.closure_weight)) if weight > 0.0
        ]
        method = {
            "algorithm": "A3C with lock-free workers and shared RMSProp, from pixels alone"
            + (f"; auxiliary heads: {', '.join(heads)}" if heads else ""),
            "engine": self._engine_name,
            "batched": f"each worker steps {recipe.environments} environments together and applies their mean gradient",
            "deterministic": "no: workers write to shared weights without locks, so the same seed gives another policy",
            "privileged_information": "none: no guide, no teacher, no critic or label from the simulator's state"
            if not heads
            else "in training, for the auxiliary heads: " + ", ".join(heads),
        }
        card = self._record.card(method, replaced_workers=self.replaced_workers, speed_up=self._speed_up.figures())
        self._record.save_curve()
        return save_checkpoint(self.out, card, self.network.column)

    @property
    def optimiser(self) -> SharedRmsProp:
        """The weights that are learned, and RMSProp's statistics."""
        return self._shared.optimiser

    @property
    def process_ids(self) -> list[int]:
        """Of the workers, while there are any."""
        return [] if self._engine is None else self._engine.process_ids

    @property
    def replaced_workers(self) -> int:
        """How many died and were replaced."""
        return 0 if self._engine is None else self._engine.replaced

    @property
    def _state(self) -> _State:
        return _State(self.optimiser, self._shared.mean_image)

    def _checkpoint(self) -> None:
        """Writes the policy, and what `resume` needs; films the policy when it is the best so far."""
        self.save()
        self._record.checkpoint(self._state)
        if self._record.film():
            self.save()

    def _mean_start(self) -> Tensor:
        """Returns the mean picture of episodes' beginnings, shape (64, 64, 3)."""
        environment = self._make(self.recipe, self.recipe.stages[-1].mesh_fraction, self.seed)
        try:
            pictures = [torch.from_numpy(environment.reset().image).float().mean(0) for _ in range(_BEGINNINGS)]
        finally:
            environment.close()
        return torch.stack(pictures).mean(0)

    def _take_note(self, worker: int, report: Report) -> None:
        self._speed_up.note(time.monotonic(), worker, report.frames)
        self._record.take(report.frames, report.ended)
        self._row.append(report)

    def _report(self) -> str:
        """Closes a row of the curve."""
        names = list(asdict(self._row[0].losses)) if self._row else []
        means = {f"{name}_loss": float(np.mean([getattr(each.losses, name) for each in self._row])) for name in names}
        norm = float(np.mean([each.gradient_norm for each in self._row]))
        self._row = []
        told = self._record.row({**means, "gradient_norm": norm})
        near = self.recipe.start_distance_at(self.progress)
        starts = f"starts within {near:.2f} m" if np.isfinite(near) else "starts anywhere"
        return f"{told}  entropy {means['entropy_loss']:.2f}  {starts}"


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _take(network: ActorCritic, folder: Path, recipe: A3cRecipe) -> None:
    """Gives the network the weights of the policy in `folder`."""
    column = load_checkpoint(folder, load_arm(recipe.arm)).column
    if column.spec != network.column.spec:
        raise ContractError(f"The policy in {folder} has {column.spec}; recipe '{recipe.name}' continues {network.column.spec}.")
    network.column.load_state_dict(column.state_dict())
