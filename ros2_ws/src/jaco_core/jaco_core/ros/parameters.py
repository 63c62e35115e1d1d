"""Declares a config dataclass (jaco_core.parameters) on a node and reads it back as a frozen value."""

from __future__ import annotations

import math
from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from jaco_core.parameters import ParameterInfo, build, parameters_of

T = TypeVar("T")


def declare(node: Node, config: type) -> None:
    """Declares every parameter of `config` on `node`, read-only once it runs."""
    for info in parameters_of(config):
        node.declare_parameter(info.name, info.default, _descriptor(info))


def read(node: Node, config: type[T]) -> T:
    """Returns the node's parameters as a frozen `config`.

    Raises:
        ConfigError: a value is out of bounds or not among its choices.
    """
    return build(config, {info.name: _plain(node.get_parameter(info.name).value) for info in parameters_of(config)})


def _plain(value: object) -> object:
    return list(value) if type(value).__name__ == "array" else value  # type: ignore[call-overload]


def _descriptor(info: ParameterInfo) -> ParameterDescriptor:
    text = f"{info.description} [{info.unit}]" if info.unit else info.description
    descriptor = ParameterDescriptor(description=text, read_only=True)
    if info.choices:
        descriptor.additional_constraints = "one of: " + ", ".join(info.choices)
    if math.isfinite(info.lower) and math.isfinite(info.upper):
        if info.type is float:
            descriptor.floating_point_range = [FloatingPointRange(from_value=info.lower, to_value=info.upper)]
        elif info.type is int:
            descriptor.integer_range = [IntegerRange(from_value=int(info.lower), to_value=int(info.upper), step=1)]
    return descriptor
