"""Behaviour cloning and DAgger: both solve a tiny task, resume after a kill with the same weights, and run on simulated arms."""

from __future__ import annotations

import io
import json
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from reacher import Reacher, success
from rich.console import Console
from safetensors import safe_open
from typer.testing import CliRunner

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_learner import train
from jaco_learner.evaluate import evaluate
from jaco_learner.imitation.collecting import collect
from jaco_learner.imitation.demonstrators import Demonstrators, Request
from jaco_learner.imitation.expert import Demonstration, simulated_demonstration
from jaco_learner.imitation.recipe import ImitationRecipe, load_imitation_recipe
from jaco_learner.imitation.run import ImitationRun
from jaco_learner.recipe import Recipe, Stage, checked, load_recipe
from jaco_learner.standard.arms import Segment
from jaco_learner.teacher import Teacher, TeacherCard, TeacherSpec
from jaco_policy.checkpoint import load_checkpoint, save_checkpoint
from jaco_policy.networks import Column
from jaco_sim.envs.batch import BatchStep

LEARNED = ("bc", "dagger")


def tiny(algorithm: str, frames: int = 2400, segments: int = 4, **changes: Any) -> ImitationRecipe:
    sizes = {"workers": 0, "environments": 16, "trials": 4, "hidden": 32, "minibatch": 64, "updates": 60, "memory": 4}
    recipe = replace(load_imitation_recipe(f"reach_{algorithm}"), observation="state", **sizes, stages=(Stage(frames, 1.0),))
    return replace(recipe, segment=frames // segments, learning_rate=5e-3, final_learning_rate=1e-3, **changes)


def advise(step: BatchStep) -> NDArray[np.int64]:
    return advised(step.state)


def advised(state: NDArray[np.float32]) -> NDArray[np.int64]:
    way = state[:, 2:] - state[:, :2]
    return (1 + np.sign(way) * (np.abs(way) > 0.15)).astype(np.int64)


def shown(recipe: Any, segment: Segment) -> Demonstration:
    return Demonstration(Reacher(recipe, segment), advise)


class Killed(Exception):
    """As if the process ended."""


@pytest.mark.parametrize("algorithm", LEARNED)
def test_it_solves_a_tiny_task(tmp_path: Path, algorithm: str) -> None:
    recipe = tiny(algorithm, segments=8, updates=30)
    run = ImitationRun(recipe, tmp_path, seed=1, make=shown)
    assert success(run.actor, recipe) < 0.3
    rows = list(run.updates())
    assert success(run.actor, recipe) > 0.8
    # Of arms that the policy alone moved: at first it could not.
    agreement = [float(row.split("agreement ")[1].split("%")[0]) for row in rows]
    assert agreement[0] < 50.0 < 80.0 < agreement[-1]


@pytest.mark.parametrize("algorithm", LEARNED)
def test_a_run_that_is_killed_at_a_random_moment_ends_with_the_same_weights(tmp_path: Path, algorithm: str) -> None:
    recipe = tiny(algorithm, 1280, updates=5, memory=2)
    whole = ImitationRun(recipe, tmp_path / "whole", 7, make=shown)
    list(whole.updates())
    # A segment asks 20 times; after the second and before the last.
    left = 40 + random.randint(1, 39)

    def mortal(step: BatchStep) -> NDArray[np.int64]:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return advise(step)

    killed = ImitationRun(
        recipe, tmp_path / "killed", 7, make=lambda recipe, segment: Demonstration(Reacher(recipe, segment), mortal)
    )
    with pytest.raises(Killed):
        list(killed.updates())
    again = ImitationRun(recipe, tmp_path / "killed", 7, make=shown)
    again.resume()
    assert 640 <= again.frames < 1280
    list(again.updates())
    for name in ("teacher.safetensors", "resume.safetensors", "demonstrations/000003.safetensors"):
        # What a header of notes says of times is another matter.
        assert _tensors(tmp_path / "whole" / name) == _tensors(tmp_path / "killed" / name), name
    kept = sorted(path.name for path in (tmp_path / "killed" / "demonstrations").iterdir())
    assert kept == ["000002.safetensors", "000003.safetensors"]
    (tmp_path / "killed" / "demonstrations" / kept[0]).write_bytes(b"damaged")
    with pytest.raises(ConfigError, match=r"000002\.safetensors cannot be read"):
        ImitationRun(recipe, tmp_path / "killed", 7, make=shown).resume()


def test_a_process_shows_what_the_learner_itself_would(tmp_path: Path) -> None:
    recipe = tiny("dagger", 640, updates=5)
    for workers in (0, 1):
        list(ImitationRun(replace(recipe, workers=workers), tmp_path / str(workers), 3, make=shown).updates())
    assert _tensors(tmp_path / "0" / "teacher.safetensors") == _tensors(tmp_path / "1" / "teacher.safetensors")
    with Path(tmp_path / "1" / "curve.csv").open() as one, Path(tmp_path / "0" / "curve.csv").open() as none:
        assert len(one.readlines()) == len(none.readlines()) == 5


def test_two_processes_show_different_arms_of_one_segment() -> None:
    recipe = replace(tiny("dagger"), workers=2)
    demonstrators = Demonstrators(recipe, shown, Teacher(TeacherSpec(4, 2)))
    try:
        demonstrators.request(Request(Segment(1.0, 5), 64, 0.5), Teacher(TeacherSpec(4, 2)))
        result = demonstrators.take()
    finally:
        demonstrators.close()
    assert (result.frames, len(result.seen)) == (64, 64)
    # Each moves 8 arms for 4 steps.
    first, second = result.seen[:32], result.seen[32:]
    assert not np.array_equal(first, second)


def test_only_the_arms_of_the_expert_are_cloned_and_dagger_labels_all(tmp_path: Path) -> None:
    actor = Teacher(TeacherSpec(4, 2))
    with torch.no_grad():
        # It would go forth with both joints, always.
        actor.policy[4].bias.copy_(torch.tensor([0.0, 0.0, 9.0] * 2))
    for share, kept in ((1.0, 12), (0.0, 16)):
        demonstration = shown(tiny("bc"), Segment(1.0, 3))
        result = collect(demonstration, actor, 160, 4, share, np.random.default_rng(0))
        assert (result.frames, len(result.seen), len(result.advice)) == (160, 10 * kept, 10 * kept)
        assert np.array_equal(result.advice, advised(result.seen)) and result.felt.shape == (10 * kept, 0)
        seen, advice = result.seen.reshape(10, kept, 4), result.advice.reshape(10, kept, 2)
        # By the expert alone, or by the actor alone.
        speeds = demonstration.arms.speeds
        velocity = speeds[[0, 1], advice[:-1]] if share == 1.0 else np.broadcast_to(speeds[:, 2], (9, kept, 2))
        going_on = (seen[1:, :, 2:] == seen[:-1, :, 2:]).all(-1)
        assert going_on.mean() > 0.7
        assert np.allclose(seen[1:, :, :2][going_on], np.clip(seen[:-1, :, :2] + velocity, -1.0, 1.0)[going_on], atol=1e-5)


def test_the_program_clones_the_guide_from_pixels_and_goes_on_from_there(tmp_path: Path) -> None:
    sizes = {
        "workers": 0,
        "proprioception": 8,
        "environments": 4,
        "trials": 1,
        "segment": 32,
        "hidden": 16,
        "updates": 2,
        "minibatch": 8,
        "stages": (Stage(64, 1.0),),
    }
    recipe = replace(load_imitation_recipe("reach_dagger"), **sizes)
    output = io.StringIO()
    card = train.train(recipe, tmp_path, seed=1, console=Console(file=output, width=200))
    assert "100.0%" in output.getvalue() and "agreement" in output.getvalue()
    assert card.training["algorithm"].startswith("DAgger") and card.training["frames"] == 64
    column = load_checkpoint(tmp_path, load_arm("j2n6s300")).column
    assert 50.0 < float(column.mean_image.mean()) < 200.0 and column.spec.auxiliary[0] == "palm"
    assert (column.spec.inputs, column.spec.proprioception) == (18, 8)
    # Another run begins as this policy, whose sizes it keeps, and centres images as it does.
    further = ImitationRun(replace(recipe, hidden=999), tmp_path / "further", 2, start_from=tmp_path)
    assert _weights(further.actor) == _weights(column)
    list(further.updates())
    assert torch.equal(further.actor.mean_image, column.mean_image)  # type: ignore[union-attr]
    assert _weights(further.actor) != _weights(column)
    plain = Column(replace(column.spec, auxiliary=("palm",)))
    save_checkpoint(tmp_path / "plain", replace(card, name="plain"), plain)
    with pytest.raises(ContractError, match="has no heads for palm and target, which imitation trains with; it has palm"):
        ImitationRun(recipe, tmp_path / "refused", 2, start_from=tmp_path / "plain")
    save_checkpoint(tmp_path / "recurrent", replace(card, name="recurrent"), Column(replace(column.spec, lstm=4)))
    with pytest.raises(ContractError, match="has an LSTM; imitation learns from single pictures"):
        ImitationRun(recipe, tmp_path / "refused", 2, start_from=tmp_path / "recurrent")
    with pytest.raises(ContractError, match="feels the joints, which PPO does not show it"):
        train.train(load_recipe("reach"), tmp_path / "refused", start_from=tmp_path)


def test_a_policy_of_two_views_with_depth_learns_continues_and_is_scored_without_the_graph(tmp_path: Path) -> None:
    sizes = {"workers": 0, "environments": 4, "trials": 1, "segment": 32, "hidden": 16, "updates": 2, "minibatch": 8}
    recipe = replace(load_imitation_recipe("reach_dagger"), **sizes, stages=(Stage(64, 1.0),), cameras=("wrist",), depth=True)
    card = train.train(recipe, tmp_path, seed=1, console=Console(file=io.StringIO()))
    assert (card.camera.further, card.camera.depth, card.column.channels) == (("wrist",), True, 8)
    column = load_checkpoint(tmp_path, load_arm("j2n6s300")).column
    means = column.mean_image.mean((0, 1))
    assert bool((means > 20.0).all()) and len(set(means.tolist())) == 8, "colours and depth of both views"
    scores = evaluate(tmp_path, episodes=2)
    assert scores.episodes == 2
    further = ImitationRun(recipe, tmp_path / "further", 2, start_from=tmp_path)
    assert _weights(further.actor) == _weights(column)
    with pytest.raises(ContractError, match=r"of policy, wrist with depth, recipe 'reach_dagger' shows .* of policy with"):
        ImitationRun(replace(recipe, cameras=()), tmp_path / "refused", 2, start_from=tmp_path)
    with pytest.raises(ContractError, match="sees wrist and depth beside its camera's colours; PPO has those alone"):
        train.train(load_recipe("reach"), tmp_path / "refused", start_from=tmp_path)


def test_a_run_from_before_there_were_cameras_in_recipes_can_be_resumed(tmp_path: Path) -> None:
    recipe = tiny("dagger", 640, updates=5)
    run = ImitationRun(recipe, tmp_path, 3, make=shown)
    next(run.updates())
    with safe_open(tmp_path / "resume.safetensors", "pt") as file:
        told = json.loads(file.metadata()["notes"])["recipe"]
    assert not {"cameras", "depth"} & told.keys()
    again = ImitationRun(recipe, tmp_path, 3, make=shown)
    again.resume()
    assert again.frames == run.frames > 0


def _weights(module: torch.nn.Module) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}


