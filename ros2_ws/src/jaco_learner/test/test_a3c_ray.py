"""A3C on Ray: its workers compute what workers of this machine compute, and go on when one of them is killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from a3c_support import Broken, DiesFirst, Memory, OnlyHere, small

from jaco_core.errors import ConfigError, JacoError
from jaco_learner.a3c.environment import MakeEnvironment
from jaco_learner.a3c.run import A3cRun

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install ray==2.60.0")


@pytest.fixture(scope="module", autouse=True)
def _importable() -> Iterator[None]:
    """Ray's workers import what this file's folder has, as multiprocessing's do by themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def rays() -> Iterator[Any]:
    """Ray, begun by somebody else."""
    ray = pytest.importorskip("ray")
    ray.init(address="local", num_cpus=1, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@needs_ray
def test_two_workers_on_ray_learn_what_needs_a_memory_although_one_is_killed(tmp_path: Path) -> None:
    # Without a memory no policy earns more than a half. The rate is one at which a gradient may be an update old: at three times
    # it the curve depends on how the machine lets the workers take turns, on either engine.
    changes = {"learning_rate": 1e-3, "entropy": 0.0, "final_entropy": 0.0, "depth_weight": 0.3, "closure_weight": 0.3}
    run = A3cRun(small(40_000, steps=4, **changes), tmp_path, 1, make=Memory, engine="ray")
    killed = 0
    for _ in run.updates():
        if not killed and len(run.process_ids) == 2 and all(run.process_ids):
            killed = run.process_ids[0]
            os.kill(killed, signal.SIGKILL)
    assert killed and run.replaced_workers == 1
    rows = (tmp_path / "curve.csv").read_text().splitlines()
    column = rows[0].split(",").index("return")
    assert np.mean([float(row.split(",")[column]) for row in rows[-3:]]) > 0.6


def figures(run: A3cRun) -> list[list[str]]:
    """Trains to the end; returns the curve without what the clock says."""
    for _ in run.updates():
        pass
    rows = [row.split(",") for row in (run.out / "curve.csv").read_text().splitlines()]
    clock = [rows[0].index(name) for name in ("seconds", "frames_per_second")]
    return [[value for column, value in enumerate(row) if column not in clock] for row in rows]


@needs_ray
def test_one_worker_learns_on_ray_what_it_learns_locally_and_a_ray_that_is_there_is_left_alone(rays: Any, tmp_path: Path) -> None:
    # With one rate, for how soon the worker hears of the run's progress differs.
    recipe = small(workers=1, steps=4, learning_rate=1e-3, final_learning_rate=1e-3, entropy=0.0, final_entropy=0.0)
    on_ray = figures(A3cRun(recipe, tmp_path / "ray", 1, make=Memory, engine="ray"))
    assert on_ray == figures(A3cRun(recipe, tmp_path / "local", 1, make=Memory)) and len(on_ray) > 10
    assert rays.is_initialized()


@needs_ray
def test_a_worker_that_dies_before_it_has_reported_anything_is_replaced(rays: Any, tmp_path: Path) -> None:
    run = A3cRun(small(workers=1), tmp_path, 1, make=DiesFirst(tmp_path / "dead"), engine="ray")
    figures(run)
    assert run.replaced_workers == 1 and run.frames >= run.recipe.frames


@needs_ray
@pytest.mark.parametrize(("make", "message"), [(Broken, "the arm fell off"), (OnlyHere(Path()), "the arm is of tomorrow")])
def test_a_workers_failure_on_ray_ends_the_run_with_its_traceback(
    rays: Any, tmp_path: Path, make: MakeEnvironment, message: str
) -> None:
    run = A3cRun(small(workers=1), tmp_path, seed=1, make=make, engine="ray")
    with pytest.raises(JacoError, match=f"(?s)An A3C worker failed:.*{message}"):
        list(run.updates())
    assert run.replaced_workers == 0


def test_where_ray_does_not_come_up_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def init(**options: Any) -> None:
        asked.append(options)
        raise Exception("The current node timed out during startup.")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=init))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(JacoError, match=r"timed out during startup\. It gives its helpers 15 s, .*try again, or take"):
        list(A3cRun(small(workers=1), tmp_path, seed=1, make=Memory, engine="ray").updates())
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    with pytest.raises(JacoError, match=r"The Ray cluster of RAY_ADDRESS '10\.0\.0\.1:6379' can not be joined: .*timed out"):
        list(A3cRun(small(workers=1), tmp_path, seed=1, make=Memory, engine="ray").updates())
    here, there = asked
    assert here["address"] == "local" and here["num_cpus"] == 1
    assert not {"address", "num_cpus", "object_store_memory"} & set(there)


def test_without_ray_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"needs Ray, which is not installed; `pip install ray==2\.60\.0`, or --engine local"):
        list(A3cRun(small(workers=1), tmp_path, seed=1, make=Memory, engine="ray").updates())
    with pytest.raises(ConfigError, match="no engine 'slurm'; known: local, ray"):
        list(A3cRun(small(workers=1), tmp_path, seed=1, make=Memory, engine="slurm").updates())
