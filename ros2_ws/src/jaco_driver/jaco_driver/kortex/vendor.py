"""What this package uses of Kinova's kortex_api, as types: the whole surface, and nothing else is called.

`loader.KortexApi` is the real thing, tests bring their own. Angles are degrees here, as on the wire. Every remote call takes
`options`, which carry its time-out: the vendor's default is 10 s. Sources: the Python client 2.6.0 and the published .proto
files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

Message = Any
"""A protobuf message of the vendor. Its fields are read where it arrives (`messages.py`), and it goes no further."""

Options = Any
"""RouterClientSendOptions."""

ErrorCallback = Callable[[Exception], None]
FrameCallback = Callable[[bytes], None]


class Socket(Protocol):
    """The part of a socket that is used."""

    def settimeout(self, seconds: float | None, /) -> None: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Flag(Protocol):
    """A threading.Event that ends one of the vendor's threads."""

    def set(self) -> None: ...


class Transport(Protocol):
    """TCPTransport or UDPTransport. Its `disconnect` can wait for ever on its receive thread, so it is not used."""

    sock: Socket
    event: Flag

    def connect(self, ip: str, port: int) -> None: ...
    def send(self, payload: bytes) -> None: ...
    def getMaxTxBufferSize(self) -> int | None: ...  # noqa: N802 - the vendor's name
    def registerOnFrameCallback(self, callback: FrameCallback) -> None: ...  # noqa: N802 - the vendor's name


class Router(Protocol):
    """RouterClient."""

    def onFrameCallback(self, databuffer: bytes) -> None: ...  # noqa: N802 - the vendor's name


class Session(Protocol):
    """SessionManager. `event` ends its keep-alive thread."""

    event: Flag

    def CreateSession(self, info: Message, options: Options) -> Any: ...  # noqa: N802 - the vendor's name
    def CloseSession(self, options: Options) -> Any: ...  # noqa: N802 - the vendor's name


class Base(Protocol):
    """BaseClient."""

    def SendJointSpeedsCommand(self, speeds: Message, *, options: Options) -> Any: ...  # noqa: N802 - the vendor's name
    def SendGripperCommand(self, command: Message, *, options: Options) -> Any: ...  # noqa: N802 - the vendor's name
    def Stop(self, *, options: Options) -> Any: ...  # noqa: N802 - the vendor's name
    def ApplyEmergencyStop(self, *, options: Options) -> Any: ...  # noqa: N802 - the vendor's name
    def ClearFaults(self, *, options: Options) -> Any: ...  # noqa: N802 - the vendor's name
    def GetArmState(self, *, options: Options) -> Message: ...  # noqa: N802 - the vendor's name
    def GetActuatorCount(self, *, options: Options) -> Message: ...  # noqa: N802 - the vendor's name
    def SetServoingMode(self, mode: Message, *, options: Options) -> Any: ...  # noqa: N802 - the vendor's name
    def GetServoingMode(self, *, options: Options) -> Message: ...  # noqa: N802 - the vendor's name
    def ReadAllProtectionZones(self, *, options: Options) -> Message: ...  # noqa: N802 - the vendor's name


class BaseCyclic(Protocol):
    """BaseCyclicClient."""

    def RefreshFeedback(self, *, options: Options) -> Message: ...  # noqa: N802 - the vendor's name


class ControlConfig(Protocol):
    """ControlConfigClient."""

    def GetKinematicHardLimits(self, *, options: Options) -> Message: ...  # noqa: N802 - the vendor's name


class Vendor(Protocol):
    """How the above are made, and the messages that are sent."""

    def tcp(self) -> Transport: ...
    def udp(self) -> Transport: ...
    def router(self, transport: Any, on_error: ErrorCallback) -> Router: ...
    def session(self, router: Router, on_silence: Callable[[], None]) -> Session: ...
    def base(self, router: Router) -> Base: ...
    def base_cyclic(self, router: Router) -> BaseCyclic: ...
    def control_config(self, router: Router) -> ControlConfig: ...
    def options(self, timeout_s: float) -> Options:
        """Options of one call that gives up after `timeout_s` seconds."""

    def session_info(self, username: str, password: str, session_timeout_s: float, connection_timeout_s: float) -> Message: ...
    def joint_speeds(self, deg_per_s: Sequence[float]) -> Message: ...
    def gripper_speed(self, value: float) -> Message:
        """+1 opens and -1 closes at full speed."""

    def single_level_servoing(self) -> Message: ...
    def call_errors(self) -> tuple[type[Exception], ...]:
        """What a failing call may raise: the vendor's own errors, time-outs and the socket's."""

    def refusal(self, error: Exception) -> int | None:
        """The sub-error code with which the base refused a call; None when `error` is not the base's answer."""


def numbers(values: Iterable[Any]) -> list[float]:
    """Returns a repeated field as floats."""
    return [float(value) for value in values]
