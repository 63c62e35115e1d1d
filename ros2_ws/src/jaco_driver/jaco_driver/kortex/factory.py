"""Makes the Kortex backend from the driver's parameters."""

from __future__ import annotations

from typing import Protocol

from jaco_core.arms import Arm
from jaco_driver.kortex.arm import KortexArm
from jaco_driver.kortex.credentials import read_credentials
from jaco_driver.kortex.settings import KortexSettings


class KortexParameters(Protocol):
    """The driver's parameters that this backend reads."""

    @property
    def robot_ip(self) -> str: ...
    @property
    def tcp_port(self) -> int: ...
    @property
    def udp_port(self) -> int: ...
    @property
    def credentials(self) -> str: ...
    @property
    def connection_timeout(self) -> float: ...
    @property
    def command_timeout(self) -> float: ...


def make_kortex(arm: Arm, given: KortexParameters | None) -> KortexArm:
    """Returns the port to the Kortex arm that `given` names, or to one as it leaves the factory.

    Raises:
        ConfigError: the credentials cannot be read.
        ContractError: `arm` cannot be a Kortex arm.
    """
    if given is None:
        return KortexArm(arm, KortexSettings())
    user, password = read_credentials(given.credentials)
    settings = KortexSettings(
        robot_ip=given.robot_ip,
        tcp_port=given.tcp_port,
        udp_port=given.udp_port,
        username=user,
        password=password,
        connection_timeout=given.connection_timeout,
        command_timeout=given.command_timeout,
    )
    return KortexArm(arm, settings)
