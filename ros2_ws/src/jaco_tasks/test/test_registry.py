"""Tasks by name."""

from __future__ import annotations

import pytest

from jaco_core.errors import ConfigError, ContractError
from jaco_tasks.registry import make_task, require_task, task_names


@pytest.mark.parametrize("name", task_names())
def test_every_task_is_made_under_its_name(name: str) -> None:
    task = make_task(name)
    assert task.name == name
    assert task.max_steps > 0 and task.control_period_s > 0.0 and task.objects and task.description


def test_an_unknown_task_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no task 'juggle'; known tasks: conveyor, reach"):
        make_task("juggle")


@pytest.mark.parametrize("made_for", task_names())
def test_a_policy_acts_in_tasks_of_its_family_and_in_no_other(made_for: str) -> None:
    for asked in task_names():
        require_task("mine", made_for, asked)
    with pytest.raises(ContractError, match=f"Policy 'mine' is for task '{made_for}', not for 'juggle'"):
        require_task("mine", made_for, "juggle")
    with pytest.raises(ContractError, match=f"Policy 'mine' is for task 'juggle', not for '{made_for}'"):
        require_task("mine", "juggle", made_for)
