"""Learning curves with their spread over seeds, beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from jaco_bringup.experiments.curve import Curve

_POINTS = 61


def draw_curves(
    path: Path, title: str, curves: Mapping[str, Sequence[Curve]], paper: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> None:
    """Writes a picture of `curves`, by condition one for each seed, and of the paper's (steps, returns), to `path`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.0, 5.0))
    last = max((curve.steps[-1] for several in curves.values() for curve in several), default=1)
    grid = np.linspace(0.0, last, _POINTS)
    for index, (name, several) in enumerate(curves.items()):
        values = np.array([curve.at(grid, width=max(1000.0, last / 30.0)) for curve in several])
        known = ~np.isnan(values).any(axis=0)
        if not known.any():
            continue
        mean, low, high = values[:, known].mean(0), values[:, known].min(0), values[:, known].max(0)
        axes.plot(grid[known], mean, color=f"C{index}", label=f"{name} ({len(several)} seeds)")
        axes.fill_between(grid[known], low, high, color=f"C{index}", alpha=0.2)
    for index, (name, (steps, returns)) in enumerate(paper.items()):
        axes.plot(steps, returns, color=f"C{index}", linestyle="--", linewidth=1.0, label=f"{name}, paper (real arm)")
    axes.set(title=title, xlabel="steps", ylabel="return of an episode (of 50)", ylim=(0.0, 50.0), xlim=(0.0, last))
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
