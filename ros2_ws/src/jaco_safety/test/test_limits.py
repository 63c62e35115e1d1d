"""Safety limits refuse whatever could switch a limit off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jaco_core.arms import arm_names
from jaco_core.errors import ConfigError
from jaco_safety.limits import SafetyLimits, load_limits


def packaged() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "jaco_safety" / "config" / "j2n6s300.yaml"
    data: dict[str, Any] = yaml.safe_load(path.read_text())
    return data


def load(tmp_path: Path, data: object, arm: str = "j2n6s300") -> SafetyLimits:
    path = tmp_path / "limits.yaml"
    path.write_text(yaml.safe_dump(data))
    return load_limits(arm, str(path))


@pytest.mark.parametrize("arm", arm_names())
def test_packaged_limits_load(arm: str) -> None:
    assert load_limits(arm).arm == arm


def test_own_file_replaces_the_packaged_one(tmp_path: Path) -> None:
    assert load(tmp_path, packaged() | {"table_height": 0.1}).table_height == 0.1


@pytest.mark.parametrize("key", [key for key in packaged() if key != "arm"])
def test_nan_is_refused_everywhere(tmp_path: Path, key: str) -> None:
    value = [0.0, float("nan"), 0.0] if isinstance(packaged()[key], list) else float("nan")
    with pytest.raises(ConfigError, match=key):
        load(tmp_path, packaged() | {key: value})


@pytest.mark.parametrize("key", list(packaged()))
def test_missing_key_is_refused(tmp_path: Path, key: str) -> None:
    data = packaged()
    del data[key]
    with pytest.raises(ConfigError, match=f"missing {key}"):
        load(tmp_path, data)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reaction_time": 0.0}, "reaction_time"),
        ({"command_age": 60.0}, "command_age"),
        ({"cooldown": "soon"}, "cooldown"),
        ({"speed": 1.0}, "Unknown parameter speed"),
        ({"workspace_lower": [0.0, 0.0]}, "three finite numbers"),
        ({"workspace_upper": [-1.0, 1.0, 1.0]}, "empty along x"),
        ({"table_height": 1.2}, "above the workspace's top"),
        ({"arm": "gen3"}, "are for arm 'gen3'"),
    ],
)
def test_wrong_value_is_refused(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load(tmp_path, packaged() | change)


@pytest.mark.parametrize("data", [None, [], "text"])
def test_file_that_is_no_mapping_is_refused(tmp_path: Path, data: object) -> None:
    with pytest.raises(ConfigError, match="one mapping"):
        load(tmp_path, data)


def test_file_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no file .nowhere\.yaml."):
        load_limits("j2n6s300", "nowhere.yaml")


def test_arm_without_packaged_limits_is_refused() -> None:
    with pytest.raises(ConfigError, match="no packaged safety limits for arm 'other'"):
        load_limits("other")
