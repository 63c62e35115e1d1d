"""A later column of a progressive network (Rusu et al. 2016, arXiv:1606.04671 and arXiv:1610.04286): it reads its elders.

A layer computes h_i = s(W_i h_(i-1) + U_i s(V_i a h_(i-1) of the earlier columns)): a learned scale `a` per earlier column, a
projection V to the own width of that layer (1x1 where it is a convolution), and the layer's own kind of weights U. fc and LSTM of
earlier columns go into a later LSTM as they are (an LSTM from the step before, as its own), and what the heads read goes to the
heads as it is: with U taken from the last column's heads and the own weights zero, a column begins as its elder, bit for bit.

The last maps, own and projected, go into the fc layer as column 1's do: pixel by pixel, or, where that has a spatial softmax, as
the places where they are active.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from jaco_core.errors import ConfigError
from jaco_policy.encoders import SpatialSoftmax
from jaco_policy.networks import Column, ColumnOutput, ColumnSpec, Tap, untouched

_SMALLEST_SCALE, _LARGEST_SCALE = 0.05, 0.15


@dataclass(frozen=True)
class GrownSpec:
    """The sizes of a later column.

    `channels`: of its convolutions, whose kernels and strides are column 1's and which read all views at once; () for one that
    sees through its laterals alone: from the earlier columns' last maps, projected to `lateral_channels`, or with 0 of these
    from their fc layers.
    `inputs`: numbers of proprioception that it reads, 0 for none, into `proprioception` units. `lstm` 0: none.
    """

    channels: tuple[int, ...] = (16, 32)
    hidden: int = 256
    lstm: int = 0
    inputs: int = 0
    proprioception: int = 0
    lateral_channels: int = 0

    @property
    def width(self) -> int:
        """Size of the layer that the heads read."""
        return self.lstm or self.hidden

    def to_json(self) -> dict[str, Any]:
        """Returns the fields as JSON types."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> GrownSpec:
        """Inverse of `to_json`."""
        sizes = {name: int(data[name]) for name in ("hidden", "lstm", "inputs", "proprioception")}
        # Cards that are older than such laterals do not name them.
        sizes["lateral_channels"] = int(data.get("lateral_channels", 0))
        return GrownSpec(**sizes, channels=tuple(int(count) for count in data["channels"]))


@dataclass(frozen=True)
class Activations:
    """A column's layers for N = T * B images: maps (N, c, h, w), fc (N, hidden), LSTM before the step, the heads' input."""

    convolutions: tuple[Tensor, ...]
    hidden: Tensor
    before: Tensor | None
    features: Tensor


