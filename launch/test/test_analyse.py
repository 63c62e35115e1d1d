"""`jaco analyse`: what reaches the learner's program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jaco_bringup.cli import app
from jaco_bringup.commands.analyse import recorded_runs
from jaco_bringup.policies import find_policy
from jaco_core.errors import ConfigError
from jaco_monitor.recorder.writer import FILE_NAME, RecordingWriter


class Replaced(Exception):
    """Stands in for the end of this process."""


def test_the_learners_program_takes_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    became: list[list[str]] = []

    def execv(path: str, arguments: list[str]) -> None:
        became.append(arguments[1:])
        raise Replaced

    monkeypatch.setattr(os, "execv", execv)
    out = str(tmp_path / "out")
    for further in ([], ["--profile", "twin-1", "--episodes", "5", "--seed", "3", "--no-score"]):
        with pytest.raises(Replaced):
            CliRunner().invoke(app, ["analyse", "reach", "--out", out, *further], catch_exceptions=False)
    begin = ["-m", "jaco_learner.analyse", str(find_policy("reach")), "--out", out]
    assert became[0] == [*begin, "--episodes", "20", "--seed", "0", "--score"]
    assert became[1] == [*begin, "--episodes", "5", "--seed", "3", "--no-score", "--profile", "twin-1"]


def test_an_unknown_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no policy 'nobody'"):
        CliRunner().invoke(app, ["analyse", "nobody", "--out", str(tmp_path)], catch_exceptions=False)


def test_a_recording_without_learning_is_refused(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / FILE_NAME, ()):
        pass
    with pytest.raises(ConfigError, match="has no episode of a learning run; `jaco sim --learn` records some"):
        recorded_runs(find_policy("reach"), tmp_path, 5)
    arguments = ["analyse", "reach", "--out", str(tmp_path / "out"), "--recording", str(tmp_path)]
    with pytest.raises(ConfigError, match="has no episode of a learning run"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "out").exists()
