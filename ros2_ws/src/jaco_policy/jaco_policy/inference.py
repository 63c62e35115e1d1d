"""Acting with a policy: one image in, one joint velocity out. Remembers the LSTM's state of the running episode."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.errors import ContractError
from jaco_core.types import RgbImage, Vector, frozen_vector
from jaco_policy.checkpoint import Checkpoint
from jaco_policy.engines import choose_engine


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
    """Runs one checkpoint, one image at a time, on one core.

    `engine`: what computes the network; `notice`: a sentence for the log when that is not the quickest one, else "".
    """

    def __init__(self, checkpoint: Checkpoint, deterministic: bool = True, seed: int = 0) -> None:
        """`deterministic`: take the likeliest action; otherwise draw one, with random numbers from `seed`."""
        self._random = None if deterministic else np.random.default_rng(seed)
        self.card = checkpoint.card
        self.inputs = checkpoint.network.inputs
        self._speeds = checkpoint.card.speeds
        self._joints = np.arange(len(self._speeds))
        self._shape = (self.card.camera.height, self.card.camera.width, self.card.column.channels)
        self._engine, self.notice = choose_engine(checkpoint.network)
        self.engine = self._engine.name

    def begin_episode(self) -> None:
        """Forgets the last episode."""
        self._engine.forget()

    def act(self, image: RgbImage, proprioception: Vector | None = None) -> Decision:
        """Acts on `image`, uint8, shape (64, 64, channels): RGB, or what the card's `column` says of several views and depth.

        `proprioception`: joint angles [rad], then velocities [rad/s], shape (2n,); for a policy that reads it.

        Raises:
            ContractError: the inputs are not what the card asks for, or the network's answer is not finite.
        """
        began = time.perf_counter()
        if image.shape != self._shape or image.dtype != np.uint8:
            raise ContractError(
                f"Policy '{self.card.name}' reads uint8 images of shape {self._shape}, got {image.dtype} of shape {image.shape}."
            )
        logits, value = self._engine.compute(image, self._felt(proprioception))
        if not np.isfinite(logits).all():
            raise ContractError(f"Policy '{self.card.name}' gave an answer that is not finite; its weights are damaged.")
        # Gumbel's trick: the likeliest action after such noise is one drawn from the policy's distribution.
        noisy = logits if self._random is None else logits + self._random.gumbel(size=logits.shape)
        chosen = noisy.argmax(-1)
        return Decision(
            chosen,
            frozen_vector(self._speeds[self._joints, chosen]),
            self._log_probability(logits, chosen),
            value,
            time.perf_counter() - began,
        )

    def _felt(self, proprioception: Vector | None) -> NDArray[np.float32] | None:
        if not self.inputs:
            return None
        found = 0 if proprioception is None else len(proprioception)
        if proprioception is None or found != self.inputs or not np.isfinite(proprioception).all():
            raise ContractError(f"Policy '{self.card.name}' reads {self.inputs} finite joint angles and velocities, got {found}.")
        return proprioception.astype(np.float32)

    def _log_probability(self, logits: NDArray[np.float32], action: NDArray[np.int64]) -> float:
        """Returns the log-probability of the whole action: joints are independent."""
        above = logits - logits.max(-1, keepdims=True)
        return float((above[self._joints, action] - np.log(np.exp(above).sum(-1))).sum())
