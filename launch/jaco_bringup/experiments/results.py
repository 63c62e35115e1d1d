"""What the runs of an experiment came to, in its folder: one file, and a plot. What is there already is not run again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.plot import Paper, draw_curves
from jaco_core.errors import ConfigError

RESULTS_FILE, PLOT_FILE = "results.json", "curves.png"


@dataclass(frozen=True)
class Result:
    """What one run came to; `figures`: what was measured besides its curve."""

    curve: Curve
    figures: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns what is written, with the numbers that are said of the curve."""
        return {**asdict(self.curve), "final_mean": self.curve.final_mean, "auc": self.curve.auc, **self.figures}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Result:
        """Returns what `to_json` told."""
        figures = {name: value for name, value in data.items() if name not in ("steps", "returns", "final_mean", "auc")}
        return Result(Curve(tuple(data["steps"]), tuple(data["returns"])), figures)


class Results:
    """By condition and seed. Each is on the disk as soon as its run is over."""

    def __init__(
        self, out: Path, experiment: str, plan: Mapping[str, Any], same: Sequence[str], title: str, paper: Paper | None = None
    ) -> None:
        """Takes what is in `out`. `plan`: with `seeds` and `conditions`; `same`: what of it the runs have in common.

        `title`, `paper`: of the plot, which is drawn of what is there.

        Raises:
            ConfigError: `out` has the results of another plan.
        """
        self._out, self._experiment, self._plan, self._title, self._paper = out, experiment, plan, title, paper or {}
        path = out / RESULTS_FILE
        data = json.loads(path.read_text()) if path.is_file() else {"plan": plan, "conditions": {}}
        for name in same:
            found, asked = data["plan"].get(name), plan[name]
            if found != asked:
                raise ConfigError(f"{path} is of another plan: {name} {found}, asked {asked}; give another --out.")
        self._results = {
            condition: {seed: Result.from_json(each) for seed, each in seeds.items()}
            for condition, seeds in data["conditions"].items()
        }
        if self._results:
            self._draw()

    def missing(self) -> Iterator[tuple[str, int]]:
        """Yields condition and seed of what is still to run, seed by seed."""
        for seed in self._plan["seeds"]:
            for condition in self._plan["conditions"]:
                if str(seed) not in self._results.get(condition, {}):
                    yield condition, seed

    def of(self, condition: str) -> list[Result]:
        """Returns the results of a condition so far, one for each seed."""
        return list(self._results.get(condition, {}).values())

    def add(self, condition: str, seed: int, result: Result) -> str:
        """Writes results and plot with one more run; returns its curve in numbers, as text."""
        self._results.setdefault(condition, {})[str(seed)] = result
        told = {name: {key: each.to_json() for key, each in seeds.items()} for name, seeds in self._results.items()}
        content = json.dumps({"experiment": self._experiment, "plan": self._plan, "conditions": told}, indent=1)
        partial = self._out / f"{RESULTS_FILE}.partial"
        partial.write_text(content + "\n")
        partial.replace(self._out / RESULTS_FILE)
        self._draw()
        return f"final mean {result.curve.final_mean:.1f}, mean over the run {result.curve.auc:.1f}"

    def _draw(self) -> None:
        curves = {name: [each.curve for each in seeds.values()] for name, seeds in self._results.items()}
        paper = {name: self._paper[name] for name in curves if name in self._paper}
        draw_curves(self._out / PLOT_FILE, self._title, curves, paper)


def check_conditions(asked: Sequence[str], known: Sequence[str]) -> None:
    """Raises ConfigError: none is asked for, or one that is not known."""
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise ConfigError(f"There is no condition {', '.join(unknown) or '(none given)'}; known: {', '.join(known)}.")
