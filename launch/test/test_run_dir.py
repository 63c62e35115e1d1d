"""Each run has a folder of its own."""

from datetime import datetime
from pathlib import Path

import pytest

from jaco_bringup.run_dir import new_run_dir
from jaco_core.errors import ConfigError

NOW = datetime(2030, 1, 2, 3, 4, 5, 678)


def test_runs_are_named_after_their_time_and_never_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = new_run_dir(None, NOW), new_run_dir(None, NOW)
    assert first == tmp_path / "runs" / "2030-01-02-030405"
    assert second != first and second.is_dir()


def test_a_given_folder_must_be_empty_and_possible(tmp_path: Path) -> None:
    assert new_run_dir(tmp_path / "a" / "b", NOW).is_dir()
    (tmp_path / "a" / "file").touch()
    with pytest.raises(ConfigError, match=r"is not empty; give another with --run-dir"):
        new_run_dir(tmp_path / "a", NOW)
    with pytest.raises(ConfigError, match="cannot be made"):
        new_run_dir(tmp_path / "a" / "file" / "c", NOW)
