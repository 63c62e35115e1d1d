"""A stand-in for kortex_api that talks to the fake base (fake_base.py), on the caller's thread.

It copies the client's habits that matter: a receive thread that is wedged by an exception in a callback, keep-alives that go on
while the caller hangs, and replies that may come late or never.
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

from jaco_driver.kortex.fake_base import FakeBase, ServerError
from jaco_driver.kortex.vendor import ErrorCallback


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
        answer = future.result(timeout)
        if self.inner.base.garbles:
            raise TypeError(f"the answer to {name} cannot be parsed")
        return answer

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
