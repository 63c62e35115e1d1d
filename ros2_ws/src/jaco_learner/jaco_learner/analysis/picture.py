"""Sensitivities as heat maps: columns side by side, layers one above the other, from the pixels at the bottom to the policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np

from jaco_learner.analysis.place import Place

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def draw_sensitivities(path: Path, title: str, measures: Mapping[str, Mapping[Place, float | None]]) -> None:
    """Writes one heat map per measure, by its name, to `path`.

    A place without a value is hatched: the layer matters in no column. A layer that a column does not have stays white.
    """
    places = next(iter(measures.values()))
    layers = list(dict.fromkeys(place.layer for place in places))
    columns = 1 + max(place.column for place in places)
    size = (1.6 + len(measures) * (1.2 + 0.9 * columns), 1.6 + 0.6 * len(layers))
    figure, row = plt.subplots(1, len(measures), figsize=size, sharey=True, squeeze=False, layout="constrained")
    for axes, (name, values) in zip(row[0], measures.items(), strict=True):
        grid = np.full((len(layers), columns), np.nan)
        for place, value in values.items():
            at = layers.index(place.layer), place.column
            grid[at] = np.nan if value is None else value
            text, dark = ("-", False) if value is None else (f"{value:.2f}", value > 0.6)
            axes.text(place.column, at[0], text, ha="center", va="center", color="white" if dark else "black")
            if value is None:
                axes.add_patch(plt.Rectangle((at[1] - 0.5, at[0] - 0.5), 1, 1, hatch="////", fill=False, edgecolor="#b0b0b0"))
        image = axes.imshow(grid, origin="lower", vmin=0.0, vmax=1.0, cmap="Blues", aspect="auto")
        axes.set_title(name, fontsize=9)
        axes.set_xticks(range(columns), [f"column {column + 1}" for column in range(columns)])
        axes.set_yticks(range(len(layers)), layers)
    figure.colorbar(image, ax=row[0].tolist(), label="share of the layer's columns")
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=120)
    plt.close(figure)
