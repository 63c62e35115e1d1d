"""What learning on the arm depends on besides its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaco_core.errors import ConfigError

METHODS = ("progressive", "scratch", "output", "finetuned", "random")
"""A new column on the policy; the same network from random weights; only the policy's heads; all of the policy; a new column on a
random, frozen first one (Rusu et al. 2016, arXiv:1606.04671)."""
SIZES = ("wide", "narrow")


@dataclass(frozen=True)
class Settings:
    """Learning by n-step actor-critic (Mnih et al. 2016, arXiv:1602.01783).

    `method`, `size`: one of METHODS and SIZES; `horizon`: steps until a return takes the critic's word; `batch_steps`: fewest
    steps of an update; `passes`: how often an update goes over them, held to within `clip` of the policy that acted.
    """

    method: str = "progressive"
    size: str = "wide"
    learning_rate: float = 5e-4
    discount: float = 0.97
    horizon: int = 20
    batch_steps: int = 400
    passes: int = 4
    clip: float = 0.2
    entropy: float = 0.003
    value_weight: float = 0.5
    gradient_norm: float = 1.0

    def __post_init__(self) -> None:
        for name, value, choices in (("method", self.method, METHODS), ("size", self.size, SIZES)):
            if value not in choices:
                raise ConfigError(f"There is no {name} '{value}' of learning; choices: {', '.join(choices)}.")
        for name in ("learning_rate", "horizon", "batch_steps", "passes", "clip", "gradient_norm"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"Learning needs a {name} above 0, got {getattr(self, name)}.")
        if not 0.0 <= self.discount < 1.0:
            raise ConfigError(f"Learning needs a discount from 0 to below 1, got {self.discount}.")


ADJUSTABLE = ("method", "size", "learning_rate", "batch_steps")
"""The fields that are parameters of the learner's node."""

WIDTHS: Mapping[str, tuple[int, ...]] = MappingProxyType({"wide": (16, 32, 512, 128), "narrow": (8, 8, 32, 16)})
"""Of arXiv:1610.04286: channels of both convolutions, fc without an LSTM, and fc and LSTM with one."""
