"""The arm backends that are known, by name. A backend is one class that implements the port, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_driver.fake import FakeArm
from jaco_driver.port import ArmPort
from jaco_driver.simulated import SimulatedArm


def _kortex(arm: Arm, node: Any) -> ArmPort:
    from jaco_driver.kortex.factory import make_kortex

    return make_kortex(arm, node.config if node is not None else None)


def _kinova_ros(arm: Arm, node: Any) -> ArmPort:
    from jaco_driver.kinova_ros.node import make_kinova_ros

    return make_kinova_ros(arm, node)


def _ros2_control(arm: Arm, node: Any) -> ArmPort:
    from jaco_driver.ros2_control.node import make_ros2_control

    return make_ros2_control(arm, node)


# Those that need more than this package import it when they are made.
_BACKENDS: dict[str, Callable[[Arm, Any], ArmPort]] = {
    "fake": lambda arm, node: FakeArm(arm),
    "kortex": _kortex,
    "kinova_ros": _kinova_ros,
    "ros2_control": _ros2_control,
    "simulated": lambda arm, node: SimulatedArm(arm),
}


def backend_names() -> list[str]:
    """Returns the names of the backends that are known."""
    return sorted(_BACKENDS)


def make_backend(name: str, arm: Arm, node: Any = None) -> ArmPort:
    """Returns an unconnected port to `arm`; `node`: the driver's, whose parameters a backend may read.

    Raises:
        ConfigError: no such backend, or a parameter of it is wrong.
        ContractError: the backend cannot drive such an arm.
    """
    if name not in _BACKENDS:
        raise ConfigError(f"There is no arm backend '{name}'; known backends: {', '.join(backend_names())}.")
    return _BACKENDS[name](arm, node)
