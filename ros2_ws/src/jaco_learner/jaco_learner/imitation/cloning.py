"""Cross-entropy on the expert's choices: on its own way, behaviour cloning (Pomerleau 1989, NeurIPS); on the learner's way,
DAgger (Ross et al. 2011, arXiv:1011.0686).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from jaco_learner.imitation.memory import Memory
from jaco_learner.imitation.recipe import ImitationRecipe
from jaco_learner.rollouts import Actor
from jaco_policy.networks import Column


@dataclass(frozen=True)
class CloningReport:
    """Means over a segment's updates: negative log-likelihood of a joint's advice [nat]; how far palm and target are off [m]."""

    imitation: float
    palm_error: float
    target_error: float


class Cloning:
    """Makes an actor choose as the expert does. One that sees pictures also learns where palm and target are."""

    def __init__(self, actor: Actor, recipe: ImitationRecipe) -> None:
        self.actor, self.recipe = actor, recipe
        self.optimiser = torch.optim.Adam(actor.parameters(), lr=recipe.learning_rate, eps=1e-5, fused=True)

    def improve(self, memory: Memory, progress: float) -> CloningReport:
        """Makes a segment's updates, on what is in memory."""
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate_at(progress)
        reports = []
        for _ in range(recipe.updates):
            loss, report = self._loss(memory.draw(recipe.minibatch))
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.actor.parameters(), recipe.gradient_norm)
            self.optimiser.step()
            reports.append(report.detach())
        return CloningReport(*torch.stack(reports).mean(0).tolist())

    def _loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Returns the loss, and what `CloningReport` holds."""
        advice = batch["advice"].long().flatten()
        if not isinstance(self.actor, Column):
            imitation = cross_entropy(self.actor(batch["seen"]).flatten(0, 1), advice)
            return imitation, torch.stack((imitation, *torch.zeros(2)))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output, _ = self.actor(batch["seen"], None, batch["felt"])
        imitation = cross_entropy(output.logits.flatten(0, 1), advice)
        error = (output.auxiliary - batch["position"]).square().sum(-1)
        palm, target = error.sqrt().mean(0)
        return imitation + self.recipe.auxiliary_weight * error.sum(-1).mean(), torch.stack((imitation, palm, target))
