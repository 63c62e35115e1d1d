"""Where a Kortex arm is and how long is waited for what."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_INACTIVITY_S = 0.6
"""[s] The longest that the base may let the arm go on when it does not hear from this computer."""


@dataclass(frozen=True)
class KortexSettings:
    """Addresses and time-outs [s].

    `connect_timeout`: of each step of connecting, and of calls while the arm stands; `call_timeout`: of commands.
    `connection_timeout`: the base stops the arm when it has not heard from the command session for so long.
    `stop_timeout`: of both attempts together; one waits behind a command that is being answered and a sign of life, 25 ms each.
    `command_timeout`: the command thread commands rest when no new velocity came for so long.
    """

    robot_ip: str = "192.168.1.10"
    tcp_port: int = 10000
    udp_port: int = 10001
    username: str = "admin"
    password: str = field(default="admin", repr=False)
    connection_timeout: float = 0.45
    session_timeout: float = 60.0
    connect_timeout: float = 1.0
    call_timeout: float = 0.1
    stop_timeout: float = 0.2
    rest_timeout: float = 0.5
    command_timeout: float = 0.15
    command_period: float = 0.025
    feedback_period: float = 0.01
    feedback_timeout: float = 0.15
    heartbeat_timeout: float = 0.4
    shortest_retry: float = 0.5
    longest_retry: float = 8.0

    @property
    def longest_turn(self) -> float:
        """The longest that one turn of the command thread may take [s], its call included: beyond that it hangs."""
        return self.call_timeout + self.command_timeout

    @property
    def address(self) -> str:
        """For people: where the arm is looked for."""
        return f"{self.robot_ip} (TCP {self.tcp_port}, UDP {self.udp_port})"
