"""Recipes by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jaco_core.errors import ConfigError
from jaco_learner.a3c.recipe import is_a3c, load_a3c_recipe
from jaco_learner.imitation.recipe import is_imitation, load_imitation_recipe
from jaco_learner.recipe import encoder_of, load_recipe, recipe_names
from jaco_learner.standard.recipe import is_standard, load_standard_recipe
from jaco_learner.train import recipe_for


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_loads_under_its_name(name: str) -> None:
    others = ((is_a3c, load_a3c_recipe), (is_standard, load_standard_recipe), (is_imitation, load_imitation_recipe))
    recipe = next((load for belongs, load in others if belongs(name)), load_recipe)(name)
    assert recipe.name == name
    # The policy meets the full meshes in the graph, so training ends on them.
    assert recipe.stages[-1].mesh_fraction == 1.0


def test_another_number_of_frames_keeps_the_stages_shares() -> None:
    recipe = load_recipe("reach")
    shorter = recipe.with_frames(recipe.frames // 10)
    assert shorter.frames == pytest.approx(recipe.frames / 10, abs=2)
    assert shorter.stages[0].frames == pytest.approx(recipe.stages[0].frames / 10, abs=2)


def test_another_profile_takes_the_recipe_made_for_it() -> None:
    assert recipe_for("reach", None) == recipe_for("reach", "nominal") == load_recipe("reach")
    # Whatever the algorithm that it is made for: pixels and joints by DAgger, where `reach` itself is for PPO.
    assert recipe_for("reach", "randomized") == load_imitation_recipe("reach_randomized")
    mine = recipe_for("reach", "lab/mine.yaml")
    assert (mine.name, mine.profile) == ("reach_mine", "lab/mine.yaml")
    # A user's file of the same name as the shipped profile is another world.
    assert recipe_for("reach", "lab/randomized.yaml").profile == "lab/randomized.yaml"
    with_no_such_profile = recipe_for("reach_randomized", "pixels")
    assert (with_no_such_profile.profile, with_no_such_profile.name) == ("pixels", "reach_randomized_pixels")
    teacher = recipe_for("reach_teacher", "randomized")
    assert teacher == replace(load_recipe("reach_teacher"), name="reach_teacher_randomized", profile="randomized")


def test_a_recipe_says_how_the_policy_sees_and_only_what_it_needs() -> None:
    plain, attention, residual = (load_imitation_recipe(name) for name in ("reach_dagger", "reach_attention", "reach_residual"))
    assert (plain.residual, plain.spatial_softmax) == ((), False)
    assert attention == replace(plain, name="reach_attention", convolutions=attention.convolutions, spatial_softmax=True)
    assert residual == replace(plain, name="reach_residual", convolutions=(), residual=(8, 16, 16))
    assert encoder_of({"name": "mine"}) == {"convolutions": (), "residual": (), "spatial_softmax": False}
    with pytest.raises(ConfigError, match="and residual one of channels, got None and 8"):
        encoder_of({"name": "mine", "residual": 8})
    with pytest.raises(ConfigError, match="'mine': spatial_softmax must be true or false, got 2"):
        encoder_of({"name": "mine", "spatial_softmax": 2})


def test_mistakes_are_told() -> None:
    with pytest.raises(ConfigError, match="no recipe 'dance'; known recipes: reach"):
        load_recipe("dance")
    with pytest.raises(ConfigError, match="'reach_a3c' is for a3c, not for PPO"):
        load_recipe("reach_a3c")
    recipe = load_recipe("reach")
    with pytest.raises(ConfigError, match="environments cannot be shared evenly by 3 workers"):
        replace(recipe, workers=3)
    with pytest.raises(ConfigError, match="steps must be at least 1, got 0"):
        replace(recipe, steps=0)
    for table_margin_m in (-0.01, 0.2, float("nan")):
        with pytest.raises(ConfigError, match=f"table_margin_m must be 0 to 0.1 m, got {table_margin_m}"):
            replace(recipe, table_margin_m=table_margin_m)
