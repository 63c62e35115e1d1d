"""`jaco train`: the learner's program, with names instead of paths."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from jaco_bringup.run_dir import new_run_dir


def train(name: str, out: Path | None, further: Sequence[str]) -> NoReturn:
    """Trains by recipe `name` into `out`, in place of this process.

    Raises:
        ConfigError: the folder cannot be used.
    """
    folder = out or new_run_dir(None, datetime.now(), f"train-{name}-")
    run_module("jaco_learner.train", name, "--out", str(folder), *further)


def run_module(name: str, *arguments: str) -> NoReturn:
    """Becomes the program: a Ctrl-C must reach it alone, since it keeps what it has before it ends."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", name, *arguments])
