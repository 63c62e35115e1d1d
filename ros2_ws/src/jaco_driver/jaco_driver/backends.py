"""The arm backends that are known, by name. A backend is one file with a class that implements the port, and one line here."""

from __future__ import annotations

from collections.abc import Callable

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_driver.fake import FakeArm
from jaco_driver.port import ArmPort

_BACKENDS: dict[str, Callable[[Arm], ArmPort]] = {"fake": FakeArm}


def backend_names() -> list[str]:
    """Returns the names of the backends that are known."""
    return sorted(_BACKENDS)


def make_backend(name: str, arm: Arm) -> ArmPort:
    """Returns an unconnected port to `arm`.

    Raises:
        ConfigError: no such backend.
    """
    if name not in _BACKENDS:
        raise ConfigError(f"There is no arm backend '{name}'; known backends: {', '.join(backend_names())}.")
    return _BACKENDS[name](arm)
