"""Policies that see through residual sections or spatial softmax: they are trained, grown on and analysed as the plain ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from embedded_support import ARM, policy, run
from rich.console import Console

from jaco_core.errors import ConfigError
from jaco_learner import analyse, train
from jaco_learner.embedded.learner import EmbeddedLearner
from jaco_learner.embedded.settings import SIZES, Settings
from jaco_learner.imitation.recipe import load_imitation_recipe
from jaco_learner.recipe import Stage, load_recipe
from jaco_policy.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from jaco_policy.encoders import FIRST_TEMPERATURE
from jaco_policy.grown import GrownSpec
from jaco_policy.networks import Column

RESIDUAL: dict[str, Any] = {"convolutions": (), "residual": (4, 4, 6)}
POINTS: dict[str, Any] = {"spatial_softmax": True}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Networks as small as these lose time to more, on a busy machine above all."""
    torch.set_num_threads(1)


def base(folder: Path, **sizes: Any) -> Checkpoint:
    """Writes an untrained policy that sees so and returns it."""
    plain = policy(folder)
    save_checkpoint(folder, plain.card, Column(replace(plain.card.column, **sizes)))
    return load_checkpoint(folder, ARM)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sizes", [RESIDUAL, POINTS])
def test_a_column_of_each_size_begins_as_the_policy_and_learns_or_is_refused(
    tmp_path: Path, sizes: dict[str, Any], size: str
) -> None:
    settings = Settings(size=size, batch_steps=8, passes=1)
    if "residual" in sizes and not size.startswith("felt"):
        with pytest.raises(ConfigError, match="Column 1 sees through residual sections, with which"):
            EmbeddedLearner(base(tmp_path, **sizes), settings, seed=1)
        return
    learner = EmbeddedLearner(base(tmp_path, **sizes), settings, seed=1)
    shown = run(0).transitions[0]
    seen, felt = torch.from_numpy(shown.image)[None], torch.from_numpy(shown.proprioception).float()[None]
    before = load_checkpoint(tmp_path).network(seen, None, felt)[0].logits
    assert torch.equal(learner.network(seen, None, felt)[0].logits, before)
    assert learner.learn(run(0)) is not None
    assert not torch.equal(learner.network(seen, None, felt)[0].logits, before)


@pytest.mark.parametrize(
    ("sizes", "seeing"), [(RESIDUAL, {"section1", "section2", "section3"}), (POINTS, {"conv1", "conv2", "points"})]
)
def test_an_analysis_knows_their_layers(tmp_path: Path, sizes: dict[str, Any], seeing: set[str]) -> None:
    grown = base(tmp_path, **sizes)
    grown.network.grow(GrownSpec((), 12, inputs=18, proprioception=6, lateral_channels=3))
    torch.nn.init.normal_(grown.network.columns[1].policy.weight, std=0.3)  # type: ignore[arg-type,union-attr]
    save_checkpoint(tmp_path, grown.card, grown.network)
    analyse.report_runs(tmp_path, tmp_path / "out", [run(0, steps=4)], "a run")
    told = analyse.json.loads((tmp_path / "out" / analyse.RESULTS_FILE).read_text())["layers"]
    assert {each["layer"] for each in told if each["column"] == 1} == seeing | {"fc"}
    assert {each["layer"] for each in told if each["column"] == 2} == {"proprioception", "fc"}
    assert all(each["afs"] == 1.0 for each in told if each["layer"] in seeing)
    assert (tmp_path / "out" / analyse.PICTURE_FILE).is_file()


def test_the_programs_train_what_a_recipe_asks_for(tmp_path: Path) -> None:
    sizes = {"workers": 0, "environments": 2, "trials": 1, "segment": 8, "hidden": 8, "updates": 1, "minibatch": 4}
    for name in ("reach_attention", "reach_residual"):
        recipe = replace(load_imitation_recipe(name), **sizes, stages=(Stage(8, 1.0),))
        train.train(recipe, tmp_path / name, console=Console(quiet=True))
        spec = load_checkpoint(tmp_path / name, ARM).column.spec
        assert (spec.convolutions, spec.residual) == (recipe.convolutions, recipe.residual)
        assert spec.spatial_softmax is recipe.spatial_softmax is (name == "reach_attention")
    few = {"workers": 1, "environments": 2, "steps": 4, "minibatch": 8, "epochs": 1, "hidden": 8, "stages": (Stage(16, 0.2),)}
    by_ppo = replace(load_recipe("reach"), **few, **RESIDUAL, spatial_softmax=True)
    train.train(by_ppo, tmp_path / "ppo", console=Console(quiet=True))
    column = load_checkpoint(tmp_path / "ppo", ARM).column
    assert column.spec.residual == (4, 4, 6) and column.attend is not None
    assert float(column.attend.log_temperature.detach()) != np.float32(np.log(FIRST_TEMPERATURE))
