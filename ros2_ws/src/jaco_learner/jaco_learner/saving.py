"""Writes what a training has come to: a policy that sees pixels with its card, or a teacher that sees the simulator's state."""

from __future__ import annotations

from pathlib import Path

from jaco_learner.rollouts import Actor
from jaco_learner.teacher import TeacherCard
from jaco_policy.checkpoint import Card, save_checkpoint
from jaco_policy.networks import Column


def save_actor(folder: Path, card: Card, actor: Actor) -> Card:
    """Writes `actor` to `folder` and returns its card."""
    if isinstance(actor, Column):
        return save_checkpoint(folder, card, actor)
    actor.save(folder, TeacherCard(card.task, card.arm, card.randomisation, actor.spec, card.training))
    return card
