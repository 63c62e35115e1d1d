"""What an operator showed in the policy's place, on the policy's own way: DAgger (Ross et al. 2011, arXiv:1011.0686).

The operator takes over where the policy errs, as in Kelly et al. 2019 (arXiv:1810.02890). Such steps are imitated, and the policy
gets no credit for them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from jaco_learner.embedded.memory import Chunk
from jaco_policy.networks import joint_log_probability

CORRECTED = "corrected"
"""In a chunk: of each step, whether an operator moved the arm, (S,)."""


def imitation_loss(logits: Tensor, action: Tensor) -> Tensor:
    """Returns the mean cross-entropy [nat] of what was shown, indices (N, joints), under logits (N, joints, choices)."""
    return -joint_log_probability(logits, action).mean()


def mean_over(values: Tensor, counted: Tensor) -> Tensor:
    """Returns the mean of `values` (N,) where `counted` (N,) is true; 0 where it never is."""
    return values[counted].mean() if counted.any() else torch.zeros(())


def with_corrections(chunk: Chunk) -> Chunk:
    """Returns a chunk of whatever age; one from before there were corrections has none."""
    return chunk if CORRECTED in chunk else {**chunk, CORRECTED: torch.zeros(len(chunk["action"]), dtype=torch.bool)}
