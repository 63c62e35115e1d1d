"""The report of a run, from its recording: summary.json, a table, a video and a picture."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from rich.table import Table

from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording
from jaco_monitor.summary import Summary, summarise
from jaco_monitor.timeline import read_moments
from jaco_monitor.video import SceneRenderer, write_picture, write_video

SUMMARY_NAME = "summary.json"
VIDEO_NAME = "video.mp4"
PICTURE_NAME = "picture.png"


def write_summary(run_dir: Path, seed: int | None = None) -> Summary:
    """Writes RUN_DIR/summary.json and returns what it says.

    Raises:
        ConfigError: there is no recording, or it cannot be read.
    """
    summary = summarise(Recording(run_dir / FILE_NAME), seed)
    (run_dir / SUMMARY_NAME).write_text(json.dumps(dataclasses.asdict(summary), indent=2, allow_nan=False) + "\n")
    return summary


def write_pictures(run_dir: Path, renderer: SceneRenderer, episodes: int = 10) -> list[Path]:
    """Writes RUN_DIR/video.mp4 and picture.png of the first `episodes` episodes; returns what was written, [] without images.

    Raises:
        ConfigError: there is no recording, or it cannot be read.
    """
    moments = read_moments(Recording(run_dir / FILE_NAME), episodes)
    if not moments:
        return []
    write_video(moments, renderer, run_dir / VIDEO_NAME)
    write_picture(moments, renderer, run_dir / PICTURE_NAME)
    return [run_dir / VIDEO_NAME, run_dir / PICTURE_NAME]


def summary_table(summary: Summary) -> Table:
    """Returns the summary for people. "?" stands for what the recording does not say."""
    table = Table(title=f"{summary.task or '?'}, {summary.episodes} episodes", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    latency, policy = summary.latency_ms, summary.policy
    rows = {
        "success rate": _text(summary.success_rate, "{:.1%}"),
        "mean return": _text(summary.mean_return, "{:.1f}"),
        "real-time factor": _text(summary.realtime_factor, "{:.2f}"),
        "control steps per second": _text(summary.steps_per_second, "{:.0f}"),
        **_curriculum(summary),
        "latency p50 / p99 / max": f"{' / '.join(_text(value, '{:.1f}') for value in vars(latency).values())} ms",
        "safety": ", ".join(f"{key} {count}" for key, count in summary.safety.counts.items()) or "?",
        "safety stops": ", ".join(summary.stops) or "none",
        "policy": f"{policy.name or '?'}, version {_text(policy.version, '{}')}, sha256 {(policy.sha256 or '?')[:12]}",
        "seed": _text(summary.seed, "{}"),
        "trajectory sha256": (summary.trajectory_sha256 or "?")[:12],
    }
    for name, value in rows.items():
        table.add_row(name, value)
    if not summary.complete:
        table.caption = "Incomplete: the run did not reach its end, or its recording has gaps."
    return table


def _curriculum(summary: Summary) -> dict[str, str]:
    """Returns a row with the distances at which episodes began, and since which; none where all had the task's own starts."""
    distances = [result.furthest_m for result in summary.results]
    if not any(distances):
        return {}
    changes = [index for index, distance in enumerate(distances) if index == 0 or distance != distances[index - 1]]
    named = {0.0: "the task's own"}
    texts = (f"{named.get(distances[at], f'{distances[at]:.2f} m')} from {summary.results[at].episode + 1}" for at in changes)
    return {"starts within, from episode": ", ".join(texts)}


def _text(value: float | None, pattern: str) -> str:
    return "?" if value is None else pattern.format(value)
