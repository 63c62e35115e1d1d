"""How much transfer depends on the learning rate: progressive columns and finetuning under changed perspective and colours.

As in arXiv:1610.04286, section 5.1, from simulation to simulation, without the graph: many short runs. Each seed draws a world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

from jaco_bringup.experiments.at_once import at_once
from jaco_bringup.experiments.curve import Curve
from jaco_bringup.experiments.plot import draw_sensitivity
from jaco_bringup.experiments.results import Result, Results, check_conditions
from jaco_core.arms import load_arm
from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.rehearsal import rehearse
from jaco_learner.embedded.settings import ASYMMETRIC, Settings
from jaco_policy.camera_contract import require_one_view
from jaco_policy.checkpoint import load_checkpoint, read_card
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.profiles import Profile, load_profile
from jaco_sim.scene import build_scene
from jaco_tasks.registry import make_task

NAME = "transfer_sensitivity"
SENSITIVITY_FILE = "sensitivity.png"
RATES = (1e-4, 5e-4, 2.5e-3)
METHODS = ("progressive", "finetuned")
CHANGES = ("perspective", "colours")
_ARMS = 8
"""Arms that are played with at once."""
# How far the camera and the point that it looks at are moved along each axis [m], and its field of view changed [deg].
# A policy that was trained without randomisation bears no more: beyond, every way of learning begins with nothing.
_SHIFT, _AIM, _FOVY = 0.02, 0.01, 1.0
# How far each channel of a colour is moved, of 1. The target stays as it is: it is what the task is about.
_TINT = 0.02


@dataclass(frozen=True)
class Condition:
    """A change of the world, how is learned in it, and how fast."""

    change: str
    method: str
    rate: float


CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {f"{change}-{method}-{rate:g}": Condition(change, method, rate) for change in CHANGES for method in METHODS for rate in RATES}
)


@dataclass(frozen=True)
class Plan:
    """What to run: `steps` for each of `conditions` with each of `seeds`, from the policy in the folder `policy`."""

    steps: int
    seeds: tuple[int, ...]
    conditions: tuple[str, ...]
    policy: str

    def __post_init__(self) -> None:
        check_conditions(self.conditions, tuple(CONDITIONS))


Learn = Callable[[Plan, str, int], Curve]


def changed_world(change: str, seed: int) -> Profile:
    """Returns the nominal world seen from elsewhere, or in other colours: the same for every method and rate."""
    rng = np.random.default_rng(seed)
    world = load_profile("nominal")
    if change == "perspective":
        camera = world.policy_camera
        position = tuple(np.add(camera.position, rng.uniform(-_SHIFT, _SHIFT, 3)).tolist())
        look_at = tuple(np.add(camera.look_at, rng.uniform(-_AIM, _AIM, 3)).tolist())
        moved = replace(camera, position=position, look_at=look_at, fovy=camera.fovy + float(rng.uniform(-_FOVY, _FOVY)))
        return replace(world, name=f"{change}-{seed}", policy_camera=moved)
    names = ("arm_color", "ring_color", "table_color", "floor_color")
    colours = {
        name: tuple(np.clip(np.add(getattr(world, name), rng.uniform(-_TINT, _TINT, 3)), 0.0, 1.0).tolist()) for name in names
    }
    return replace(world, name=f"{change}-{seed}", **colours)  # type: ignore[arg-type]


def learn_curve(plan: Plan, condition: str, seed: int) -> Curve:
    """Learns as `condition` says and returns the curve. A pure function of its arguments."""
    chosen = CONDITIONS[condition]
    folder = Path(plan.policy)
    base = load_checkpoint(folder, load_arm(read_card(folder).arm))
    require_one_view(base.card.name, base.card.camera, "this experiment")
    scene = build_scene(make_task(base.card.task), load_arm(base.card.arm), changed_world(chosen.change, seed))
    settings = Settings(method=chosen.method, algorithm=ASYMMETRIC, learning_rate=chosen.rate)
    environment = BatchEnv(scene, _ARMS, seed, restart=False)
    try:
        learner = EmbeddedLearner(base, settings, seed)
        played = [(len(run.transitions), run.total_reward) for run in rehearse(learner, environment, plan.steps, seed)]
    finally:
        environment.close()
    lengths, returns = zip(*played, strict=True)
    return Curve.of_episodes(lengths, returns)


def run(plan: Plan, out: Path, say: Callable[[str], None], pool: Executor, jobs: int = 1, learn: Learn = learn_curve) -> None:
    """Has `pool` run what of `plan` has no result in `out` yet, `jobs` at once; results and plots are written after each run.

    Raises:
        ConfigError: `out` has the results of another plan.
    """
    title = "Return after a change of the world, by learning rate"
    results = Results(out, NAME, asdict(plan), same=("steps", "policy"), title=title)
    missing = tuple(results.missing())
    if not missing:
        draw_sensitivity(out / SENSITIVITY_FILE, title, _finals(plan, results))
    for done, ((condition, seed), curve) in enumerate(at_once(pool, jobs, partial(learn, plan), missing), 1):
        means = results.add(condition, seed, Result(curve))
        draw_sensitivity(out / SENSITIVITY_FILE, title, _finals(plan, results))
        say(f"{done} of {len(missing)}: {condition}, seed {seed}: {means}")


def _finals(plan: Plan, results: Results) -> dict[str, dict[str, dict[float, list[float]]]]:
    """Returns by change, method and rate the final means of all seeds so far."""
    finals: dict[str, dict[str, dict[float, list[float]]]] = {}
    for name in plan.conditions:
        chosen, several = CONDITIONS[name], [each.curve.final_mean for each in results.of(name)]
        if several:
            finals.setdefault(chosen.change, {}).setdefault(chosen.method, {})[chosen.rate] = several
    return finals
