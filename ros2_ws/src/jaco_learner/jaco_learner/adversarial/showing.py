"""Demonstrations: the expert alone moves the arms."""

from __future__ import annotations

import math

import numpy as np
import torch

from jaco_learner.adversarial.unrewarded import Unrewarded
from jaco_learner.adversarial.visits import Visits
from jaco_learner.imitation.expert import Demonstration
from jaco_tasks.actions import action_velocity


def steps_of(frames: int, arms: int) -> int:
    """Returns the steps of `arms` arms that make at least `frames`."""
    return math.ceil(frames / arms)


def show(demonstration: Demonstration, frames: int, horizon: int) -> Visits:
    """Lets the expert move new arms for at least `frames`, in episodes of `horizon` steps that begin as the learner's do."""
    arms, advise = Unrewarded(demonstration.arms, horizon), demonstration.advise
    states, actions, lost = [], [], []
    step = arms.reset(stagger=True)
    for _ in range(steps_of(frames, arms.count)):
        advice = np.asarray(advise(step), np.uint8)
        states.append(step.state)
        actions.append(advice)
        step = arms.drive(action_velocity(arms.speeds, advice))
        lost.append(step.reward.astype(np.int64))
    state, action, lost_ = (torch.from_numpy(np.concatenate(parts)) for parts in (states, actions, lost))
    return Visits(state, action, lost_)
