"""Profiles in files of the user's own: they load by path, and each mistake is one sentence that names file and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jaco_core.errors import ConfigError
from jaco_sim.profiles import load_profile
from jaco_sim.simulation import make_scene

NOMINAL = Path(__file__).parents[1] / "jaco_sim" / "profiles" / "nominal.yaml"
CAMERA = {"position": [1.0, 0.0, 0.7], "look_at": [0.3, 0.0, 0.2], "fovy": 46.0}


def written(path: Path, **changes: Any) -> str:
    path.write_text(yaml.safe_dump({**yaml.safe_load(NOMINAL.read_text()), "name": path.stem, **changes}))
    return str(path)


def test_a_profile_is_found_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "my-lab.yaml", table_color=[0, 1, 0.5], ranges={"payload": [0.0, 0.5]})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (path, "my-lab.yaml", "~/my-lab.yaml"):
        profile = load_profile(name)
        assert profile.name == "my-lab" and profile.table_color == (0.0, 1.0, 0.5) and len(profile.ranges) == 1
    assert make_scene(profile=path).varied


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"policy_camera": {"position": [1, 0, 1], "look_at": [0, 0, 0]}}, "policy_camera must have fovy, look_at, position"),
        ({"policy_camera": {**CAMERA, "roll": 3}}, "policy_camera must have fovy, look_at, position, and nothing else"),
        ({"policy_camera": {**CAMERA, "position": [1.0, 0.0]}}, "policy_camera.position must be three numbers"),
        ({"policy_camera": {**CAMERA, "fovy": 180}}, "policy_camera.fovy must be above 0 and below 180 degrees, got 180"),
        ({"light": "bright"}, "light must have ambient, diffuse, look_at, position"),
        ({"arm_color": "black"}, "arm_color must be three numbers, got 'black'"),
        ({"arm_color": [0.1, 0.2, float("nan")]}, "arm_color must be three numbers"),
        ({"arm_color": [0, 0, 255]}, "arm_color must be from 0 to 1"),
        ({"name": 5}, "name must be a text, got 5"),
        ({"ranges": ["payload"]}, "ranges must be factors, each with its bounds"),
        ({"ranges": {"payload": "heavy"}}, "payload is heavy; give"),
        ({"ranges": {"gravity": 1}}, "there is no factor 'gravity'"),
        ({"ranges": {"table_texture": [["wood"]]}}, "table_texture is .*; it may be any of"),
        ({"sky_color": [0, 0, 1]}, "is no simulator profile"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    path = written(tmp_path / "mine.yaml", **changes)
    with pytest.raises(ConfigError, match=sentence) as caught:
        load_profile(path)
    assert "mine.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_no_yaml_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    for content in (b"name: [", b"\xff\xfe\x00"):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"mine\.yaml is no YAML") as caught:
            load_profile(str(path))
        assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read: No such file or directory\."):
        load_profile(str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigError, match=r"known profiles: nominal, randomized, or the path of a \.yaml file\."):
        load_profile("mine")
