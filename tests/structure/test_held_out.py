"""The reality twins stay unseen: nothing that trains can read them, by name, by file or by asking for what is held out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jaco_core.errors import ConfigError
from jaco_learner.recipe import read_recipe, recipe_names
from jaco_sim.profiles import profile_names
from jaco_sim.simulation import make_scene

ROOT = Path(__file__).resolve().parents[2]
LEARNER = ROOT / "ros2_ws" / "src" / "jaco_learner" / "jaco_learner"
# What scores a policy may use the twins; everything else in the learner trains. A new module is training until it is named here.
SCORING = {"evaluate.py", "analyse.py"}
TRAINING = sorted(path for path in LEARNER.rglob("*.py") if path.name not in SCORING)
TWINS = sorted(set(profile_names(held_out=True)) - set(profile_names()))


def test_there_are_twins_and_training_modules() -> None:
    assert len(TWINS) >= 2 and {"train.py", "rollouts.py", "ppo.py"} <= {path.name for path in TRAINING}


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.name)
def test_training_code_names_no_twin_and_asks_for_nothing_that_is_held_out(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword):
            assert node.arg != "held_out", f"{path.name}:{node.value.lineno} asks for held-out profiles"
            assert node.arg is not None or not _calls_scene(path), f"{path.name}: ** could hide held_out"
        if isinstance(node, ast.Import):
            assert not any("twins" in alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            scoring = {name.removesuffix(".py") for name in SCORING}
            assert "twins" not in (node.module or "") and (node.module or "").split(".")[-1] not in scoring
            assert not {alias.name for alias in node.names} & {"twins", "load_profile", "build_scene", "World", *scoring}
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not any(name in node.value for name in ("jaco_sim.twins", *TWINS)), f"{path.name}:{node.lineno} names a twin"


def _calls_scene(path: Path) -> bool:
    """Tells whether a call of make_scene in the module unpacks a dict."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    scenes = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "make_scene"]
    return any(keyword.arg is None for call in scenes for keyword in call.keywords)


@pytest.mark.parametrize("name", recipe_names())
def test_no_recipe_is_for_a_twin(name: str) -> None:
    assert read_recipe(name)["profile"] in profile_names()


@pytest.mark.parametrize("name", TWINS)
def test_a_scene_of_a_twin_is_refused_unless_asked_for(name: str) -> None:
    with pytest.raises(ConfigError, match="is held out"):
        make_scene(profile=name)


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_s_own_file_is_held_out_by_any_path(name: str, tmp_path: Path) -> None:
    file = ROOT / "ros2_ws" / "src" / "jaco_sim" / "jaco_sim" / "twins" / f"{name}.yaml"
    (tmp_path / "mine.yaml").symlink_to(file)
    for path in (file, tmp_path / "mine.yaml", file.parent / ".." / "twins" / file.name):
        with pytest.raises(ConfigError, match=f"Profile '{name}' is held out"):
            make_scene(profile=str(path))
        assert make_scene(profile=str(path), held_out=True).profile.name == name


@pytest.mark.parametrize("name", TWINS)
def test_training_on_a_twin_is_refused_with_one_sentence(name: str, tmp_path: Path) -> None:
    import typer

    from jaco_learner import train

    app = typer.Typer()
    app.command()(train.main)
    result = CliRunner().invoke(app, ["reach", "--out", str(tmp_path / "out"), "--profile", name])
    assert result.exit_code == 1
    assert f"Profile '{name}' is held out: it stands in for reality, so nothing may be trained on it." in " ".join(
        result.output.split()
    )
    assert not (tmp_path / "out").exists()
