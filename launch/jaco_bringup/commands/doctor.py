"""`jaco doctor`, from inside the environment; the script `jaco` runs the same file without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jaco_bringup


def run() -> int:
    """Runs the checks as the program that they are; returns its exit code."""
    return subprocess.call([sys.executable, "-I", str(Path(jaco_bringup.__file__).resolve().parent / "doctor.py")])
