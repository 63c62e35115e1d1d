"""A node's parameters, declared once as a frozen dataclass: default, unit, bounds, choices and description in one place.

    @dataclass(frozen=True)
    class Config:
        rate: float = parameter(10.0, "Frames per second.", unit="Hz", lower=0.1, upper=120.0)

`jaco_core.ros.parameters` declares them on a node; `describe` writes their documentation.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from jaco_core.errors import ConfigError

T = TypeVar("T")
_KEY = "jaco_parameter"


@dataclass(frozen=True)
class ParameterInfo:
    """What `parameter` was told, plus the field's name, type and default."""

    name: str
    type: type
    default: Any
    description: str
    unit: str = ""
    lower: float = -math.inf
    upper: float = math.inf
    choices: tuple[str, ...] = ()


def parameter(
    default: Any,
    description: str,
    *,
    unit: str = "",
    lower: float = -math.inf,
    upper: float = math.inf,
    choices: tuple[str, ...] = (),
) -> Any:
    """Returns a dataclass field for one parameter."""
    metadata = {_KEY: {"description": description, "unit": unit, "lower": lower, "upper": upper, "choices": choices}}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def parameters_of(config: type) -> tuple[ParameterInfo, ...]:
    """Returns every parameter of the dataclass `config`, in order of declaration."""
    hints = get_type_hints(config)
    infos = []
    for field in dataclasses.fields(config):
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        infos.append(ParameterInfo(field.name, hints[field.name], default, **field.metadata[_KEY]))
    return tuple(infos)


def build(config: type[T], values: dict[str, Any]) -> T:
    """Returns `config(**values)` with every value checked against its type, bounds and choices.

    Raises:
        ConfigError: an unknown name, a wrong type, a number that is not finite or out of bounds, or a choice that does not exist.
    """
    infos = {info.name: info for info in parameters_of(config)}
    unknown = sorted(set(values) - set(infos))
    if unknown:
        raise ConfigError(f"Unknown parameter {', '.join(unknown)}; known: {', '.join(infos)}.")
    return config(**{name: _checked(infos[name], value) for name, value in values.items()})


def _checked(info: ParameterInfo, value: Any) -> Any:
    if info.type is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    origin = getattr(info.type, "__origin__", info.type)
    if not isinstance(value, origin) or (isinstance(value, bool) and info.type is not bool):
        raise ConfigError(f"Parameter '{info.name}' must be {origin.__name__}, got {value!r} ({type(value).__name__}).")
    if isinstance(value, int | float) and not isinstance(value, bool) and not info.lower <= value <= info.upper:
        raise ConfigError(
            f"Parameter '{info.name}' is {value} {info.unit}".rstrip() + f"; allowed: {info.lower} to {info.upper}."
        )
    if info.choices and value not in info.choices:
        raise ConfigError(f"Parameter '{info.name}' is '{value}'; choices: {', '.join(info.choices)}.")
    return value


def describe(config: type) -> str:
    """Returns a Markdown table of the parameters of `config`."""
    rows = ["| parameter | type | default | unit | allowed | what it is |", "| --- | --- | --- | --- | --- | --- |"]
    for info in parameters_of(config):
        allowed = ", ".join(info.choices)
        if not allowed and (info.lower, info.upper) != (-math.inf, math.inf):
            allowed = f"{info.lower:g} to {info.upper:g}"
        default = f"`{info.default}`" if info.default != "" else "(empty)"
        kind = getattr(info.type, "__name__", str(info.type))
        rows.append(f"| {info.name} | {kind} | {default} | {info.unit} | {allowed} | {info.description} |")
    return "\n".join(rows)
