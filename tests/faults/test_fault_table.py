"""The README's table of behaviour per fault is that of the matrix."""

from __future__ import annotations

from pathlib import Path

from jaco_bringup.bench.faults.matrix import FAULTS
from jaco_bringup.bench.faults.measure import FaultFigures
from jaco_bringup.bench.faults.table import fault_table

README = Path(__file__).parents[2] / "ros2_ws/src/jaco_safety/README.md"


def rows(text: str) -> list[list[str]]:
    """Returns the cells of the rows below the header of the fault table in `text`."""
    lines = text[text.index("| fault |") :].split("\n\n")[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_readme_has_a_row_for_every_fault() -> None:
    table = rows(README.read_text())
    assert [row[0] for row in table] == [fault.name for fault in FAULTS]
    for fault, row in zip(FAULTS, table, strict=True):
        assert row[1] == fault.what
        assert not fault.states or row[2] in fault.states, fault.name
        assert fault.tolerated or not fault.reasons or row[3] in fault.reasons, fault.name


def test_the_table_is_made_from_the_figures() -> None:
    entry = FaultFigures("HOLD", "stale_command", "", 350.0, 12.4, 13.0, None, 0.01234)
    table = rows(fault_table({FAULTS[0].name: entry.__dict__}))
    assert len(table) == 1
    assert table[0][2:4] == ["HOLD", "stale_command"]
    assert table[0][5:] == ["12", "-", "0.012"]
