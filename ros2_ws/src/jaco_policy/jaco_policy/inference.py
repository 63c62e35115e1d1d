"""Acting with a policy: one image in, one joint velocity out. Remembers the LSTM's state of the running episode."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_core.errors import ContractError
from jaco_core.types import RgbImage, Vector, frozen_vector
from jaco_policy.checkpoint import Checkpoint
from jaco_policy.networks import joint_log_probability


@dataclass(frozen=True)
class Decision:
    """What the policy does on one image.

    `action`: index into each joint's speeds, shape (n,); `velocity` [rad/s], shape (n,); `log_probability` of the whole action;
    `value`: expected discounted return; `seconds`: wall-clock time that it took.
    """

    action: NDArray[np.int64]
    velocity: Vector
    log_probability: float
    value: float
    seconds: float


class PolicyRuntime:
    """Runs one checkpoint, one image at a time, on one core."""

    def __init__(self, checkpoint: Checkpoint, deterministic: bool = True, seed: int = 0) -> None:
        """`deterministic`: take the likeliest action; otherwise draw one, with random numbers from `seed`."""
        self._random = None if deterministic else np.random.default_rng(seed)
        self.card = checkpoint.card
        self._column = checkpoint.column
        self._speeds = checkpoint.card.speeds
        self._joints = np.arange(len(self._speeds))
        self._shape = (self.card.camera.height, self.card.camera.width, 3)
        # One image is too little work to share: more threads only add jitter.
        torch.set_num_threads(1)
        # The first call is slow (allocations, choice of kernels), so it happens here, and leaves no trace.
        with torch.inference_mode():
            self._column(torch.zeros((1, *self._shape), dtype=torch.uint8), self._column.initial_state(1))
        self.begin_episode()

    def begin_episode(self) -> None:
        """Forgets the last episode."""
        self._state = self._column.initial_state(1)

    @torch.inference_mode()
    def act(self, image: RgbImage) -> Decision:
        """Acts on `image`, uint8 RGB, shape (64, 64, 3).

        Raises:
            ContractError: the image is not what the card asks for, or the network's answer is not finite.
        """
        began = time.perf_counter()
        if image.shape != self._shape or image.dtype != np.uint8:
            raise ContractError(
                f"Policy '{self.card.name}' reads uint8 images of shape {self._shape}, got {image.dtype} of shape {image.shape}."
            )
        batch = torch.from_numpy(np.ascontiguousarray(image)).unsqueeze(0)
        output, self._state = self._column(batch, self._state)
        if not bool(torch.isfinite(output.logits).all()):
            raise ContractError(f"Policy '{self.card.name}' gave an answer that is not finite; its weights are damaged.")
        if self._random is None:
            action = output.logits.argmax(-1)
        else:
            # Gumbel's trick: the random numbers are numpy's, so that a seed means the same on every version of torch.
            action = (output.logits + torch.from_numpy(self._random.gumbel(size=output.logits.shape))).argmax(-1)
        chosen = action[0].numpy()
        return Decision(
            chosen.copy(),
            frozen_vector(self._speeds[self._joints, chosen]),
            float(joint_log_probability(output.logits, action)[0]),
            float(output.value[0]),
            time.perf_counter() - began,
        )
