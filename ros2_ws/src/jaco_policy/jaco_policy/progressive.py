"""Progressive networks (Rusu et al. 2016, arXiv:1606.04671): columns grown one on the other, the earlier ones frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from jaco_policy.grown import Activations, GrownColumn, GrownSpec
from jaco_policy.networks import Column, ColumnOutput, ColumnSpec, Tap, untouched

State = tuple[Tensor, ...]
"""Hidden and cell state of every LSTM, column by column, each (B, width)."""
ColumnTap = Callable[[int, str, Tensor], Tensor]
"""A `Tap` that is told the column's index first. An LSTM's activations come step by step."""


class ProgressiveNet(nn.Module):
    """Columns that were grown one on the other. The last one acts and learns; `freeze_elders` fixes the others."""

    def __init__(self, first: Column | ColumnSpec, grown: Sequence[GrownSpec] = ()) -> None:
        """`first`: a column, which is taken in as it is, or its sizes. Weights of the grown ones are random until loaded."""
        super().__init__()
        first = Column(first) if isinstance(first, ColumnSpec) else first
        self.spec = first.spec
        self.grown = tuple(grown)
        self.columns = nn.ModuleList([first])
        for index, spec in enumerate(self.grown):
            self.columns.append(GrownColumn(first.spec, (first.spec, *self.grown[:index]), spec))

    @property
    def inputs(self) -> int:
        """Numbers of proprioception that the columns read; 0 when none does."""
        return max(self.spec.inputs, *(spec.inputs for spec in self.grown), 0)

    def grow(self, spec: GrownSpec) -> None:
        """Adds a column that begins as the policy so far, and freezes the others."""
        column = GrownColumn(self.spec, (self.spec, *self.grown), spec)
        last: Any = self.columns[-1]
        column.begin_as(last)
        self.columns.append(column)
        self.grown = (*self.grown, spec)
        self.freeze_elders()

    def freeze_elders(self) -> None:
        """Takes every column but the last out of learning."""
        for column in list(self.columns)[:-1]:
            column.requires_grad_(False)

    def learned(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yields the names and parameters that learn: no auxiliary heads, since nobody tells them the truth."""
        for name, parameter in self.named_parameters():
            if parameter.requires_grad and ".auxiliary." not in name:
                yield name, parameter

    def initial_state(self, batch: int) -> State | None:
        """Returns the LSTMs' states at an episode's start, or None without any."""
        widths = list(state_sizes(self).values())
        return tuple(torch.zeros(batch, width) for width in widths) or None

    def forward(
        self, image: Tensor, state: State | None = None, proprioception: Tensor | None = None
    ) -> tuple[ColumnOutput, State | None]:
        """One step for a batch of images (B, 64, 64, channels), uint8, and proprioception (B, inputs)."""
        start = torch.zeros(1, len(image), dtype=torch.bool)
        output, state, _ = self.trace(image[None], state, start, None if proprioception is None else proprioception[None])
        return output, state

    def unroll(self, image: Tensor, state: State | None, start: Tensor, proprioception: Tensor | None = None) -> ColumnOutput:
        """Runs T steps of B sequences: images (T, B, 64, 64, channels), `start` (T, B) where an episode starts.

        Output over T * B.
        """
        return self.trace(image, state, start, proprioception)[0]

    def answer(self, elders: Sequence[Activations], proprioception: Tensor) -> ColumnOutput:
        """Returns what the last column makes of N observations of which the earlier columns' activations are known.

        Only for a column that sees through the others alone; `proprioception`: (N, inputs).
        """
        last: Any = self.columns[-1]
        _, own, _ = last.layers(proprioception.new_empty(0), elders, proprioception)
        return self.heads([*(elder.features for elder in elders), own])

    def trace(
        self, image: Tensor, state: State | None, start: Tensor, proprioception: Tensor | None, tap: ColumnTap | None = None
    ) -> tuple[ColumnOutput, State | None, list[Activations]]:
        """The same, with the states after it and what every column's layers did.

        Gradients pass frozen columns with a `tap` alone.
        """
        first: Any = self.columns[0]
        flat = image.flatten(0, 1)
        felt = None if proprioception is None else proprioception.flatten(0, 1)
        pixels = first.centred(flat)
        states = iter(state or ())
        done: list[Activations] = []
        after: list[Tensor] = []
        for index, column in enumerate(self.columns):
            each: Any = column
            # Frozen columns need no gradients, which saves two thirds of their time.
            learns = tap is not None or any(parameter.requires_grad for parameter in each.parameters())
            with torch.set_grad_enabled(torch.is_grad_enabled() and learns):
                tapped: Tap = untouched if tap is None else partial(tap, index)
                if index:
                    maps, hidden, direct = each.layers(pixels.permute(0, 3, 1, 2), done, felt, tapped)
                    direct += [part for elder in done for part in (elder.hidden, elder.before) if part is not None]
                else:
                    *maps, hidden = each.layers(pixels, tapped, felt)
                    direct = []
                before, features = None, hidden
                if each.lstm is not None:
                    joined, state_here = torch.cat((hidden, *direct), 1), (next(states), next(states))
                    before, features, last = _recur(each.lstm, joined, state_here, start, tapped)
                    after += last
                done.append(Activations(tuple(maps), hidden, before, features))
        return self.heads([each.features for each in done]), tuple(after) or None, done

    def heads(self, features: Sequence[Tensor]) -> ColumnOutput:
        """Returns what the heads of a column make of the features of all columns up to it, each (N, width)."""
        column: Any = self.columns[len(features) - 1]
        return column.heads(features[:-1], features[-1]) if len(features) > 1 else _first_heads(column, features[0])


def parameter_count(network: nn.Module) -> int:
    """Returns the number of weights as the papers count them: one bias per LSTM gate, no scales, no auxiliary heads."""
    return sum(
        tensor.numel()
        for name, tensor in network.named_parameters()
        if not any(part in name for part in ("auxiliary", "scales", "bias_hh"))
    )


def state_sizes(network: ProgressiveNet) -> dict[str, int]:
    """Returns names ("hidden", "cell", "hidden_1", ...) and widths of the LSTM states, in the order of `initial_state`."""
    widths = [network.spec.lstm, *(spec.lstm for spec in network.grown)]
    return {
        f"{name}_{index}" if index else name: width for index, width in enumerate(widths) if width for name in ("hidden", "cell")
    }


def _recur(
    cell: nn.LSTMCell, inputs: Tensor, state: tuple[Tensor, Tensor], start: Tensor, tap: Tap
) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    """Runs the cell over (T * B, n); returns the hidden states before and after each step, (T * B, w), and the last state."""
    before, after = [], []
    for x, fresh in zip(inputs.view(*start.shape, -1), start, strict=True):
        keep = (~fresh).unsqueeze(1)
        state = state[0] * keep, state[1] * keep
        before.append(state[0])
        hidden, memory = cell(x, state)
        state = tap("lstm", hidden), memory
        after.append(state[0])
    return torch.cat(before), torch.cat(after), state


def _first_heads(column: Column, features: Tensor) -> ColumnOutput:
    """A first column's heads where it learns alone: unlike in training its value shapes the features, as in the paper."""
    output = column.heads(features)
    return ColumnOutput(output.logits, column.value(features).float().squeeze(-1), output.auxiliary)
