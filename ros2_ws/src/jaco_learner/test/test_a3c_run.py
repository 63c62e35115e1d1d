"""A3C runs end to end: worker processes without locks, a checkpoint that the policy node takes, a kill, a resumption."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from a3c_support import Broken, Memory, small
from rich.console import Console

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, JacoError
from jaco_learner import train
from jaco_learner.a3c.run import A3cRun
from jaco_learner.recipe import Stage
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.inference import PolicyRuntime


def test_two_workers_share_what_they_learn_a_killed_one_is_replaced_and_a_stopped_run_goes_on(tmp_path: Path) -> None:
    recipe = small(100_000, workers=2)
    run = A3cRun(recipe, tmp_path, seed=1, make=Memory)
    begun = run.optimiser.weights.clone()
    updates = run.updates()
    rows = [next(updates)]
    # The first worker was alone until then.
    while len(run.process_ids) < 2:
        rows.append(next(updates))
    os.kill(run.process_ids[0], signal.SIGKILL)
    while run.replaced_workers < 1:
        rows.append(next(updates))
    updates.close()
    assert 0 < run.frames < 100_000 and not torch.equal(begun, run.optimiser.weights)
    told = (tmp_path / "curve.csv").read_text().splitlines()
    assert len(told) == 1 + len(rows) and told[0].startswith("frames,seconds,success,return")
    assert list(tmp_path.glob("events.out.tfevents.*"))
    _acts(tmp_path)
    training = load_checkpoint(tmp_path).card.training
    assert training["replaced_workers"] == 1 and training["deterministic"].startswith("no")
    assert training["privileged_information"].startswith("none")

    again = A3cRun(recipe, tmp_path, seed=1, make=Memory)
    again.resume()
    assert again.frames == run.frames and again.progress == run.progress
    for name in ("weights", "squares", "steps"):
        assert torch.equal(getattr(again.optimiser, name), getattr(run.optimiser, name))
    longer = A3cRun(replace(recipe, stages=(Stage(400_000, 1.0),)), tmp_path, seed=1, make=Memory)
    longer.resume()
    assert longer.frames == run.frames and longer.progress == run.frames / 400_000
    with pytest.raises(ConfigError, match="has lstm 16, not 8"):
        A3cRun(replace(recipe, lstm=8), tmp_path, seed=1).resume()


def test_a_workers_failure_ends_the_run_with_its_traceback(tmp_path: Path) -> None:
    run = A3cRun(small(workers=1), tmp_path, seed=1, make=Broken)
    with pytest.raises(JacoError, match="the arm fell off"):
        list(run.updates())


def test_the_program_trains_on_simulated_arms(tmp_path: Path) -> None:
    # Full meshes, which need no simplification first.
    recipe = small(64, workers=1, environments=4, steps=8, stages=(Stage(64, 1.0),), depth_weight=1.0, closure_weight=1.0)
    output = io.StringIO()
    card = train.train(recipe, tmp_path, seed=1, console=Console(file=output, width=200))
    assert "100.0%" in output.getvalue() and "return" in output.getvalue()
    assert (card.name, card.task, card.arm, card.column.lstm) == ("reach_a3c", "reach", "j2n6s300", 16)
    assert card.training["frames"] == 64 and "depth, loop closure" in card.training["algorithm"]
    assert json.loads((tmp_path / "card.json").read_text())["training"]["recipe"]["algorithm"] == "a3c"
    column = load_checkpoint(tmp_path).column
    # Taken from pictures of a light table and a dark arm.
    assert 50.0 < float(column.mean_image.mean()) < 200.0
    _acts(tmp_path)


def _acts(folder: Path) -> None:
    """The policy node's own path: the same engine, two images of one episode."""
    policy = PolicyRuntime(load_checkpoint(folder, load_arm("j2n6s300")))
    assert policy.engine == "ONNX Runtime", policy.notice
    policy.begin_episode()
    first, second = (policy.act(image) for image in _images())
    assert first.velocity.shape == (9,) and first.value != second.value


def _images() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for _ in range(2):
        yield rng.integers(0, 256, (64, 64, 3), np.uint8)
