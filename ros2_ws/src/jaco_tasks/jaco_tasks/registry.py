"""The tasks that are known, by name."""

from __future__ import annotations

from collections.abc import Callable

from jaco_core.errors import ConfigError
from jaco_tasks.reach import Reach
from jaco_tasks.task import Task

_TASKS: dict[str, Callable[[float], Task]] = {Reach.name: Reach}


def task_names() -> list[str]:
    """Returns the names of the tasks that are known."""
    return sorted(_TASKS)


def make_task(name: str, margin_m: float = 0.0) -> Task:
    """Returns the task called `name`, to be done better than it asks by `margin_m`: for training.

    A policy stops where it believes that it has arrived. Trained to come closer, it has arrived although it is a little wrong.

    Raises:
        ConfigError: no such task, or not with such a margin.
    """
    if name not in _TASKS:
        raise ConfigError(f"There is no task '{name}'; known tasks: {', '.join(task_names())}.")
    return _TASKS[name](margin_m)
