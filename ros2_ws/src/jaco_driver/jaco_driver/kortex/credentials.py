"""The arm's user and password: from a file or from the environment. A parameter could be read by everybody on the graph."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jaco_core.errors import ConfigError

USER_VARIABLE = "JACO_KORTEX_USER"
PASSWORD_VARIABLE = "JACO_KORTEX_PASSWORD"
FACTORY = ("admin", "admin")
"""What Kinova ships its arms with."""


def read_credentials(path: str, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Returns (user, password): from the two lines of the file `path`; with "" from the environment, else the factory's.

    Raises:
        ConfigError: the file cannot be read, others may read it too, or it has not these two lines.
    """
    if not path:
        return environment.get(USER_VARIABLE, FACTORY[0]), environment.get(PASSWORD_VARIABLE, FACTORY[1])
    file = Path(path).expanduser()
    try:
        mode = file.stat().st_mode
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The credentials file {file} cannot be read: {error}.") from error
    if mode & 0o077:
        raise ConfigError(f"The credentials file {file} can be read by others; chmod 600 {file}.")
    if len(lines) < 2 or not lines[0] or not lines[1]:
        raise ConfigError(f"The credentials file {file} must have two lines, user and password; it has {len(lines)}.")
    return lines[0], lines[1]
