from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from monitor_support import Tape
from rich.console import Console

from jaco_core.errors import ConfigError
from jaco_core.types import RgbImage, Vector
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.report import summary_table, write_pictures, write_summary

KEYS = {
    "episodes", "success_rate", "mean_return", "realtime_factor", "steps_per_second", "latency_ms", "safety", "policy", "seed",
    "task", "trajectory_sha256", "stops", "complete",
}  # fmt: skip


def draw(position: Vector, objects: dict[str, Vector]) -> RgbImage:
    return np.zeros((48, 64, 3), np.uint8)


def test_the_summary_is_json_with_every_promised_key(run_dir: Path) -> None:
    write_summary(run_dir, seed=7)
    data = json.loads((run_dir / "summary.json").read_text())
    assert set(data) >= KEYS
    assert set(data["latency_ms"]) == {"p50", "p99", "max"}
    assert data["safety"]["counts"] == {"pass": 50, "limited:velocity": 10}
    assert (data["seed"], data["policy"]["name"], data["complete"]) == (7, "reach", True)


def test_the_table_tells_people_the_same(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=120).print(summary_table(write_summary(run_dir, seed=7)))
    text = capsys.readouterr().out
    for part in ("reach, 2 episodes", "50.0%", "4.50", "2.5 / 7.0 / 9.5 ms", "limited:velocity 10", "none", "cdcdcdcdcdcd"):
        assert part in text
    assert "Incomplete" not in text


def test_the_table_says_since_which_episode_starts_were_how_near(run_dir: Path) -> None:
    summary, console = write_summary(run_dir), Console(width=120, record=True, file=io.StringIO())
    results = [
        replace(summary.results[0], episode=at, furthest_m=distance) for at, distance in enumerate((0.15, 0.15, 0.25, 0.0))
    ]
    console.print(summary_table(replace(summary, results=tuple(results))))
    assert "0.15 m from 1, 0.25 m from 3, the task's own from 4" in console.export_text()


def test_the_table_of_an_empty_run_shows_its_gaps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Tape(tmp_path / FILE_NAME).writer.close()
    Console(width=120).print(summary_table(write_summary(tmp_path)))
    text = capsys.readouterr().out
    assert "? / ? / ? ms" in text
    assert "Incomplete" in text


def test_pictures_are_written_beside_the_recording(run_dir: Path) -> None:
    assert [path.name for path in write_pictures(run_dir, draw, episodes=1)] == ["video.mp4", "picture.png"]
    assert (run_dir / "video.mp4").stat().st_size > 0


def test_a_run_without_pictures_has_no_video(tmp_path: Path) -> None:
    Tape(tmp_path / FILE_NAME).writer.close()
    assert write_pictures(tmp_path, draw) == []
    assert not (tmp_path / "video.mp4").exists()


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        write_summary(tmp_path)
