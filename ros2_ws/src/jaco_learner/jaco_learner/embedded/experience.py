"""The newest steps that an off-policy learner has been given, with what the frozen columns make of their images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from jaco_learner.embedded.corrections import CORRECTED, with_corrections
from jaco_learner.embedded.memory import Chunk
from jaco_learner.embedded.motion import Motion, Points
from jaco_learner.embedded.transition import Run, judged_ahead
from jaco_policy.grown import Activations
from jaco_policy.progressive import ProgressiveNet

# What a chunk has of each step; of everything else it has one per observation.
_OF_STEPS = ("action", "now", "later", "reward", "discount", CORRECTED)
_BEFORE = "before"


@dataclass(frozen=True)
class Observations:
    """N observations: the frozen columns' activations, proprioception (N, 2n), and the arm's points."""

    elders: tuple[Activations, ...]
    felt: Tensor
    points: Points

    def at(self, rows: Tensor) -> Observations:
        """Returns some of them."""
        elders = tuple(Activations((), each.hidden[rows], None, each.features[rows]) for each in self.elders)
        return Observations(elders, self.felt[rows], self.points.at(rows))


@dataclass(frozen=True)
class Steps:
    """S steps: their `action` (S, n), the `reward` until `later`, the `discount` of what follows, and if they are `corrected`."""

    now: Observations
    later: Observations
    action: Tensor
    reward: Tensor
    discount: Tensor
    corrected: Tensor


class Experience:
    """Grows by a chunk per update; whole chunks at its old end make room. `chunks`: those that it holds, in their order.

    `total`: how many steps there ever were.

    A chunk has of R observations "felt" (R, 2n), and by frozen column "hidden_0" and, with an LSTM, "features_0" (R, width).
    Of S steps it has "action" (S, n), "now" and "later" (S,), the observations that a step begins with and is judged by, "reward"
    (S,) in between, "discount" (S,) of what follows, 0 where the task has ended, and "corrected" (S,). "before" (1,) tells how
    many steps there were before it, of which the oldest may be gone.
    """

    def __init__(self, network: ProgressiveNet, motion: Motion, discount: float, horizon: int, kept: int) -> None:
        """`horizon`: steps until a step is judged by the critics; the rewards until then count as they came.

        `kept`: fewest steps that it holds once there were as many.
        """
        self._network, self._motion = network, motion
        self._discount, self._horizon, self._kept = discount, horizon, kept
        self.forget()

    def __len__(self) -> int:
        return len(self._steps["action"]) if self.chunks else 0

    def forget(self) -> None:
        """Begins anew."""
        self.chunks: tuple[Chunk, ...] = ()
        self.total = 0
        self._steps: Chunk = {}

    def take(self, runs: Sequence[Run]) -> None:
        """Adds what the frozen columns make of `runs`."""
        parts = [self._chunk(run) for run in runs]
        starts = [0, *accumulate(len(part["felt"]) for part in parts)]
        for part, start in zip(parts, starts[:-1], strict=True):
            part["now"], part["later"] = part["now"] + start, part["later"] + start
        chunk = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        self.add({**chunk, _BEFORE: torch.tensor([self.total])})

    def add(self, chunk: Chunk) -> None:
        """Adds a chunk of an earlier time."""
        chunk = with_corrections(chunk)
        points = self._motion.points(chunk["felt"])
        grown = {name: tensor for name, tensor in chunk.items() if name != _BEFORE}
        grown |= {"position": points.position, "jacobian": points.jacobian}
        if self.chunks:
            start = len(self._steps["felt"])
            grown["now"], grown["later"] = chunk["now"] + start, chunk["later"] + start
            grown = {name: torch.cat((self._steps[name], tensor)) for name, tensor in grown.items()}
        self._steps, self.chunks = grown, (*self.chunks, chunk)
        # A chunk that was saved before chunks had this number: before it, nothing had been dropped.
        self.total = int(chunk.get(_BEFORE, self.total)) + len(chunk["action"])
        while len(self) - len(self.chunks[0]["action"]) >= self._kept:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        steps, observations = (len(self.chunks[0][name]) for name in ("action", "felt"))
        held = {name: tensor[steps if name in _OF_STEPS else observations :] for name, tensor in self._steps.items()}
        self._steps = {**held, "now": held["now"] - observations, "later": held["later"] - observations}
        self.chunks = self.chunks[1:]

    def draw(self, count: int, generator: torch.Generator) -> Steps:
        """Returns `count` steps, each as likely as any other."""
        return self.steps(torch.randint(len(self), (count,), generator=generator))

    def draw_corrected(self, count: int, generator: torch.Generator) -> Steps | None:
        """As `draw`, of those steps alone in which an operator moved the arm; None where there are none."""
        rows = self._steps[CORRECTED].nonzero().squeeze(1)
        return self.steps(rows[torch.randint(len(rows), (count,), generator=generator)]) if len(rows) else None

    def steps(self, rows: Tensor) -> Steps:
        """Returns the steps of these numbers."""
        held = self._steps
        now, later = self._observations(held["now"][rows]), self._observations(held["later"][rows])
        return Steps(now, later, held["action"][rows].long(), held["reward"][rows], held["discount"][rows], held[CORRECTED][rows])

    def _observations(self, rows: Tensor) -> Observations:
        held = self._steps
        elders = []
        for index in range(len(self._network.grown)):
            hidden = held[f"hidden_{index}"][rows]
            features = held[f"features_{index}"][rows] if f"features_{index}" in held else hidden
            elders.append(Activations((), hidden, None, features))
        return Observations(tuple(elders), held["felt"][rows], Points(held["position"][rows], held["jacobian"][rows]))

    def _chunk(self, run: Run) -> Chunk:
        steps = run.transitions
        images = torch.from_numpy(np.stack([*(step.image for step in steps), run.final_image]))
        felt = torch.from_numpy(np.stack([*(step.proprioception for step in steps), run.final_proprioception])).float()
        later, reward, discount = zip(*judged_ahead(run, self._discount, self._horizon), strict=True)
        chunk = {
            "felt": felt,
            "action": torch.from_numpy(np.stack([step.action for step in steps])).to(torch.uint8),
            "now": torch.arange(len(steps), dtype=torch.int32),
            "later": torch.tensor(later, dtype=torch.int32),
            "reward": torch.tensor(reward, dtype=torch.float32),
            "discount": torch.tensor(discount, dtype=torch.float32),
            CORRECTED: torch.full((len(steps),), run.corrected),
        }
        start = torch.zeros(len(images), 1, dtype=torch.bool)
        with torch.no_grad():
            state = self._network.initial_state(1)
            activations = self._network.trace(images[:, None], state, start, felt[:, None])[2][:-1]
        for index, each in enumerate(activations):
            chunk[f"hidden_{index}"] = each.hidden.clone()
            if each.before is not None:
                chunk[f"features_{index}"] = each.features.clone()
        return chunk
