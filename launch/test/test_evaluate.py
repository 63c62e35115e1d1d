"""`jaco eval`: what reaches the learner's program, and what a run through the graph comes to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jaco_bringup.commands.evaluate import EvalOptions, graph_scores, run
from jaco_bringup.policies import find_policy
from jaco_core.errors import ConfigError


def options(through: str = "env", json_file: Path | None = None, further: tuple[str, ...] = ()) -> EvalOptions:
    return EvalOptions("reach", None, "twin-1", 5, 3, through, json_file, further)


def test_without_the_graph_the_learners_program_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: became.append(arguments))
    run(options(further=("--sweep",)))
    expected = ["-m", "jaco_learner.evaluate", str(find_policy("reach")), "--episodes", "5", "--seed", "3"]
    assert became[0][1:] == [*expected, "--profile", "twin-1", "--sweep"]


def test_an_option_that_the_graph_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--sweep is for --through env"):
        run(options("graph", further=("--sweep",)))


def test_a_file_without_a_folder_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        run(options("graph", json_file=tmp_path / "missing" / "scores.json"))


def test_scores_of_a_run_through_the_graph() -> None:
    results = [
        {"episode": 1, "steps": 50, "episode_return": 40.0, "success": True, "reason": "time limit"},
        {"episode": 2, "steps": 10, "episode_return": 0.0, "success": False, "reason": "table contact"},
    ]
    counts = {"pass": 60, "ramped:acceleration": 20, "limited:table": 20}
    summary = {"results": results, "success_rate": 0.5, "mean_return": 20.0, "safety": {"counts": counts}, "stops": []}
    scores = graph_scores(summary)
    assert scores["episodes"] == 2 and scores["mean_steps"] == 30.0 and scores["failures"] == {"table contact": 1}
    assert scores["safety_interventions"] == pytest.approx(0.2)
    assert scores["success_interval"][0] < 0.5 < scores["success_interval"][1]
