"""The learner's log: one line of JSON per run of an episode that it learned from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

LOG_FILE = "learning.jsonl"


@dataclass(frozen=True)
class LogEntry:
    """A run of an episode. `total_reward`: its return when it is `complete`, a whole episode.

    `acting`: the version that acted; `version`: the newest one after it; `learned`: steps behind that version. Over the whole
    session so far: `dropped` steps, and `overruled` ones, whose applied action was not the policy's. `number`: under which the
    episode was kept, 0 where it was not. `corrected`: an operator moved the arm in this run, and the return is not the policy's.
    """

    episode: int
    stamp_ns: int
    steps: int
    complete: bool
    total_reward: float
    acting: int
    version: int
    learned: int
    dropped: int
    overruled: int
    number: int = 0
    corrected: bool = False


def append_log(folder: Path, entry: LogEntry) -> None:
    """Adds a line to the log in `folder`."""
    with (folder / LOG_FILE).open("a") as stream:
        stream.write(json.dumps(asdict(entry)) + "\n")


def read_log(folder: Path) -> list[LogEntry]:
    """Returns the entries of the log in `folder`, none where there is no log. A last line that was cut off is left out."""
    try:
        lines = (folder / LOG_FILE).read_text().split("\n")
    except FileNotFoundError:
        return []
    return [LogEntry(**json.loads(line)) for line in lines[:-1]]
