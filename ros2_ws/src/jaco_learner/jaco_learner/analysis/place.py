"""A layer of a column, and how a layer's columns share in something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """A layer of a column. `column`: from 0; `layer`: a name that a network's taps are told, such as "conv1", "fc" or "lstm"."""

    column: int
    layer: str


def shares(values: Mapping[Place, float]) -> dict[Place, float | None]:
    """Returns each place's share in the sum over the columns that have its layer; None where that sum is 0."""
    totals: dict[str, float] = {}
    for place, value in values.items():
        totals[place.layer] = totals.get(place.layer, 0.0) + value
    return {place: value / totals[place.layer] if totals[place.layer] > 0.0 else None for place, value in values.items()}
