"""What learning on the arm depends on besides its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaco_core.errors import ConfigError

METHODS = ("progressive", "scratch", "output", "finetuned", "random")
"""A new column on the policy; the same network from random weights; only the policy's heads; all of the policy; a new column on a
random, frozen first one (Rusu et al. 2016, arXiv:1606.04671)."""
GROWING = ("progressive", "random")
"""Of these, the methods with a new column."""
SIZES = ("wide", "narrow", "felt", "felt-maps")
"""The paper's wide and narrow columns; one that feels the joints and sees through its laterals alone, as the paper's third: from
the earlier columns' dense layers, or from their last maps."""
KNOWING = ("progressive", "output", "finetuned")
"""Of these, the methods that begin with what the policy knows."""
OFF_POLICY, ASYMMETRIC = "off-policy", "asymmetric"
ALGORITHMS = ("actor-critic", OFF_POLICY, ASYMMETRIC)
"""On each step once, soon after it was made; on the steps so far, over and over; so, with critics that know where things are."""


def _require(what: str, settings: Settings | OffPolicySettings | AsymmetricSettings, *positive: str) -> None:
    """Raises ConfigError: one of the fields `positive` is not above 0, or the discount is not from 0 to below 1."""
    for name in positive:
        if not getattr(settings, name) > 0:
            raise ConfigError(f"{what} needs a {name} above 0, got {getattr(settings, name)}.")
    if not 0.0 <= settings.discount < 1.0:
        raise ConfigError(f"{what} needs a discount from 0 to below 1, got {settings.discount}.")


@dataclass(frozen=True)
class OffPolicySettings:
    """Learning on the steps so far, of which the newest are kept: `kept`, and up to an update's more.

    `horizon`: steps until the critics' word is taken; `updates_per_step`: gradient steps per step of the arm, each on `batch`
    steps, of which every `policy_every`-th also improves the policy on `policy_batch`. Of `critics` critics, of which the least
    of `target_critics` counts as what follows, the policy believes what exceeds `doubt` standard deviations. Until there are
    `warm_up` steps the critics learn alone. `anchor`: what a nat of divergence from the policy that was there before costs at
    first, falling to `final_anchor` in `anchor_steps` steps of the arm.
    """

    discount: float = 0.9
    horizon: int = 3
    kept: int = 100_000
    critics: int = 3
    target_critics: int = 2
    hidden: int = 128
    critic_rate: float = 1e-3
    target_rate: float = 0.01
    updates_per_step: float = 0.5
    batch: int = 256
    policy_every: int = 2
    policy_batch: int = 96
    warm_up: int = 1500
    doubt: float = 0.5
    entropy: float = 0.002
    anchor: float = 0.05
    final_anchor: float = 0.005
    anchor_steps: int = 6000

    def __post_init__(self) -> None:
        positive = ("horizon", "kept", "critics", "target_critics", "hidden", "critic_rate", "updates_per_step", "batch")
        _require("Off-policy learning", self, *positive, "policy_every", "policy_batch", "anchor_steps")
        if self.target_critics > self.critics or self.policy_batch > self.batch:
            raise ConfigError(
                f"Off-policy learning has {self.critics} critics and batches of {self.batch} steps, and was asked for the least "
                f"of {self.target_critics} and for {self.policy_batch} of the steps."
            )


@dataclass(frozen=True)
class AsymmetricSettings:
    """Learning on the newest steps, over and over, with critics that know where palm and objects are.

    `kept`: steps that are drawn from; `horizon`: steps until the critics' word is taken; `critic_updates`, `policy_updates`:
    gradient steps per step of the arm. Until there are `warm_up` steps the critics learn `warm_up_haste` times as fast, and the
    policy's features learn to see alone: a new column leaves the policy as it was then, a finetuned one does not quite.
    `policy_weight`: of an advantage of one standard deviation; `stay`: what a nat of divergence from the policy that made a step
    costs; `branch_cost`: of what a speed adds, squared; `sight_weight`: of a squared metre that something is seen off its place.
    """

    discount: float = 0.97
    horizon: int = 3
    kept: int = 20_000
    critics: int = 2
    hidden: int = 256
    critic_rate: float = 5e-4
    target_rate: float = 0.005
    critic_updates: float = 0.5
    critic_batch: int = 256
    branch_cost: float = 1e-3
    policy_updates: float = 0.08
    policy_batch: int = 200
    policy_weight: float = 0.4
    stay: float = 0.1
    sight_weight: float = 20.0
    gradient_norm: float = 10.0
    warm_up: int = 1200
    warm_up_haste: float = 4.0

    def __post_init__(self) -> None:
        positive = ("horizon", "kept", "critics", "hidden", "critic_rate", "critic_updates", "critic_batch", "policy_updates")
        _require("Asymmetric learning", self, *positive, "policy_batch", "gradient_norm", "warm_up_haste")


@dataclass(frozen=True)
class Settings:
    """Learning by n-step actor-critic (Mnih et al. 2016, arXiv:1602.01783).

    `method`, `size`, `algorithm`: one of METHODS, SIZES and ALGORITHMS; `horizon`: steps until a return takes the critic's word;
    `batch_steps`: fewest steps of an update; `passes`: how often an update goes over them, held to within `clip` of the policy
    that acted. Both others take `learning_rate` and `batch_steps`, off-policy also `gradient_norm`, asymmetric also `entropy`;
    the rest of theirs is in `off_policy` and `asymmetric`. `correction_weight`: of a nat of cross-entropy between the policy and
    what an operator showed in its place, beside the loss of reinforcement; `operator_share`: of a policy's speed at which an
    operator's motion stands for it, since a jogged joint is slower.
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
    algorithm: str = ALGORITHMS[0]
    off_policy: OffPolicySettings = OffPolicySettings()
    asymmetric: AsymmetricSettings = AsymmetricSettings()
    correction_weight: float = 1.0
    operator_share: float = 0.25

    def __post_init__(self) -> None:
        chosen = (("method", self.method, METHODS), ("size", self.size, SIZES), ("algorithm", self.algorithm, ALGORITHMS))
        for name, value, choices in chosen:
            if value not in choices:
                raise ConfigError(f"There is no {name} '{value}' of learning; choices: {', '.join(choices)}.")
        if self.algorithm == OFF_POLICY and (self.method not in GROWING or self.size != "felt"):
            raise ConfigError(
                f"Off-policy learning improves a new column of size felt, by method {' or '.join(GROWING)}; got method "
                f"{self.method} and size {self.size}."
            )
        _require("Learning", self, "learning_rate", "horizon", "batch_steps", "passes", "clip", "gradient_norm", "operator_share")
        if self.correction_weight < 0.0 or self.operator_share > 1.0:
            raise ConfigError(
                f"Corrections need a correction_weight of 0 or more and an operator_share up to 1, got {self.correction_weight} "
                f"and {self.operator_share}."
            )


ADJUSTABLE = ("method", "size", "algorithm", "learning_rate", "batch_steps", "correction_weight", "operator_share")
"""The fields that are parameters of the learner's node."""

WIDTHS: Mapping[str, tuple[int, ...]] = MappingProxyType({"wide": (16, 32, 512, 128), "narrow": (8, 8, 32, 16)})
"""Of arXiv:1610.04286: channels of both convolutions, fc without an LSTM, and fc and LSTM with one."""

FELT_UNITS, FELT_HIDDEN, FELT_CHANNELS = 64, 256, 32
"""Of columns that feel: units for proprioception, and fc; of felt-maps, channels that earlier columns' maps are projected to."""
