"""A3C from pixels under several conditions: what auxiliary heads add (as in arXiv:1611.03673), and what an engine costs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.results import Result, Results, check_conditions
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
_RATE = "frames_per_second"
Train = Callable[[A3cRecipe, Path, int, bool, str], None]


@dataclass(frozen=True)
class Plan:
    """What to run: `frames` for each of `conditions` of `experiment` with each of `seeds`."""

    experiment: str
    frames: int
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]

    def __post_init__(self) -> None:
        check_conditions(self.conditions, tuple(EXPERIMENTS[self.experiment]))

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
    results = Results(out, plan.experiment, asdict(plan), same=("experiment", "frames"), title=_TITLES[plan.experiment])
    for condition, seed in results.missing():
        folder = out / f"{condition}-{seed}"
        say(f"{condition}, seed {seed}: {plan.frames} frames")
        engine = EXPERIMENTS[plan.experiment][condition].engine
        start(plan.recipe(condition), folder, seed, (folder / RESUME_FILE).is_file(), engine)
        done = read_result(folder, plan.frames)
        means = results.add(condition, seed, done)
        say(f"{condition}, seed {seed}: {means}, {done.figures[_RATE]:.0f} frames/s")
    rates = {name: np.mean([each.figures[_RATE] for each in results.of(name)]) for name in plan.conditions}
    for name in plan.conditions[1:]:
        first = plan.conditions[0]
        say(f"A frame takes {rates[first] / rates[name] - 1.0:+.1%} of {first}'s time more with {name}")


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
    return Result(curve, {_RATE: float(rows[-1][_RATE])})
