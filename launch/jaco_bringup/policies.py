"""Finds a policy's folder by name among the installed models, or by path."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_tasks.registry import require_task

CARD = "card.json"
WEIGHTS = "policy.safetensors"
TEACHER = "teacher.json"
"""What training on the simulator's state leaves instead."""


def policies_dir() -> Path | None:
    """Returns the folder of the shipped policies, None when package jaco_models is not installed."""
    try:
        return Path(get_package_share_directory("jaco_models")) / "policies"
    except PackageNotFoundError:
        return None


def policy_names() -> list[str]:
    """Returns the names of the shipped policies."""
    folder = policies_dir()
    return sorted(card.parent.name for card in folder.glob(f"*/{CARD}")) if folder else []


def find_policy(name: str) -> Path:
    """Returns the absolute path of the folder of policy `name`, a shipped one's name or a path. The files are not looked into.

    Raises:
        ConfigError: there is no such folder, a file is missing in it, or it holds a teacher.
    """
    shipped = policies_dir()
    folder = shipped / name if shipped and name in policy_names() else Path(name).expanduser().absolute()
    if not folder.is_dir():
        known = ", ".join(policy_names()) or "none"
        raise ConfigError(f"There is no policy '{name}'; known: {known}, or give the path of a folder.")
    if _holds_teacher(folder):
        raise ConfigError(
            f"{folder} holds a teacher, which knows the simulator's state: only `jaco eval --through env` can play it."
        )
    for file in (CARD, WEIGHTS):
        if not (folder / file).is_file():
            raise ConfigError(f"Policy folder {folder} has no {file}.")
    return folder


def find_player(name: str) -> Path:
    """Returns the absolute path of the folder of what can be scored without the graph: a policy, as `find_policy`, or a teacher.

    Raises:
        ConfigError: there is no such folder, or a file is missing in it.
    """
    folder = Path(name).expanduser().absolute()
    return folder if _holds_teacher(folder) else find_policy(name)


def _holds_teacher(folder: Path) -> bool:
    return (folder / TEACHER).is_file() and not (folder / CARD).is_file()


def check_policy(name: str, arm: str, task: str) -> None:
    """Checks that policy `name` is undamaged and was made for `arm` and for `task` or one of its family.

    Raises:
        ConfigError: a file is missing or damaged.
        ContractError: it is for another arm or another task.
    """
    from jaco_policy.checkpoint import load_checkpoint  # takes seconds to import, and not every command checks a policy

    card = load_checkpoint(find_policy(name), load_arm(arm)).card
    require_task(card.name, card.task, task)
