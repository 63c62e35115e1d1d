"""Fixtures of this package's tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# So that tests find their support module in every import mode of pytest.
sys.path.insert(0, str(Path(__file__).parent))

from monitor_support import Tape, play_run

from jaco_monitor.recorder.writer import FILE_NAME


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A folder with the recording of a run that went well."""
    tape = Tape(tmp_path / "run" / FILE_NAME)
    play_run(tape)
    tape.writer.close()
    return tmp_path / "run"
