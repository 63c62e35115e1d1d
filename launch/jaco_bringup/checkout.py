"""Finds the source checkout that this package was installed from, for commands that work on sources."""

from __future__ import annotations

from pathlib import Path

from jaco_core.errors import ConfigError

MARK = "pyproject.toml"


def checkout_root() -> Path:
    """Returns the repository's root.

    Raises:
        ConfigError: this installation does not lie in one.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / MARK).is_file():
        raise ConfigError(f"This needs the source checkout, and {root} has no {MARK}; run ./jaco from the checkout.")
    return root
