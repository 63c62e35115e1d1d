"""The tasks that are known, by name."""

from __future__ import annotations

from collections.abc import Callable

from jaco_core.errors import ConfigError
from jaco_tasks.reach import Reach
from jaco_tasks.task import Task

_TASKS: dict[str, Callable[[], Task]] = {Reach.name: Reach}


def task_names() -> list[str]:
    """Returns the names of the tasks that are known."""
    return sorted(_TASKS)


def make_task(name: str) -> Task:
    """Returns the task called `name`.

    Raises:
        ConfigError: no such task.
    """
    if name not in _TASKS:
        raise ConfigError(f"There is no task '{name}'; known tasks: {', '.join(task_names())}.")
    return _TASKS[name]()
