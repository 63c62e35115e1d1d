"""`jaco train` and `jaco eval`: the learner's programs, with names instead of paths."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jaco_bringup.policies import find_policy
from jaco_bringup.run_dir import new_run_dir


def train(name: str, out: Path | None, further: Sequence[str]) -> int:
    """Trains by recipe `name` into `out`; returns the exit code.

    Raises:
        ConfigError: the folder cannot be used.
    """
    folder = out or new_run_dir(None, datetime.now(), f"train-{name}-")
    return _module("jaco_learner.train", name, "--out", str(folder), *further)


def evaluate(policy: str, further: Sequence[str]) -> int:
    """Scores `policy`; returns the exit code.

    Raises:
        ConfigError: there is no such policy.
    """
    return _module("jaco_learner.evaluate", str(find_policy(policy)), *further)


def _module(name: str, *arguments: str) -> int:
    return subprocess.call([sys.executable, "-m", name, *arguments])
