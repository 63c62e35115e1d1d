"""What an evaluation looks like: success per group of factors, where it succeeds, the returns, and the failures themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray

from jaco_core.errors import ConfigError
from jaco_learner.scoring import PlayedEpisode, Scores

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SHOWN_FAILURES, FAILURES_PER_ROW = 24, 6
_TILE, _CAPTION = 160, 34


def draw(folder: Path, title: str, played: Sequence[PlayedEpisode], scores: Mapping[str, Scores]) -> list[Path]:
    """Writes success.png, targets.png, returns.png and, where an episode failed, failures.png into `folder`; returns the paths.

    Raises:
        ConfigError: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {folder} for pictures cannot be made: {error.strerror}.") from None
    paths = [folder / f"{name}.png" for name in ("success", "targets", "returns")]
    _draw_success(paths[0], scores)
    _draw_targets(paths[1], title, played)
    _draw_returns(paths[2], title, played)
    failures = [episode for episode in played if not episode.status.success]
    if failures:
        paths.append(folder / "failures.png")
        cv2.imwrite(str(paths[-1]), cv2.cvtColor(failure_grid(failures), cv2.COLOR_RGB2BGR))
    return paths


def failure_grid(failures: Sequence[PlayedEpisode]) -> NDArray[np.uint8]:
    """Returns one RGB picture with the last camera image of the first failures, each with its episode, return and reason."""
    shown = list(failures[:SHOWN_FAILURES])
    rows = -(-len(shown) // FAILURES_PER_ROW)
    grid = np.full((rows * (_TILE + _CAPTION), FAILURES_PER_ROW * _TILE, 3), 255, np.uint8)
    for index, episode in enumerate(shown):
        top, left = (index // FAILURES_PER_ROW) * (_TILE + _CAPTION), (index % FAILURES_PER_ROW) * _TILE
        picture = cv2.resize(episode.last_image, (_TILE - 4, _TILE - 4), interpolation=cv2.INTER_NEAREST)
        grid[top + 2 : top + _TILE - 2, left + 2 : left + _TILE - 2] = picture
        status = episode.status
        lines = (f"step {status.step}, return {status.episode_return:.0f}", (status.reason or "too far away")[:26])
        for number, text in enumerate(lines):
            place = (left + 3, top + _TILE + 11 + 15 * number)
            cv2.putText(grid, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (30, 30, 35), 1, cv2.LINE_AA)
    return grid


def _draw_success(path: Path, scores: Mapping[str, Scores]) -> None:
    figure, axes = plt.subplots(figsize=(1.6 + 0.9 * len(scores), 3.6))
    rates = np.array([entry.success_rate for entry in scores.values()])
    ends = np.array([entry.success_interval for entry in scores.values()])
    errors = np.abs(np.stack((rates - ends[:, 0], ends[:, 1] - rates)))
    axes.bar(list(scores), rates, yerr=errors, capsize=4, color="#4682c8")
    axes.set(ylim=(0.0, 1.05), ylabel="success rate, 95 % interval")
    axes.tick_params(axis="x", rotation=30)
    _save(figure, path)


def _draw_targets(path: Path, title: str, played: Sequence[PlayedEpisode]) -> None:
    """Seen from above: where the target stood, coloured by return; failures are crossed out."""
    figure, axes = plt.subplots(figsize=(5.2, 4.2))
    places = np.array([episode.target for episode in played])
    returns = np.array([episode.status.episode_return for episode in played])
    failed = np.array([not episode.status.success for episode in played])
    points = axes.scatter(places[:, 0], places[:, 1], c=returns, s=16, cmap="viridis")
    axes.scatter(places[failed, 0], places[failed, 1], marker="x", color="#d73c28", s=40, label="failed")
    axes.set(xlabel="x [m]", ylabel="y [m]", title=f"target, {title}", aspect="equal")
    figure.colorbar(points, label="return")
    if failed.any():
        axes.legend()
    _save(figure, path)


def _draw_returns(path: Path, title: str, played: Sequence[PlayedEpisode]) -> None:
    figure, axes = plt.subplots(figsize=(5.2, 3.4))
    axes.hist([episode.status.episode_return for episode in played], bins=25, color="#4682c8")
    axes.set(xlabel="return", ylabel="episodes", title=title)
    _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
