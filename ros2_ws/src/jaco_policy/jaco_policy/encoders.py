"""What a first column may see through besides plain convolutions: residual sections, and spatial softmax behind the last maps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

# At 1 every place would begin near the middle: maps are still too flat for it.
FIRST_TEMPERATURE = 0.1


class ResidualSection(nn.Module):
    """A section of IMPALA's deep network (Espeholt et al. 2018, arXiv:1802.01561, figure 3), which halves height and width.

    A 3x3 convolution, the largest of each 3x3 pixels at every second place, and two residual blocks. Maps (B, `inputs`, h, w)
    to (B, `outputs`, h / 2, w / 2), rounded up.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.entry = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.blocks = nn.ModuleList(ResidualBlock(outputs) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.entry(x))
        for block in self.blocks:
            x = block(x)
        return x


class ResidualBlock(nn.Module):
    """Adds to maps, (B, `channels`, h, w), what two 3x3 convolutions make of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.second(torch.relu(self.first(torch.relu(x))))
        return x + added


class SpatialSoftmax(nn.Module):
    """Where the maps are active: each channel's expected x and y (Levine et al. 2016, JMLR; Finn et al. 2016, arXiv:1509.06113).

    A softmax over the pixels of a channel, with a temperature that is learned, says how likely each place is.
    """

    coordinates: Tensor

    def __init__(self, size: int) -> None:
        """`size`: height, and width, of the maps."""
        super().__init__()
        self.log_temperature = nn.Parameter(torch.tensor(math.log(FIRST_TEMPERATURE)))
        self.register_buffer("coordinates", coordinates(size), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Returns x and y of the first channel, then of the second ..., shape (B, 2 c), for maps (B, c, size, size)."""
        # Channels last, as convolutions leave them, and as a softmax over the pixels takes the least time.
        pixels = maps.permute(0, 2, 3, 1).flatten(1, 2)
        # In single precision even where the layers around are trained with less: a place must be told to a fraction of a pixel.
        with torch.autocast(maps.device.type, enabled=False):
            likely = torch.softmax(pixels.float() * torch.exp(-self.log_temperature), 1)
            return torch.matmul(self.coordinates, likely).transpose(1, 2).flatten(1)


def coordinates(size: int) -> Tensor:
    """Returns x and y of each pixel of a square map, row by row, shape (2, size * size).

    -1 is the centre of the leftmost, or uppermost, pixel, 1 that of the rightmost, or lowest.
    """
    along = torch.linspace(-1.0, 1.0, size)
    y, x = torch.meshgrid(along, along, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()))
