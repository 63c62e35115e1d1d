"""Imports Kinova's kortex_api when an arm asks for it: from this interpreter, or from a folder of its own.

kortex_api needs protobuf 3.20, other packages may need a newer one. So it may live beside the environment, in a folder that only
the driver's process puts on its path: $JACO_KORTEX_PATH, or `kortex` in the virtual environment's folder.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from jaco_core.errors import ConfigError
from jaco_driver.kortex.vendor import Base, BaseCyclic, ControlConfig, ErrorCallback, Message, Router, Session, Transport

PATH_VARIABLE = "JACO_KORTEX_PATH"
PARTS = (
    "RouterClient",
    "SessionManager",
    "TCPTransport",
    "UDPTransport",
    "Exceptions.KException",
    "Exceptions.KServerException",
    "autogen.client_stubs.BaseClientRpc",
    "autogen.client_stubs.BaseCyclicClientRpc",
    "autogen.client_stubs.ControlConfigClientRpc",
    "autogen.messages.Base_pb2",
    "autogen.messages.Session_pb2",
)


def kortex_folder() -> Path:
    """Returns the folder that is looked into before the interpreter's own packages; it need not exist."""
    return Path(os.environ.get(PATH_VARIABLE) or Path(sys.prefix) / "kortex")


def install_line(folder: Path) -> str:
    """Returns the command that puts Kinova's wheel, once downloaded, into `folder`."""
    pip = Path(sys.prefix) / "bin" / "pip"
    return f"{pip} install --no-deps --target {folder} protobuf==3.20.3 deprecated wrapt kortex_api-*.whl"


def load_vendor() -> KortexApi:
    """Returns the vendor's client.

    Raises:
        ConfigError: kortex_api or a protobuf that it works with is missing.
    """
    folder = kortex_folder()
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # hundreds, about how the generated code makes its descriptors
            modules = {name.rsplit(".", 1)[-1]: importlib.import_module(f"kortex_api.{name}") for name in PARTS}
    except (ImportError, TypeError, AttributeError) as error:  # the generated code fails so with another protobuf
        reason = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(
            f"Kinova's kortex_api cannot be imported ({reason}): get its wheel from Kinova and call `{install_line(folder)}`, "
            f"or set {PATH_VARIABLE} to a folder that has it; `./jaco doctor` says more."
        ) from error
    return KortexApi(modules)


class KortexApi:
    """Kinova's client behind the `Vendor` types."""

    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self._m: dict[str, Any] = dict(modules)

    def tcp(self) -> Transport:
        return cast(Transport, self._m["TCPTransport"].TCPTransport())

    def udp(self) -> Transport:
        return cast(Transport, self._m["UDPTransport"].UDPTransport())

    def router(self, transport: Any, on_error: ErrorCallback) -> Router:
        router = self._m["RouterClient"].RouterClient(transport, on_error)
        # The class keeps this for all its instances: two arms would get each other's notifications.
        router.notificationService = {}
        return cast(Router, router)

    def session(self, router: Router, on_silence: Callable[[], None]) -> Session:
        return cast(Session, self._m["SessionManager"].SessionManager(router, on_silence))

    def base(self, router: Router) -> Base:
        return cast(Base, self._m["BaseClientRpc"].BaseClient(router))

    def base_cyclic(self, router: Router) -> BaseCyclic:
        return cast(BaseCyclic, self._m["BaseCyclicClientRpc"].BaseCyclicClient(router))

    def control_config(self, router: Router) -> ControlConfig:
        return cast(ControlConfig, self._m["ControlConfigClientRpc"].ControlConfigClient(router))

    def options(self, timeout_s: float) -> Any:
        options = self._m["RouterClient"].RouterClientSendOptions()
        options.timeout_ms = timeout_s * 1000.0
        return options

    def session_info(self, username: str, password: str, session_timeout_s: float, connection_timeout_s: float) -> Message:
        return self._m["Session_pb2"].CreateSessionInfo(
            username=username,
            password=password,
            session_inactivity_timeout=round(session_timeout_s * 1000.0),
            connection_inactivity_timeout=round(connection_timeout_s * 1000.0),
        )

    def joint_speeds(self, deg_per_s: Sequence[float]) -> Message:
        message = self._m["Base_pb2"].JointSpeeds()
        for index, value in enumerate(deg_per_s):
            message.joint_speeds.add(joint_identifier=index, value=float(value), duration=0)
        return message

    def gripper_speed(self, value: float) -> Message:
        message = self._m["Base_pb2"].GripperCommand(mode=self._m["Base_pb2"].GRIPPER_SPEED)
        message.gripper.finger.add(finger_identifier=1, value=float(value))
        return message

    def single_level_servoing(self) -> Message:
        pb = self._m["Base_pb2"]
        return pb.ServoingModeInformation(servoing_mode=pb.SINGLE_LEVEL_SERVOING)

    def call_errors(self) -> tuple[type[Exception], ...]:
        # The first two are one class from Python 3.11 on; a socket that was closed under its feet gives a ValueError.
        return (FutureTimeout, TimeoutError, OSError, ValueError, self._m["KException"].KException)

    def refusal(self, error: Exception) -> int | None:
        if isinstance(error, self._m["KServerException"].KServerException):
            return int(cast(Any, error).get_error_sub_code())
        return None
