"""A3C on Ray: two workers learn what workers of this machine learn, and go on when one of them is killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from a3c_support import Broken, Memory, small

from jaco_core.errors import ConfigError, JacoError
from jaco_learner.a3c.run import A3cRun

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install ray==2.60.0")


def learned(run: A3cRun, killing: bool) -> float:
    """Trains to the end; returns the mean return of the last rows of the curve."""
    killed = False
    for _ in run.updates():
        if killing and not killed and len(run.process_ids) == 2 and all(run.process_ids):
            os.kill(run.process_ids[0], signal.SIGKILL)
            killed = True
    assert killed == killing == (run.replaced_workers == 1)
    rows = (run.out / "curve.csv").read_text().splitlines()
    column = rows[0].split(",").index("return")
    return float(np.mean([float(row.split(",")[column]) for row in rows[-3:]]))


@needs_ray
def test_ray_learns_what_local_workers_learn_although_one_is_killed(tmp_path: Path) -> None:
    recipe = small(25_000, steps=4, learning_rate=3e-3, entropy=0.0, final_entropy=0.0, depth_weight=0.3, closure_weight=0.3)
    assert learned(A3cRun(recipe, tmp_path / "ray", 1, make=Memory, engine="ray"), killing=True) > 0.85
    assert learned(A3cRun(recipe, tmp_path / "local", 1, make=Memory), killing=False) > 0.85


@needs_ray
def test_a_workers_failure_on_ray_ends_the_run_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(JacoError, match="the arm fell off"):
        list(A3cRun(small(workers=1), tmp_path, seed=1, make=Broken, engine="ray").updates())


def test_without_ray_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"needs Ray, which is not installed; `pip install ray==2\.60\.0`, or --engine local"):
        list(A3cRun(small(workers=1), tmp_path, seed=1, make=Memory, engine="ray").updates())
    with pytest.raises(ConfigError, match="no engine 'slurm'; known: local, ray"):
        list(A3cRun(small(workers=1), tmp_path, seed=1, make=Memory, engine="slurm").updates())
