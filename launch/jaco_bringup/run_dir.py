"""Where a run leaves what it has to show."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jaco_core.errors import ConfigError

RUNS = Path("runs")


def new_run_dir(given: Path | None, now: datetime, label: str = "") -> Path:
    """Returns the absolute path of a new folder: `given`, or runs/<label><time> below the working directory.

    Raises:
        ConfigError: it cannot be made, or holds something already.
    """
    folder = (given or RUNS / f"{label}{now:%Y-%m-%d-%H%M%S}").expanduser().absolute()
    if given is None and folder.exists():
        folder = folder.with_name(f"{folder.name}-{now:%f}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"The run's folder {folder} cannot be made: {error.strerror}.") from None
    if taken:
        raise ConfigError(f"The run's folder {folder} is not empty; give another with --run-dir.")
    return folder
