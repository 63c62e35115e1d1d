"""A Kortex base that is not there: it stands in for kortex_api and springs the traps of the real one on demand.

It moves in real time, answers on the caller's thread, and copies the client's habits that matter: a receive thread that is wedged
by an exception in a callback, keep-alives that go on while the caller hangs, and replies that may come late or never.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from types import SimpleNamespace
from typing import Any

import numpy as np

from jaco_core.models.robotiq_2f_85 import FULL_SPEED
from jaco_core.ramp import ramp_velocity
from jaco_core.types import Vector
from jaco_driver.kortex.vendor import ErrorCallback

_READY, _IN_FAULT = 7, 4
_EMERGENCY_BIT, _JOINT_FAULT_BIT = 1 << 23, 1 << 4
_DECELERATION = 300.0  # [deg/s^2]


class ServerError(Exception):
    """The base refuses, with a sub-error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"refused, code {code}")
        self.code = code


class FakeBase:
    """The base itself. Attributes are set by tests at any time; `events` tells what arrived, in order."""

    def __init__(self, count: int = 7, *, hard_limits: float = 80.0) -> None:
        self.count = count
        self.hard_limits = [hard_limits] * count
        self.password = "admin"
        self.zones: list[Any] = []
        self.hung = False
        self.unreachable = False
        self.drop_feedback = False
        self.dropping = False
        self.ignores_stop = False
        self.refuse_speeds: int | None = None
        self.late: float = 0.0
        self.stuck_fault = False
        self.state = _READY
        self.fault_bank = 0
        self.gripper = 0.0
        self.events: list[str] = []
        self.transports: list[FakeTransport] = []
        self.sessions: list[FakeSession] = []
        self.position: Vector = np.zeros(count)
        self.velocity: Vector = np.zeros(count)
        self._goal: Vector = np.zeros(count)
        self._pushed: Vector = np.zeros(count)
        self._gripper_speed = 0.0
        self._time = time.monotonic()
        self.lock = threading.RLock()

    # What tests do to it.
    def fault(self, bank: int = _JOINT_FAULT_BIT) -> None:
        """The arm faults and brakes."""
        with self.lock:
            self.advance()
            self.state, self.fault_bank = _IN_FAULT, bank
            self._goal, self._gripper_speed = np.zeros(self.count), 0.0

    def emergency_stop(self) -> None:
        """Somebody presses the button."""
        self.fault(_EMERGENCY_BIT)

    def notify(self) -> None:
        """A notification arrives for a subscription that nobody has: the vendor's router raises on it."""
        for transport in list(self.transports):
            transport.deliver(b"notification")

    def drop_next_feedback(self) -> None:
        """One datagram gets lost."""
        self.dropping = True

    def push(self, speed: float) -> None:
        """Somebody else moves every joint at `speed` [deg/s]; no session's silence ends that."""
        with self.lock:
            self.advance()
            self._pushed = np.full(self.count, speed)

    def moving(self) -> bool:
        """Whether any joint moves."""
        with self.lock:
            self.advance()
            return bool(np.any(np.abs(self.velocity) > 0.1))

    # What happens inside.
    def advance(self) -> None:
        """Brings the arm up to now: towards its goal, and to rest once no command session is heard for its time-out."""
        now = time.monotonic()
        while self._time < now:
            step = min(0.005, now - self._time)
            if not any(session.alive_at(self._time) for session in self.sessions):
                self._goal = np.zeros(self.count)
            acceleration = np.full(self.count, _DECELERATION)
            self.velocity = ramp_velocity(self.velocity, self._goal + self._pushed, acceleration, step)
            self.position = self.position + self.velocity * step
            self.gripper = float(np.clip(self.gripper - self._gripper_speed * FULL_SPEED * step, 0.0, 1.0))
            self._time += step

    def handle(self, name: str, argument: Any) -> Any:
        """Executes one call and returns its answer."""
        with self.lock:
            self.advance()
            if name != "RefreshFeedback":
                self.events.append(name)
            method: Callable[[Any], Any] = getattr(self, f"_{name}")
            return method(argument)

    def _check_fault(self) -> None:
        if self.state == _IN_FAULT:
            raise ServerError(25 if self.fault_bank & _EMERGENCY_BIT else 22)

    def _SendJointSpeedsCommand(self, speeds: Sequence[float]) -> None:  # noqa: N802 - the vendor's name
        self._check_fault()
        if self.refuse_speeds is not None:
            raise ServerError(self.refuse_speeds)
        if len(speeds) != self.count:
            raise ServerError(57)
        self._goal = np.array(speeds)

    def _SendGripperCommand(self, value: float) -> None:  # noqa: N802 - the vendor's name
        self._check_fault()
        self._gripper_speed = value

    def _Stop(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        if not self.ignores_stop:
            self._goal = np.zeros(self.count)
            if not np.any(self.velocity):
                raise ServerError(19)

    def _ApplyEmergencyStop(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        self.emergency_stop()

    def _ClearFaults(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        if not self.stuck_fault:
            self.state, self.fault_bank = _READY, 0

    def _GetArmState(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(active_state=self.state)

    def _GetActuatorCount(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(count=self.count)

    def _SetServoingMode(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        self._check_fault()

    def _GetServoingMode(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(servoing_mode=2)

    def _ReadAllProtectionZones(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(protection_zones=self.zones)

    def _GetKinematicHardLimits(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(joint_speed_limits=self.hard_limits)

    def _CreateSession(self, info: Any) -> None:  # noqa: N802 - the vendor's name
        if info.password != self.password:
            raise ServerError(15)

    def _CloseSession(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        self._goal = np.zeros(self.count)

    def _RefreshFeedback(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        actuators = [
            SimpleNamespace(position=p % 360.0, velocity=v, torque=0.0, fault_bank_a=0, fault_bank_b=0)
            for p, v in zip(self.position, self.velocity, strict=True)
        ]
        force = {f"tool_external_wrench_force_{axis}": 0.0 for axis in "xyz"}
        base = SimpleNamespace(active_state=self.state, fault_bank_a=self.fault_bank, fault_bank_b=0, **force)
        motor = SimpleNamespace(position=100.0 * self.gripper, velocity=-100.0 * FULL_SPEED * self._gripper_speed)
        gripper = SimpleNamespace(gripper_feedback=SimpleNamespace(motor=[motor]))
        return SimpleNamespace(actuators=actuators, base=base, interconnect=gripper)


class FakeTransport:
    """Carries tokens to the base and back."""

    def __init__(self, base: FakeBase, feedback: bool) -> None:
        self.base = base
        self.feedback = feedback
        self.event = threading.Event()
        self.sock = SimpleNamespace(settimeout=lambda seconds: None, shutdown=lambda how: None, close=self._close)
        self.router: FakeRouter | None = None
        self.wedged = False
        self._callback: Callable[[bytes], None] | None = None
        self._closed = False

    def connect(self, ip: str, port: int) -> None:
        if self.base.unreachable:
            raise OSError("no route to host")
        self.base.transports.append(self)

    def send(self, payload: bytes) -> None:
        if self._closed:
            raise OSError("the socket is closed")
        base = self.base
        if base.hung or base.unreachable or (self.feedback and base.drop_feedback):
            return
        if self.feedback and base.dropping:
            base.dropping = False
            return
        assert self.router is not None
        self.router.execute(int.from_bytes(payload, "big"))
        if base.late and not self.feedback:
            threading.Timer(base.late, self.deliver, (payload,)).start()
        else:
            self.deliver(payload)

    def deliver(self, data: bytes) -> None:
        """What the receive thread does with a frame. An exception is its end."""
        if self.wedged or self._closed or self._callback is None:
            return
        try:
            self._callback(data)
        except Exception:  # noqa: BLE001 - the vendor's receive thread treats every exception so
            self.wedged = True

    def getMaxTxBufferSize(self) -> int | None:  # noqa: N802 - the vendor's name
        return None

    def registerOnFrameCallback(self, callback: Callable[[bytes], None]) -> None:  # noqa: N802 - the vendor's name
        self._callback = callback

    def _close(self) -> None:
        self._closed = True


class FakeRouter:
    """Gives each request a token and waits for it to come back."""

    def __init__(self, transport: Any, inner: FakeTransport, on_error: ErrorCallback) -> None:
        self._transport = transport
        self.inner = inner
        self._on_error = on_error
        self._tokens = itertools.count(1)
        self._requests: dict[int, tuple[str, Any]] = {}
        self._answers: dict[int, Any] = {}
        self._futures: dict[int, Future[Any]] = {}
        inner.router = self
        transport.registerOnFrameCallback(self.onFrameCallback)

    def call(self, name: str, argument: Any, timeout: float) -> Any:
        """Sends and waits for the answer, at most `timeout` [s]."""
        token, future = next(self._tokens), Future[Any]()
        self._requests[token], self._futures[token] = (name, argument), future
        self._transport.send(token.to_bytes(8, "big"))
        return future.result(timeout)

    def execute(self, token: int) -> None:
        """The base's side of a request."""
        try:
            self._answers[token] = self.inner.base.handle(*self._requests.pop(token))
        except ServerError as error:
            self._answers[token] = error

    def onFrameCallback(self, databuffer: bytes) -> None:  # noqa: N802 - the vendor's name
        if databuffer == b"notification":
            raise RuntimeError("No callback list instantiated")
        token = int.from_bytes(databuffer, "big")
        future = self._futures.pop(token, None)
        if future is None:
            self._on_error(RuntimeError(f"Unexpected frame received from server, frameId={token}"))
        elif isinstance(self._answers[token], Exception):
            future.set_exception(self._answers[token])
        else:
            future.set_result(self._answers[token])


class FakeSession:
    """Its keep-alives go on until its event is set or its socket is closed, whatever the rest of the process does."""

    def __init__(self, router: FakeRouter) -> None:
        self._router = router
        self.event = threading.Event()
        self._timeout = 0.0
        self._heard: float | None = None
        router.inner.base.sessions.append(self)

    def CreateSession(self, info: Any, options: float) -> None:  # noqa: N802 - the vendor's name
        self._router.call("CreateSession", info, options)
        self._timeout = info.connection_timeout
        self._heard = time.monotonic()

    def CloseSession(self, options: float) -> None:  # noqa: N802 - the vendor's name
        self._router.call("CloseSession", None, options)

    def alive_at(self, now: float) -> bool:
        """Whether the base has heard of this command session within its time-out."""
        if self._router.inner.feedback or self._heard is None:
            return False
        if not self.event.is_set() and not self._router.inner.base.unreachable:
            self._heard = now
        return now - self._heard <= self._timeout


class FakeVendor:
    """Stands in for `loader.KortexApi`."""

    def __init__(self, base: FakeBase) -> None:
        self.device = base
        self.going = threading.Event()
        self.going.set()
        """Cleared, who sends a speed hangs until it is set again."""

    def tcp(self) -> Any:
        return FakeTransport(self.device, feedback=False)

    def udp(self) -> Any:
        return FakeTransport(self.device, feedback=True)

    def router(self, transport: Any, on_error: ErrorCallback) -> Any:
        return FakeRouter(transport, transport.inner, on_error)

    def session(self, router: Any, on_silence: Callable[[], None]) -> Any:
        return FakeSession(router)

    def base(self, router: Any) -> Any:
        return _Client(router)

    def base_cyclic(self, router: Any) -> Any:
        return _Client(router)

    def control_config(self, router: Any) -> Any:
        return _Client(router)

    def options(self, timeout_s: float) -> float:
        return timeout_s

    def session_info(self, username: str, password: str, session_timeout_s: float, connection_timeout_s: float) -> Any:
        return SimpleNamespace(username=username, password=password, connection_timeout=connection_timeout_s)

    def joint_speeds(self, deg_per_s: Sequence[float]) -> list[float]:
        self.going.wait()
        return list(deg_per_s)

    def gripper_speed(self, value: float) -> float:
        return value

    def single_level_servoing(self) -> Any:
        return SimpleNamespace(servoing_mode=2)

    def call_errors(self) -> tuple[type[Exception], ...]:
        return (FutureTimeout, TimeoutError, OSError, ServerError)

    def refusal(self, error: Exception) -> int | None:
        return error.code if isinstance(error, ServerError) else None


class _Client:
    """Every call of every service."""

    def __init__(self, router: FakeRouter) -> None:
        self._router = router

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(argument: Any = None, *, options: float) -> Any:
            return self._router.call(name, argument, options)

        return call
