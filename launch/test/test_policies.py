"""Policies are found by name among the installed ones, or by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from jaco_bringup import policies
from jaco_core.errors import ConfigError


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the folder of one shipped policy, "reach"."""
    folder = tmp_path / "share" / "policies" / "reach"
    folder.mkdir(parents=True)
    for file in (policies.CARD, policies.WEIGHTS):
        (folder / file).touch()
    monkeypatch.setattr(policies, "get_package_share_directory", lambda package: str(tmp_path / "share"))
    return folder


def test_by_name_and_by_path(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert policies.policy_names() == ["reach"]
    assert policies.find_policy("reach") == shipped
    monkeypatch.chdir(shipped.parent.parent)
    assert policies.find_policy("policies/reach") == shipped


def test_unknown_and_incomplete(shipped: Path) -> None:
    with pytest.raises(ConfigError, match="There is no policy 'lift'; known: reach"):
        policies.find_policy("lift")
    (shipped / policies.WEIGHTS).unlink()
    with pytest.raises(ConfigError, match=r"has no policy\.safetensors"):
        policies.find_policy("reach")


def test_a_teacher_is_scored_without_the_graph_and_never_acts_in_it(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "teacher"
    folder.mkdir()
    (folder / policies.TEACHER).touch()
    assert policies.find_player(str(folder)) == folder and policies.find_player("reach") == shipped
    with pytest.raises(ConfigError, match="holds a teacher"):
        policies.find_policy(str(folder))