def test_a_teacher_can_be_the_expert(tmp_path: Path) -> None:
    recipe = replace(load_imitation_recipe("reach_bc"), observation="state", environments=3, trials=1, expert=str(tmp_path))
    with pytest.raises(ConfigError, match="There is no teacher"):
        simulated_demonstration(recipe, Segment(1.0, 0))
    arms = simulated_demonstration(replace(recipe, expert="guide"), Segment(1.0, 0)).arms
    teacher = Teacher(TeacherSpec(arms.state_size, 9, 3, 8))
    teacher.save(tmp_path, TeacherCard("reach", "j2n6s300", "nominal", teacher.spec, {}))
    step = arms.reset([1, 2, 3])
    told = simulated_demonstration(recipe, Segment(1.0, 0)).advise(step)
    assert np.array_equal(told, teacher(torch.from_numpy(step.state)).argmax(-1).numpy())
    with pytest.raises(ContractError, match="is for task 'reach' with arm 'j2n6s300', recipe 'reach_bc' for 'reach' with 'gen3'"):
        simulated_demonstration(replace(recipe, arm="gen3"), Segment(1.0, 0))


def test_mistakes_are_told(tmp_path: Path) -> None:
    recipe = load_imitation_recipe("reach_bc")
    with pytest.raises(ConfigError, match="64 trials leave none of 64 environments"):
        replace(recipe, trials=64)
    with pytest.raises(ConfigError, match=r"expert_until must be 1 where the expert is cloned and less for DAgger, got 0\.5"):
        replace(recipe, expert_until=0.5)
    with pytest.raises(ConfigError, match="'reach' is for ppo, not for bc or dagger"):
        load_imitation_recipe("reach")
    with pytest.raises(ConfigError, match="sees the simulator's state; it cannot continue"):
        train.train(replace(recipe, observation="state"), tmp_path, start_from=tmp_path)
    with pytest.raises(ConfigError, match="64 environments with 16 trials cannot be shared evenly by 3 workers"):
        replace(recipe, workers=3)
    with pytest.raises(ConfigError, match="The simulator has no camera 'ceiling'; known beside the policy's: wrist, scene"):
        replace(recipe, cameras=("ceiling",))
    with pytest.raises(ConfigError, match=r"cameras and depth .* pixels, got wrist and False with observation state"):
        replace(recipe, observation="state", cameras=("wrist",))
    with pytest.raises(ConfigError, match="Recipe 'mine': its algorithm knows no field 'cameras'"):
        checked(Recipe, {**asdict(load_recipe("reach")), "cameras": ("wrist",)}, "mine")
    with pytest.raises(ConfigError, match="proprioception must be 0, or units of a network that sees pixels, got 8"):
        replace(recipe, observation="state", proprioception=8)
    import typer

    app = typer.Typer()
    app.command()(train.main)
    result = CliRunner().invoke(app, ["reach_sac", "--out", str(tmp_path), "--expert", str(tmp_path)])
    assert result.exit_code == 1 and "learns from no expert" in result.output


def _tensors(path: Path) -> dict[str, bytes]:
    from safetensors.torch import load_file

    return {name: tensor.numpy().tobytes() for name, tensor in load_file(path).items()}
