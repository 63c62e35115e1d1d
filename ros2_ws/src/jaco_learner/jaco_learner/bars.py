"""Progress on screen: a bar with the time left for each part of something that takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

ProgressOf = Callable[[str, int], Callable[[int], None]]
"""From a part's name and how much there is of it, what is told how much of it is done."""


@contextmanager
def bars(unit: str = "") -> Iterator[ProgressOf]:
    """Shows a bar for each part that is begun in the block. `unit`: of what there is so much, as in "episodes"."""
    counted = (MofNCompleteColumn(), TextColumn(unit)) if unit else (MofNCompleteColumn(),)
    columns = (TextColumn("{task.description}"), BarColumn(), *counted, TimeRemainingColumn())
    with Progress(*columns) as progress:

        def begin(name: str, count: int) -> Callable[[int], None]:
            bar = progress.add_task(name, total=count)
            return lambda done: progress.update(bar, completed=done)

        yield begin
