"""Message and service types by name, imported when they are asked for: one that is not installed is a sentence, not a crash."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from jaco_core.errors import ConfigError

_KINDS = ("msg", "srv")


def interface(name: str) -> Any:
    """Returns the class of the message or service `name`, such as "sensor_msgs/msg/JointState".

    Raises:
        ConfigError: not a name of that form, the package is not installed or not sourced, or it has no such interface.
    """
    parts = name.split("/")
    if len(parts) != 3 or parts[1] not in _KINDS or not all(part.isidentifier() for part in parts):
        raise ConfigError(f"'{name}' is no interface type; it must look like std_msgs/msg/Bool or std_srvs/srv/Trigger.")
    package, kind, short = parts
    try:
        module = import_module(f"{package}.{kind}")
    except ImportError:
        raise ConfigError(
            f"The ROS package {package} with {name} is not installed or not sourced; build it in a workspace and source that."
        ) from None
    if not hasattr(module, short):
        raise ConfigError(f"The installed ROS package {package} has no {name}; get a version that has it.")
    return getattr(module, short)
