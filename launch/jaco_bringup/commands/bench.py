"""`jaco bench`: figures for people and for programs."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jaco_bringup.bench.machine import machine
from jaco_bringup.bench.registry import Request, find_bench
from jaco_bringup.policies import find_policy
from jaco_bringup.session import choose_domain
from jaco_core.errors import ConfigError


def run(name: str, json_file: Path | None, policy: str, ticks: int, episodes: int) -> int:
    """Runs benchmark `name`, prints its table and writes its figures; returns the exit code.

    Raises:
        JacoError: there is no such benchmark or policy, the file cannot be written, or the run failed.
    """
    bench = find_bench(name)
    find_policy(policy)
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise ConfigError(f"{json_file} cannot be written: there is no folder {json_file.absolute().parent}.")
    with choose_domain(None) as domain:
        figures = bench.measure(Request(domain, policy, ticks, episodes))
    facts = machine()
    table = Table(title=f"{name}: {bench.description}", title_justify="left", show_header=False)
    for key, value in {**figures, **facts}.items():
        table.add_row(key, f"{value:.3f}" if isinstance(value, float) else str(value))
    Console().print(table)
    if json_file is not None:
        measured = {"bench": name, "policy": policy, "time": datetime.now(timezone.utc).isoformat(timespec="seconds")}
        json_file.write_text(json.dumps({**measured, **figures, **facts}, indent=2) + "\n")
    return 0
