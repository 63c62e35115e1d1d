"""`jaco train` becomes the trainer, so that Ctrl-C reaches that alone and what was learned is kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jaco_bringup.commands import learn


class Replaced(Exception):
    """Stands in for the end of this process."""


def test_training_takes_this_processs_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replaced: list[list[str]] = []

    def execv(path: str, arguments: list[str]) -> None:
        replaced.append(arguments)
        raise Replaced

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(Replaced):
        learn.train("reach", tmp_path, ["--frames", "1000"])
    assert replaced == [[sys.executable, "-m", "jaco_learner.train", "reach", "--out", str(tmp_path), "--frames", "1000"]]
