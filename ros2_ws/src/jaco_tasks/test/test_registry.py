"""Tasks by name."""

from __future__ import annotations

import pytest

from jaco_core.errors import ConfigError
from jaco_tasks.registry import make_task, task_names


@pytest.mark.parametrize("name", task_names())
def test_every_task_is_made_under_its_name(name: str) -> None:
    task = make_task(name)
    assert task.name == name
    assert task.max_steps > 0 and task.control_period_s > 0.0 and task.objects and task.description


def test_an_unknown_task_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no task 'juggle'; known tasks: reach"):
        make_task("juggle")
