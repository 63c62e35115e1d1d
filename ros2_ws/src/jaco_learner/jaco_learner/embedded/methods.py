"""The network that learns: a column grown on the policy, or one of the baselines that it is compared with."""

from __future__ import annotations

from dataclasses import replace

import torch

from jaco_learner.embedded.settings import FELT_CHANNELS, FELT_HIDDEN, FELT_UNITS, GROWING, WIDTHS, Settings
from jaco_policy.checkpoint import Checkpoint
from jaco_policy.grown import GrownSpec
from jaco_policy.networks import Column
from jaco_policy.progressive import ProgressiveNet

_HEADS = ("policy", "value", "policy_laterals", "value_laterals")


def network_to_learn(base: Checkpoint, settings: Settings, seed: int) -> ProgressiveNet:
    """Returns the network of `settings.method` with what it takes from `base`; `seed` draws what it does not.

    `learned()` of it are the weights that may change: of a policy with several columns, finetuning changes all of them.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if settings.method in GROWING:
            elder = base.network if settings.method == "progressive" else _randomised(base)
            network = ProgressiveNet(elder.columns[0], elder.grown)  # type: ignore[arg-type]
            network.load_state_dict(elder.state_dict())
            network.grow(grown_spec(base.network, settings.size))
            return network.train()
        if settings.method == "scratch":
            return _randomised(base).train()
    network = base.network.requires_grad_(settings.method == "finetuned")
    for name, parameter in network.columns[-1].named_parameters():
        if name.split(".")[0] in _HEADS:
            parameter.requires_grad_(True)
    return network.train()


def grown_spec(base: ProgressiveNet, size: str) -> GrownSpec:
    """Returns a column of one of SIZES; the paper's wide and narrow ones have an LSTM where the policy has one."""
    if size.startswith("felt"):
        maps = FELT_CHANNELS if size == "felt-maps" else 0
        return GrownSpec((), FELT_HIDDEN, inputs=2 * base.spec.joints, proprioception=FELT_UNITS, lateral_channels=maps)
    first, second, hidden, recurrent = WIDTHS[size]
    channels = (first, *[second] * (len(base.spec.convolutions) - 1))
    if base.spec.lstm:
        return GrownSpec(channels, recurrent, lstm=recurrent)
    return GrownSpec(channels, hidden)


def _randomised(base: Checkpoint) -> ProgressiveNet:
    """Returns a first column of the policy's sizes with weights of chance. How pixels are centred is no knowledge of the task."""
    column = Column(replace(base.network.spec))
    column.mean_image.copy_(base.network.columns[0].mean_image)  # type: ignore[arg-type]
    return ProgressiveNet(column)
