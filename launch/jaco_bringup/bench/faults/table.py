"""The README's table of behaviour per fault, from the file that `jaco bench faults --json FILE` wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaco_bringup.bench.faults.matrix import FAULTS


def fault_table(figures: Mapping[str, Any]) -> str:
    """Returns a Markdown table with one row per fault of the matrix that `figures` has an entry for."""
    rows = [
        "| fault | what happens | state | reason | noticed by [ms] | detected [ms] | standstill [ms] | palm [m] |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for fault in FAULTS:
        if (entry := figures.get(fault.name)) is None:
            continue
        detect, still = (_number(entry[key]) for key in ("detect_ms", "standstill_ms"))
        if fault.tolerated:
            detect = still = "goes on"
        bound = f"{fault.bound_ms:.0f}" if fault.bound_ms and not fault.tolerated else ""
        rows.append(
            f"| {fault.name} | {fault.what} | {entry['state']} | {entry['reason']} | {bound} | {detect} | {still} "
            f"| {entry['distance_m']:.3f} |"
        )
    return "\n".join(rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


if __name__ == "__main__":
    print(fault_table(json.loads(Path(sys.argv[1]).read_text())))
