"""What the auxiliary heads add to A3C from pixels: runs with and without depth and loop closure (as in arXiv:1611.03673)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.plot import draw_curves
from jaco_core.errors import ConfigError
from jaco_learner.a3c.recipe import A3cRecipe, load_a3c_recipe
from jaco_learner.curve import CURVE_FILE
from jaco_learner.resume import RESUME_FILE
from jaco_learner.train import train

HEADS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"plain": (), "depth": ("depth",), "closure": ("closure",), "both": ("depth", "closure")}
)
"""By condition, the auxiliary heads that learn."""
RESULTS_FILE, PLOT_FILE = "results.json", "curves.png"
Train = Callable[[A3cRecipe, Path, int, bool], None]


@dataclass(frozen=True)
class Plan:
    """What to run: `frames` for each of `conditions` with each of `seeds`."""

    frames: int
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [name for name in self.conditions if name not in HEADS]
        if unknown or not self.conditions:
            raise ConfigError(f"There is no condition {', '.join(unknown) or '(none given)'}; known: {', '.join(HEADS)}.")

    def recipe(self, condition: str) -> A3cRecipe:
        """Returns the recipe of a condition's runs."""
        return load_a3c_recipe("reach_a3c").with_heads(HEADS[condition]).with_frames(self.frames)


def _train(recipe: A3cRecipe, folder: Path, seed: int, resume: bool) -> None:
    train(recipe, folder, seed, resume=resume)


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
            start(plan.recipe(condition), folder, seed, (folder / RESUME_FILE).is_file())
            curve = read_curve(folder, plan.frames)
            results.setdefault(condition, {})[str(seed)] = curve
            _write(plan, out, results)
            say(f"{condition}, seed {seed}: final mean {curve.final_mean:.1f}, mean over the run {curve.auc:.1f}")


def read_curve(folder: Path, frames: int) -> Curve:
    """Returns the curve of the finished run in `folder`.

    Raises:
        ConfigError: it has not come to `frames`: somebody stopped it.
    """
    with (folder / CURVE_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    reached = int(rows[-1]["frames"]) if rows else 0
    if reached < frames:
        raise ConfigError(f"The run in {folder} was stopped after {reached} of {frames} frames; the same call goes on with it.")
    return Curve(tuple(int(row["frames"]) for row in rows), tuple(float(row["return"]) for row in rows))


def _read(plan: Plan, out: Path) -> dict[str, dict[str, Curve]]:
    path = out / RESULTS_FILE
    if not path.is_file():
        return {}
    data = json.loads(path.read_text())
    found = data["plan"].get("frames")
    if found != plan.frames:
        raise ConfigError(f"{path} is of another plan: frames {found}, asked {plan.frames}; give another --out.")
    return {
        condition: {seed: Curve(tuple(each["steps"]), tuple(each["returns"])) for seed, each in seeds.items()}
        for condition, seeds in data["conditions"].items()
    }


def _write(plan: Plan, out: Path, results: Mapping[str, Mapping[str, Curve]]) -> None:
    told = {
        condition: {seed: {**asdict(curve), "final_mean": curve.final_mean, "auc": curve.auc} for seed, curve in seeds.items()}
        for condition, seeds in results.items()
    }
    content = json.dumps({"experiment": "a3c_heads", "plan": asdict(plan), "conditions": told}, indent=1)
    partial = out / f"{RESULTS_FILE}.partial"
    partial.write_text(content + "\n")
    partial.replace(out / RESULTS_FILE)
    curves = {condition: list(seeds.values()) for condition, seeds in results.items()}
    draw_curves(out / PLOT_FILE, "A3C from pixels: what auxiliary heads add", curves, {})
