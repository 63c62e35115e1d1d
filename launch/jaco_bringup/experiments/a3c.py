"""A3C from pixels under several conditions: what auxiliary heads add (as in arXiv:1611.03673), and what an engine costs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.plot import draw_curves
from jaco_core.errors import ConfigError
from jaco_learner.a3c.recipe import A3cRecipe, load_a3c_recipe
from jaco_learner.curve import CURVE_FILE
from jaco_learner.resume import RESUME_FILE
from jaco_learner.train import train


@dataclass(frozen=True)
class Condition:
    """The auxiliary heads that learn, and where the workers run."""

    heads: tuple[str, ...] = ()
    engine: str = "local"


EXPERIMENTS: Mapping[str, Mapping[str, Condition]] = MappingProxyType(
    {
        "a3c_heads": {
            "plain": Condition(),
            "depth": Condition(("depth",)),
            "closure": Condition(("closure",)),
            "both": Condition(("depth", "closure")),
        },
        "a3c_engines": {"local": Condition(), "ray": Condition(engine="ray")},
    }
)
"""By experiment and condition."""
_TITLES = {"a3c_heads": "A3C from pixels: what auxiliary heads add", "a3c_engines": "A3C from pixels: the same on two engines"}
RESULTS_FILE, PLOT_FILE = "results.json", "curves.png"
Train = Callable[[A3cRecipe, Path, int, bool, str], None]


@dataclass(frozen=True)
class Plan:
    """What to run: `frames` for each of `conditions` of `experiment` with each of `seeds`."""

    experiment: str
    frames: int
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]

    def __post_init__(self) -> None:
        known = EXPERIMENTS[self.experiment]
        unknown = [name for name in self.conditions if name not in known]
        if unknown or not self.conditions:
            raise ConfigError(f"There is no condition {', '.join(unknown) or '(none given)'}; known: {', '.join(known)}.")

    def recipe(self, condition: str) -> A3cRecipe:
        """Returns the recipe of a condition's runs."""
        return load_a3c_recipe("reach_a3c").with_heads(EXPERIMENTS[self.experiment][condition].heads).with_frames(self.frames)


def _train(recipe: A3cRecipe, folder: Path, seed: int, resume: bool, engine: str) -> None:
    train(recipe, folder, seed, resume=resume, engine=engine)


def run(plan: Plan, out: Path, say: Callable[[str], None], start: Train = _train) -> None:
    """Runs what of `plan` has no result in `out` yet, and goes on with what was stopped; writes results and plot after each run.

    Raises:
        ConfigError: `out` has the results of another plan.
        JacoError: a run failed.
    """
    results = _read(plan, out)
    for seed in plan.seeds:
        for condition in plan.conditions:
            if str(seed) in results.get(condition, {}):
                continue
            folder = out / f"{condition}-{seed}"
            say(f"{condition}, seed {seed}: {plan.frames} frames")
            engine = EXPERIMENTS[plan.experiment][condition].engine
            start(plan.recipe(condition), folder, seed, (folder / RESUME_FILE).is_file(), engine)
            done = read_result(folder, plan.frames)
            results.setdefault(condition, {})[str(seed)] = done
            _write(plan, out, results)
            means = f"final mean {done.curve.final_mean:.1f}, mean over the run {done.curve.auc:.1f}"
            say(f"{condition}, seed {seed}: {means}, {done.frames_per_second:.0f} frames/s")
    rates = {name: np.mean([each.frames_per_second for each in results[name].values()]) for name in plan.conditions}
    for name in plan.conditions[1:]:
        first = plan.conditions[0]
        say(f"A frame takes {rates[first] / rates[name] - 1.0:+.1%} of {first}'s time more with {name}")


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    curve: Curve
    frames_per_second: float


def read_result(folder: Path, frames: int) -> Result:
    """Returns what the finished run in `folder` came to.

    Raises:
        ConfigError: it has not come to `frames`: somebody stopped it.
    """
    with (folder / CURVE_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    reached = int(rows[-1]["frames"]) if rows else 0
    if reached < frames:
        raise ConfigError(f"The run in {folder} was stopped after {reached} of {frames} frames; the same call goes on with it.")
    curve = Curve(tuple(int(row["frames"]) for row in rows), tuple(float(row["return"]) for row in rows))
    return Result(curve, float(rows[-1]["frames_per_second"]))


def _read(plan: Plan, out: Path) -> dict[str, dict[str, Result]]:
    path = out / RESULTS_FILE
    if not path.is_file():
        return {}
    data = json.loads(path.read_text())
    for name in ("experiment", "frames"):
        found, asked = data["plan"].get(name), getattr(plan, name)
        if found != asked:
            raise ConfigError(f"{path} is of another plan: {name} {found}, asked {asked}; give another --out.")
    return {
        condition: {
            seed: Result(Curve(tuple(each["steps"]), tuple(each["returns"])), each["frames_per_second"])
            for seed, each in seeds.items()
        }
        for condition, seeds in data["conditions"].items()
    }


def _write(plan: Plan, out: Path, results: Mapping[str, Mapping[str, Result]]) -> None:
    told = {condition: {seed: _told(each) for seed, each in seeds.items()} for condition, seeds in results.items()}
    content = json.dumps({"experiment": plan.experiment, "plan": asdict(plan), "conditions": told}, indent=1)
    partial = out / f"{RESULTS_FILE}.partial"
    partial.write_text(content + "\n")
    partial.replace(out / RESULTS_FILE)
    curves = {condition: [each.curve for each in seeds.values()] for condition, seeds in results.items()}
    draw_curves(out / PLOT_FILE, _TITLES[plan.experiment], curves, {})


def _told(result: Result) -> dict[str, Any]:
    means = {"final_mean": result.curve.final_mean, "auc": result.curve.auc}
    return {**asdict(result.curve), **means, "frames_per_second": result.frames_per_second}
