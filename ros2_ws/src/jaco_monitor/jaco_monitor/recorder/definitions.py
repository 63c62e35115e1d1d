"""Message definitions as recordings carry them: the .msg file, followed by those of every type in it (MCAP's "ros2msg")."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jaco_core.errors import ConfigError

_SEPARATOR = "=" * 80
_PRIMITIVES = frozenset(
    ("bool", "byte", "char", "string", "wstring", "float32", "float64", "int8", "uint8", "int16", "uint16")
) | {"int32", "uint32", "int64", "uint64"}


def message_definition(type_name: str) -> str:
    """Returns the definition of `type_name`, "package/msg/Name", complete with all that it refers to.

    Raises:
        ConfigError: a type in it is not installed.
    """
    parts: list[str] = []
    known, pending = {type_name}, [type_name]
    while pending:
        current = pending.pop(0)
        text = _file(current).read_text()
        package, _, name = current.split("/")
        parts.append(text if not parts else f"{_SEPARATOR}\nMSG: {package}/{name}\n{text}")
        for referred in _referred(text, package):
            if referred not in known:
                known.add(referred)
                pending.append(referred)
    return "\n".join(part.rstrip("\n") for part in parts) + "\n"


def _referred(text: str, package: str) -> Iterator[str]:
    """Yields the types, other than primitive ones, of the fields in `text`, a definition of `package`."""
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if len(words) < 2:
            continue
        base = words[0].partition("[")[0].partition("<=")[0]
        if base not in _PRIMITIVES:
            owner, _, name = base.rpartition("/")
            yield f"{owner.removesuffix('/msg') or package}/msg/{name}"


def _file(type_name: str) -> Path:
    package, _, name = type_name.split("/")
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    for prefix in filter(None, prefixes):
        path = Path(prefix) / "share" / package / "msg" / f"{name}.msg"
        if path.is_file():
            return path
    raise ConfigError(f"Message type '{type_name}' is not installed in AMENT_PREFIX_PATH; source the workspace's setup file.")
