"""A training that is killed hard, at a random moment, ends with the weights of one that was not."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from train_tiny import UPDATES, tiny

from jaco_learner.train import train


def test_a_run_that_is_killed_hard_at_a_random_moment_ends_with_the_same_weights(tmp_path: Path) -> None:
    moment = random.Random(os.urandom(8))
    updates, later = moment.randint(2, UPDATES - 3), moment.uniform(0.0, 0.05)
    _killed(tmp_path / "killed", updates, later)
    told = f"killed {later:.4f} s after update {updates}"
    assert (tmp_path / "killed" / "resume.safetensors").is_file(), told
    quiet = Console(file=io.StringIO())
    resumed = train(tiny(), tmp_path / "killed", seed=5, resume=True, console=quiet)
    whole = train(tiny(), tmp_path / "whole", seed=5, console=quiet)
    # Everything that was learned, bit for bit: the card's digest is of the weights' file.
    assert resumed.sha256 == whole.sha256, told
    assert resumed.training["frames"] == whole.training["frames"] == tiny().frames
    rows = [_figures(tmp_path / name / "curve.csv") for name in ("killed", "whole")]
    assert rows[0] == rows[1], told


def _killed(folder: Path, updates: int, later: float) -> None:
    """Starts a training, and kills it `later` [s] after it told of `updates` updates."""
    program = Path(__file__).with_name("train_tiny.py")
    process = subprocess.Popen([sys.executable, str(program), str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        seen = 0
        for line in process.stdout:
            seen += "frames" in line
            if seen == updates:
                break
        # The moment itself: nothing is waited for.
        time.sleep(later)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30.0)
        process.stdout.close()
    assert seen == updates and process.returncode == -signal.SIGKILL


def _figures(curve: Path) -> list[str]:
    """Returns the rows of a curve without the times that a run took."""
    rows = [line.split(",") for line in curve.read_text().splitlines()]
    timed = {rows[0].index(name) for name in ("seconds", "frames_per_second")}
    return [",".join(cell for index, cell in enumerate(row) if index not in timed) for row in rows]
