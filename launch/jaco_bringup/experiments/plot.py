"""Learning curves with their spread over seeds, beside the paper's, and what they come to by learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

import numpy as np

from jaco_bringup.experiments.curve import Curve

_POINTS = 61
# Letters of a title in a line, as wide as the picture.
_TITLE_WIDTH = 72


Paper = Mapping[str, tuple[Sequence[float], Sequence[float]]]
"""What a paper's figure shows, by condition: steps and returns."""


def draw_curves(path: Path, title: str, curves: Mapping[str, Sequence[Curve]], paper: Paper) -> None:
    """Writes a picture of `curves`, by condition one for each seed, to `path`; `paper`: of some of the conditions."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(10.0, 5.0), layout="constrained")
    last = max((curve.steps[-1] for several in curves.values() for curve in several), default=1)
    grid = np.linspace(0.0, last, _POINTS)
    for index, (name, several) in enumerate(curves.items()):
        values = np.array([curve.at(grid, width=max(1000.0, last / 30.0)) for curve in several])
        known = ~np.isnan(values).any(axis=0)
        if not known.any():
            continue
        mean, low, high = values[:, known].mean(0), values[:, known].min(0), values[:, known].max(0)
        axes.plot(grid[known], mean, color=f"C{index}", label=f"{name} ({len(several)} seed{'s' if len(several) > 1 else ''})")
        axes.fill_between(grid[known], low, high, color=f"C{index}", alpha=0.2)
    for name, (steps, returns) in paper.items():
        axes.plot(
            steps, returns, color=f"C{list(curves).index(name)}", linestyle="--", linewidth=1.0, label=f"{name}, paper (real arm)"
        )
    axes.set(
        title=fill(title, _TITLE_WIDTH), xlabel="steps", ylabel="return of an episode (of 50)", ylim=(0.0, 50.0), xlim=(0.0, last)
    )
    # Beside the curves: within the picture it would lie on some of them.
    figure.legend(loc="outside right center", fontsize=8)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def draw_sensitivity(path: Path, title: str, finals: Mapping[str, Mapping[str, Mapping[float, Sequence[float]]]]) -> None:
    """Writes a picture of final mean returns by change of the world, method and learning rate, one for each seed, to `path`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, row = pyplot.subplots(1, len(finals), figsize=(5.0 * len(finals), 4.5), sharey=True, squeeze=False)
    for axes, (change, methods) in zip(row[0], finals.items(), strict=True):
        for index, (method, by_rate) in enumerate(methods.items()):
            rates = sorted(by_rate)
            several = [by_rate[rate] for rate in rates]
            axes.plot(rates, [np.mean(each) for each in several], color=f"C{index}", marker="o", label=method)
            low, high = [min(each) for each in several], [max(each) for each in several]
            axes.fill_between(rates, low, high, color=f"C{index}", alpha=0.2)
        axes.set(title=change, xlabel="learning rate", xscale="log", ylim=(0.0, 50.0))
        axes.legend(fontsize=8)
    row[0][0].set(ylabel="return of an episode (of 50), last sixth of the steps")
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
