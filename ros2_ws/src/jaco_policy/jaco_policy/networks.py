"""The policy's network: one column of Rusu et al. 2016 (arXiv:1610.04286), from 64x64 pictures to a softmax per joint.

A column returns the activations of all its layers, which is what a later column's laterals read (progressive networks).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from jaco_core.errors import ConfigError
from jaco_policy.encoders import ResidualSection, SpatialSoftmax
from jaco_policy.spans import convolve_spans

IMAGE_SIZE = 64
# Pixels are centred on the mean training image and divided by this, about their standard deviation.
PIXEL_SCALE = 40.0


@dataclass(frozen=True)
class ColumnSpec:
    """The sizes of a column. `convolutions`: (channels, kernel, stride); `lstm` 0: none; `auxiliary`: names of 3-vectors [m].

    `inputs`: numbers of proprioception that it reads beside the image, joint angles and then velocities, 0 for none, into
    `proprioception` units. `views`: cameras whose pictures it reads; `depth`: whether each has a fourth channel, quantised depth.
    `residual`: channels of the sections of a residual encoder, for one without `convolutions`; `spatial_softmax`: whether of the
    last maps only the places where they are active are read.
    """

    joints: int = 9
    choices: int = 3
    convolutions: tuple[tuple[int, int, int], ...] = ((16, 8, 4), (32, 5, 2))
    hidden: int = 256
    lstm: int = 0
    auxiliary: tuple[str, ...] = ("palm", "target")
    inputs: int = 0
    proprioception: int = 0
    views: int = 1
    depth: bool = False
    residual: tuple[int, ...] = ()
    spatial_softmax: bool = False

    def __post_init__(self) -> None:
        if self.views < 1:
            raise ConfigError(f"A column needs at least one view, got {self.views}.")
        if bool(self.convolutions) == bool(self.residual):
            raise ConfigError(
                f"A column sees through convolutions or through residual sections, got {len(self.convolutions)} of the former "
                f"and {len(self.residual)} of the latter."
            )
        if bool(self.inputs) != bool(self.proprioception) or self.inputs not in (0, 2 * self.joints):
            raise ConfigError(
                f"A column of {self.joints} joints feels {2 * self.joints} numbers or none, got {self.inputs} and "
                f"{self.proprioception} units for them."
            )

    @property
    def channels(self) -> int:
        """Channels of the picture that it reads, (64, 64, channels) uint8: of each view RGB and, with `depth`, its depth."""
        return self.views * (3 + self.depth)

    @property
    def map_channels(self) -> tuple[int, ...]:
        """Channels of each layer's maps, those of all views."""
        return tuple(self.views * channels for channels in self.residual or [layer[0] for layer in self.convolutions])

    @property
    def map_sizes(self) -> tuple[int, ...]:
        """Height, and width, of each layer's maps."""
        sizes = [IMAGE_SIZE]
        for _, kernel, stride in self.convolutions:
            sizes.append((sizes[-1] - kernel) // stride + 1)
        for _ in self.residual:
            sizes.append((sizes[-1] + 1) // 2)
        return tuple(sizes[1:])

    @property
    def span(self) -> int:
        """Pixels of a row that the first convolution reads as one place where images are shown `in_spans`; 1 where it can not."""
        kernel, stride = self.convolutions[0][1:] if self.convolutions else (1, 1)
        return stride if self.views == 1 and kernel % stride == 0 and IMAGE_SIZE % stride == 0 else 1

    @property
    def seen(self) -> int:
        """Numbers that the dense layer reads of the last maps."""
        return self.map_channels[-1] * (2 if self.spatial_softmax else self.map_sizes[-1] ** 2)

    @property
    def width(self) -> int:
        """Size of the layer that the heads read."""
        return self.lstm or self.hidden

    def to_json(self) -> dict[str, Any]:
        """Returns the fields as JSON types."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> ColumnSpec:
        """Inverse of `to_json`."""
        convolutions = tuple((int(channels), int(kernel), int(stride)) for channels, kernel, stride in data["convolutions"])
        sizes = {name: int(data[name]) for name in ("joints", "choices", "hidden", "lstm")}
        # Cards that are older than columns that feel do not name these.
        sizes |= {name: int(data.get(name, 0)) for name in ("inputs", "proprioception")}
        # Nor those that are older than several views and depth, or than the encoders besides plain convolutions.
        sizes["views"] = int(data.get("views", 1))
        return ColumnSpec(
            **sizes,
            convolutions=convolutions,
            auxiliary=tuple(data["auxiliary"]),
            depth=bool(data.get("depth", False)),
            residual=tuple(int(channels) for channels in data.get("residual", ())),
            spatial_softmax=bool(data.get("spatial_softmax", False)),
        )


@dataclass
class ColumnOutput:
    """For a batch of B images: logits (B, joints, choices), value (B,), auxiliary positions [m] (B, a, 3)."""

    logits: Tensor
    value: Tensor
    auxiliary: Tensor


LstmState = tuple[Tensor, Tensor]
Tap = Callable[[str, Tensor], Tensor]
"""From a layer's name and its activations, what its readers get.

Names: "conv1", "conv2", ..., or "section1", ... of a residual encoder, "points" of a spatial softmax, "proprioception", "fc" and
"lstm".
"""


def untouched(layer: str, activations: Tensor) -> Tensor:
    """The tap that changes nothing."""
    return activations


class JointEncoder(nn.Module):
    """What an arm feels, (B, 2n): joint angles [rad], then velocities [rad/s]. A whole turn of a joint feels like none."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs // 2 * 3, units)
        self.second = nn.Linear(units, units)

    def forward(self, felt: Tensor) -> Tensor:
        """Returns activations (B, units)."""
        angles, velocities = felt.chunk(2, 1)
        first = torch.relu(self.first(torch.cat((torch.sin(angles), torch.cos(angles), velocities), 1)))
        return torch.relu(self.second(first))


class Column(nn.Module):
    """Encoder, optional LSTM, and heads: policy, value, and auxiliary positions that only training reads.

    Every view passes through the same convolutions: an edge or a target's colour looks alike from everywhere, and weights that
    are shared learn it from all views at once. Where a view was taken from is what the dense layer learns, which reads all of
    them side by side.
    """

    mean_image: Tensor

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__()
        self.spec = spec
        self.register_buffer("mean_image", torch.full((IMAGE_SIZE, IMAGE_SIZE, spec.channels), 128.0))
        channels = [spec.channels // spec.views, *(count // spec.views for count in spec.map_channels)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels[index], count, kernel, stride) for index, (count, kernel, stride) in enumerate(spec.convolutions)
        )
        self.sections = nn.ModuleList(ResidualSection(channels[index], count) for index, count in enumerate(spec.residual))
        self.attend = SpatialSoftmax(spec.map_sizes[-1]) if spec.spatial_softmax else None
        self.proprioceive = JointEncoder(spec.inputs, spec.proprioception) if spec.inputs else None
        self.hidden = nn.Linear(spec.seen + spec.proprioception, spec.hidden)
        # What to do about what is seen and felt takes a layer more than to see it.
        self.joined = nn.Linear(spec.hidden, spec.hidden) if spec.inputs else None
        self.lstm = nn.LSTMCell(spec.hidden, spec.lstm) if spec.lstm else None
        self.policy = nn.Linear(spec.width, spec.joints * spec.choices)
        self.value = nn.Linear(spec.width, 1)
        self.auxiliary = nn.Linear(spec.width, 3 * len(spec.auxiliary))
        nn.init.orthogonal_(self.policy.weight, 0.01)
        nn.init.zeros_(self.policy.bias)

    def initial_state(self, batch: int) -> LstmState | None:
        """Returns the LSTM's state at the start of an episode, or None without an LSTM."""
        if self.lstm is None:
            return None
        return torch.zeros(batch, self.spec.lstm), torch.zeros(batch, self.spec.lstm)

    def centred(self, image: Tensor) -> Tensor:
        """Returns images, shape (..., 64, 64, channels), uint8, as the first layer reads them."""
        return (image - self.mean_image).mul_(1.0 / PIXEL_SCALE)

    def layers(self, image: Tensor, tap: Tap = untouched, proprioception: Tensor | None = None) -> tuple[Tensor, ...]:
        """Returns the maps of every convolution, or section, and the fc layer.

        For images of shape (B, 64, 64, channels), uint8, `centred`, or spans of those, and `proprioception`, (B, inputs), where
        it is read. Maps, (B, map channels, h, w), are those of one view after another.
        """
        x = (self.centred(image) if image.dtype == torch.uint8 else image).permute(0, 3, 1, 2)
        activations = []
        for number, convolution in enumerate(self.convolutions, 1):
            spans = number == 1 and x.shape[1] != self.spec.channels
            x = convolve_spans(cast(nn.Conv2d, convolution), x) if spans else self._each_view(convolution, x)
            x = tap(f"conv{number}", torch.relu(x))
            activations.append(x)
        for number, section in enumerate(self.sections, 1):
            x = self._each_view(section, x)
            x = tap(f"section{number}", torch.relu(x) if number == len(self.sections) else x)
            activations.append(x)
        if x.requires_grad and x.is_contiguous(memory_format=torch.channels_last):
            # The dense layer's gradient comes channel by channel, beside which a rectifier's takes several times as long.
            x.register_hook(_channels_last)  # type: ignore[no-untyped-call]
        below = x.flatten(1) if self.attend is None else tap("points", self.attend(x))
        if self.proprioceive is not None:
            below = torch.cat((below, tap("proprioception", self.proprioceive(proprioception))), 1)
        hidden = torch.relu(self.hidden(below))
        activations.append(tap("fc", hidden if self.joined is None else torch.relu(self.joined(hidden))))
        return tuple(activations)

    def _each_view(self, layer: nn.Module, x: Tensor) -> Tensor:
        """Returns what `layer` makes of each view's maps: (B, views * c, h, w) to the same with its own c, h and w."""
        views = self.spec.views
        if views == 1:
            seen: Tensor = layer(x)
            return seen
        apart: Tensor = layer(x.reshape(len(x) * views, x.shape[1] // views, *x.shape[2:]))
        return apart.reshape(len(x), views * apart.shape[1], *apart.shape[2:])

    def heads(self, features: Tensor) -> ColumnOutput:
        """Reads features of shape (B, width). The value does not shape the features: training has a better critic."""
        logits = self.policy(features).float().view(-1, self.spec.joints, self.spec.choices)
        value = self.value(features.detach()).float().squeeze(-1)
        return ColumnOutput(logits, value, self.auxiliary(features).float().view(len(features), len(self.spec.auxiliary), 3))

    def forward(
        self, image: Tensor, state: LstmState | None = None, proprioception: Tensor | None = None
    ) -> tuple[ColumnOutput, LstmState | None]:
        """One step for a batch of images (B, 64, 64, channels), uint8, and proprioception (B, inputs), where it is read."""
        features = self.layers(image, proprioception=proprioception)[-1]
        if self.lstm is not None:
            state = self.lstm(features, state)
            features = state[0]
        return self.heads(features), state

    def unroll(self, image: Tensor, state: LstmState | None, start: Tensor) -> ColumnOutput:
        """Runs T steps of B sequences: images (T, B, 64, 64, channels), `start` (T, B) where an episode starts.

        Output over T * B.
        """
        steps, batch = image.shape[:2]
        features = self.layers(image.flatten(0, 1))[-1]
        if self.lstm is not None:
            assert state is not None
            outputs = []
            for x, fresh in zip(features.view(steps, batch, -1), start, strict=True):
                keep = (~fresh).unsqueeze(1)
                state = self.lstm(x, (state[0] * keep, state[1] * keep))
                outputs.append(state[0])
            features = torch.cat(outputs)
        return self.heads(features)


def joint_log_probability(logits: Tensor, action: Tensor) -> Tensor:
    """Returns the log-probability, shape (B,), of the action indices (B, joints): joints are independent."""
    return chosen_log_probability(torch.log_softmax(logits, -1), action)


def chosen_log_probability(log_probabilities: Tensor, action: Tensor) -> Tensor:
    """Returns the same from what each choice has, log-probabilities (B, joints, choices)."""
    return log_probabilities.gather(-1, action.long().unsqueeze(-1)).squeeze(-1).sum(-1)


def sample_action(logits: Tensor) -> Tensor:
    """Returns action indices, shape (B, joints), drawn from logits of shape (B, joints, choices)."""
    batch, joints, choices = logits.shape
    return torch.multinomial(torch.softmax(logits, -1).view(-1, choices), 1).view(batch, joints)


def _channels_last(gradient: Tensor) -> Tensor:
    return gradient.contiguous(memory_format=torch.channels_last)