class GrownColumn(nn.Module):
    """A later column with its laterals. Its heads have no auxiliary outputs: an arm does not know what a simulator does."""

    def __init__(self, first: ColumnSpec, elders: Sequence[ColumnSpec | GrownSpec], spec: GrownSpec) -> None:
        """Raises ConfigError: the sizes do not fit column 1, or the column would read nothing."""
        super().__init__()
        _check(first, spec)
        self.spec = spec
        self.joints, self.choices = first.joints, first.choices
        # A column that sees through others has no maps of its own to read.
        maps = [_channels(elder) for elder in elders if _channels(elder)]
        sizes = first.map_sizes
        channels = spec.channels
        self.scales = nn.ParameterList()
        self.convolutions, self.adapters, self.laterals = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for index, count in enumerate(channels):
            kernel, stride = first.convolutions[index][1:]
            self.convolutions.append(nn.Conv2d(channels[index - 1] if index else first.channels, count, kernel, stride))
            if index:
                self._adapt(sum(each[index - 1] for each in maps), channels[index - 1], len(maps), convolution=True)
                self.laterals.append(nn.Conv2d(channels[index - 1], count, kernel, stride, bias=False))
        self.proprioceive = nn.Linear(spec.inputs, spec.proprioception) if spec.inputs else None
        projected = channels[-1] if channels else spec.lateral_channels
        self.attend = SpatialSoftmax(sizes[-1]) if projected and first.spatial_softmax else None
        numbers = sizes[-1] ** 2 if self.attend is None else 2
        if projected:
            self._adapt(sum(each[-1] for each in maps), projected, len(maps), convolution=True)
            self.laterals.append(nn.Linear(projected * numbers, spec.hidden, bias=False))
        else:
            self._adapt(sum(elder.hidden for elder in elders), spec.proprioception, len(elders), convolution=False)
            self.laterals.append(nn.Linear(spec.proprioception, spec.hidden, bias=False))
        seen = channels[-1] * numbers if channels else 0
        self.hidden = nn.Linear(seen + (0 if channels and spec.lstm else spec.proprioception), spec.hidden)
        joined = spec.hidden + (spec.proprioception if channels else 0)
        direct = sum(elder.hidden + elder.lstm for elder in elders)
        self.lstm = nn.LSTMCell(joined + direct, spec.lstm) if spec.lstm else None
        outputs = first.joints * first.choices
        self.policy, self.value = nn.Linear(spec.width, outputs), nn.Linear(spec.width, 1)
        self.policy_laterals = nn.ParameterList(torch.zeros(outputs, elder.width) for elder in elders)
        self.value_laterals = nn.ParameterList(torch.zeros(1, elder.width) for elder in elders)

    def _adapt(self, inputs: int, outputs: int, elders: int, convolution: bool) -> None:
        """Adds the scales and the projection in front of the next lateral."""
        self.scales.append(torch.empty(elders).uniform_(_SMALLEST_SCALE, _LARGEST_SCALE))
        self.adapters.append(nn.Conv2d(inputs, outputs, 1) if convolution else nn.Linear(inputs, outputs))

    def begin_as(self, last: Column | GrownColumn) -> None:
        """Takes over the heads of the column before: the own part is zero, so that the policy is the same, bit for bit."""
        with torch.no_grad():
            for own, laterals, source, before in (
                (self.policy, self.policy_laterals, last.policy, getattr(last, "policy_laterals", [])),
                (self.value, self.value_laterals, last.value, getattr(last, "value_laterals", [])),
            ):
                own.weight.zero_()
                own.bias.copy_(source.bias)
                for lateral, weight in zip(laterals, [*before, source.weight], strict=True):
                    lateral.copy_(weight)

    def _lateral(self, index: int, elders: Sequence[Tensor]) -> Tensor:
        """Returns s(V a h): the earlier columns' activations, scaled, side by side, projected. The last maps become vectors."""
        scaled = torch.cat([scale * elder for scale, elder in zip(self.scales[index], elders, strict=True)], 1)
        projected = torch.relu(self.adapters[index](scaled))
        lateral: Tensor = self.laterals[index](self._read(projected) if index == len(self.laterals) - 1 else projected)
        return lateral

    def _read(self, maps: Tensor, tap: Tap = untouched) -> Tensor:
        """Returns what the fc layer reads of the last maps, (N, c, h, w): vectors, and vectors as they are."""
        return maps.flatten(1) if self.attend is None else tap("points", self.attend(maps))

    def layers(
        self, pixels: Tensor, elders: Sequence[Activations], proprioception: Tensor | None, tap: Tap = untouched
    ) -> tuple[list[Tensor], Tensor, list[Tensor]]:
        """Returns maps, fc layer and what joins it before the LSTM.

        `pixels`: (N, channels of the picture, 64, 64), proprioception: (N, inputs).
        """
        seeing = [elder for elder in elders if elder.convolutions]
        maps: list[Tensor] = []
        for index, convolution in enumerate(self.convolutions):
            total = convolution(maps[-1] if maps else pixels)
            if index:
                total = total + self._lateral(index - 1, [elder.convolutions[index - 1] for elder in seeing])
            maps.append(tap(f"conv{index + 1}", torch.relu(total)))
        felt = None
        if self.proprioceive is not None:
            felt = tap("proprioception", torch.relu(self.proprioceive(proprioception)))
        lateral = self._lateral(
            len(self.laterals) - 1,
            [elder.convolutions[-1] for elder in seeing]
            if maps or self.spec.lateral_channels
            else [elder.hidden for elder in elders],
        )
        if maps:
            below = [self._read(maps[-1], tap)]
            below += [felt] if felt is not None and self.lstm is None else []
            joining = [felt] if felt is not None and self.lstm is not None else []
            return maps, tap("fc", torch.relu(self.hidden(torch.cat(below, 1)) + lateral)), joining
        assert felt is not None
        return maps, tap("fc", torch.relu(self.hidden(felt) + lateral)), []

    def heads(self, elders: Sequence[Tensor], features: Tensor) -> ColumnOutput:
        """Reads the features of all columns, each (N, width). The elders' part is added first: it is what the column began as."""
        logits, value = (
            _sum_of_heads(own, laterals, elders, features)
            for own, laterals in ((self.policy, self.policy_laterals), (self.value, self.value_laterals))
        )
        logits = logits.float().view(-1, self.joints, self.choices)
        return ColumnOutput(logits, value.float().squeeze(-1), logits.new_zeros(len(logits), 0, 3))


def _sum_of_heads(own: nn.Linear, laterals: nn.ParameterList, elders: Sequence[Tensor], features: Tensor) -> Tensor:
    # The bias rides on the first elder's product, as it did in that column's own head: the same operation, the same bits.
    total = functional.linear(elders[0], laterals[0], own.bias)
    for elder, lateral in zip(elders[1:], list(laterals)[1:], strict=True):
        total = total + functional.linear(elder, lateral)
    return total + functional.linear(features, own.weight)


def _channels(spec: ColumnSpec | GrownSpec) -> tuple[int, ...]:
    return spec.channels if isinstance(spec, GrownSpec) else spec.map_channels


def _check(first: ColumnSpec, spec: GrownSpec) -> None:
    if spec.channels and first.residual:
        raise ConfigError(
            f"Column 1 sees through residual sections, with which a later column's convolutions do not line up, got channels "
            f"{spec.channels}; grow one that feels and sees through its laterals alone, of size felt or felt-maps."
        )
    if len(spec.channels) not in (0, len(first.convolutions)):
        raise ConfigError(
            f"A later column has column 1's {len(first.convolutions)} convolutions or none, got channels {spec.channels}."
        )
    if spec.channels and spec.lateral_channels:
        raise ConfigError(
            f"A later column with convolutions has laterals of their sizes, got {spec.lateral_channels} channels for them."
        )
    if bool(spec.inputs) != bool(spec.proprioception) or not (spec.channels or spec.inputs):
        raise ConfigError(
            f"A later column needs an input of its own, got channels {spec.channels}, {spec.inputs} numbers of proprioception "
            f"and {spec.proprioception} units for them."
        )
