"""The tasks that are known, by name."""

from __future__ import annotations

from collections.abc import Callable

from jaco_core.errors import ConfigError, ContractError
from jaco_tasks.conveyor import Conveyor
from jaco_tasks.reach import Reach
from jaco_tasks.task import Task

_TASKS: dict[str, Callable[[float], Task]] = {Reach.name: Reach, Conveyor.name: Conveyor}


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


def require_task(policy: str, made_for: str, asked: str) -> None:
    """Checks that policy `policy`, made for task `made_for`, can act in task `asked`: it is that task, or one of its family.

    Raises:
        ContractError: it cannot.
    """
    if made_for == asked:
        return
    families = {name: make_task(name).family for name in (made_for, asked) if name in _TASKS}
    if len(families) < 2 or len(set(families.values())) > 1:
        raise ContractError(f"Policy '{policy}' is for task '{made_for}', not for '{asked}'.")
