"""The learning curve of a run as a CSV file: one row per update. It goes on where a resumed run's checkpoint was."""

from __future__ import annotations

import csv
import os
from pathlib import Path

CURVE_FILE = "curve.csv"


class Curve:
    """Rows of figures by name; the first column is the number of frames."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CURVE_FILE
        self._rows: list[dict[str, str]] = []

    def add(self, frames: int, figures: dict[str, float]) -> None:
        """Takes what was measured after `frames`."""
        self._rows.append({"frames": str(frames), **{name: f"{value:.5g}" for name, value in figures.items()}})

    def save(self) -> None:
        """Writes the file in one atomic step."""
        partial = self._path.with_suffix(".csv.partial")
        with partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(self._rows[0]) if self._rows else ["frames"])
            writer.writeheader()
            writer.writerows(self._rows)
        os.replace(partial, self._path)

    def resume(self, frames: int) -> None:
        """Takes back the rows of the run that stopped, as far as `frames`."""
        with self._path.open(newline="") as file:
            self._rows = [row for row in csv.DictReader(file) if int(row["frames"]) <= frames]
