"""One connection to the base: transport, router and session, with the vendor's traps taken out.

- A callback that raises would wedge the vendor's receive thread for good, so nothing that it calls raises: errors are only kept.
- Requests leave through a gate (gate.py). Once it is shut, no speed command leaves any more, so none can follow a stop.
- Nothing waits without a bound: neither connecting, nor sending, nor ending.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from jaco_core.errors import HardwareFault
from jaco_driver.kortex.faults import WRONG_LOGIN, refusal_words
from jaco_driver.kortex.gate import Gate
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.kortex.vendor import FrameCallback, Router, Session, Socket, Transport, Vendor
from jaco_driver.port import ConnectionLost

MOST_NOTES = 20
_FAREWELL = 0.02


class WrongLogin(ConnectionLost):
    """The base does not accept user and password; trying again does not help."""


class GuardedTransport:
    """The vendor's transport behind a gate that lets one writer through at a time, with a receive callback that never raises."""

    def __init__(self, inner: Transport, gate: Gate, note: Callable[[Exception], None]) -> None:
        self.inner = inner
        self._gate = gate
        self._note = note
        self.address: tuple[str, int] = ("", 0)

    @property
    def sock(self) -> Socket:
        return self.inner.sock

    def connect(self, ip: str, port: int, timeout: float) -> None:
        """Connects within `timeout` [s]."""
        self.address = (ip, port)
        self.inner.sock.settimeout(timeout)
        self.inner.connect(ip, port)

    def sever(self) -> None:
        """Closes the connection without a word, in bounded time. Safe to call twice."""
        self.inner.event.set()
        with contextlib.suppress(OSError):
            self.inner.sock.shutdown(socket.SHUT_RDWR)
            time.sleep(_FAREWELL)  # the receive thread ends by itself; on a closed socket it would complain
        with contextlib.suppress(OSError):
            self.inner.sock.close()

    # What the vendor's router calls.
    def send(self, payload: bytes) -> None:
        self._gate.pass_on(lambda: self.inner.send(payload))

    def getMaxTxBufferSize(self) -> int | None:  # noqa: N802 - the vendor's name
        return self.inner.getMaxTxBufferSize()

    def registerOnFrameCallback(self, callback: FrameCallback) -> None:  # noqa: N802 - the vendor's name
        def guarded(databuffer: bytes) -> None:
            try:
                callback(databuffer)
            except Exception as error:  # noqa: BLE001 - a thread's edge: the vendor's receive thread does not survive an exception
                self._note(error)

        self.inner.registerOnFrameCallback(guarded)


class Link:
    """A session over one transport. `open` makes it, `close` ends it politely, `sever` at once."""

    def __init__(self, vendor: Vendor, settings: KortexSettings, what: str, gate: Gate) -> None:
        """`what`: "commands" or "feedback", for people."""
        self._vendor = vendor
        self._settings = settings
        self._what = what
        self._gate = gate
        self._notes: deque[str] = deque(maxlen=MOST_NOTES)
        self._silent = threading.Event()
        self._session: Session | None = None
        self.transport: GuardedTransport | None = None
        self.router: Router | None = None

    def open_tcp(self) -> None:
        """Connects over TCP. Raises ConnectionLost, WrongLogin."""
        self._open(self._vendor.tcp(), self._settings.tcp_port)

    def open_udp(self) -> None:
        """Connects over UDP. Raises ConnectionLost, WrongLogin."""
        self._open(self._vendor.udp(), self._settings.udp_port)

    @property
    def silent(self) -> bool:
        """Whether the vendor's client has noticed that the base says nothing."""
        return self._silent.is_set()

    def notes(self) -> list[str]:
        """Returns, once, what went wrong on the vendor's receive thread since the last call."""
        found = []
        while self._notes:
            found.append(self._notes.popleft())
        return found

    def close(self) -> None:
        """Ends the session and the connection; bounded, does not raise."""
        if self._session is not None and self.transport is not None:
            self._session.event.set()
            with contextlib.suppress(*self._vendor.call_errors(), HardwareFault):
                self._session.CloseSession(self._vendor.options(self._settings.call_timeout))
        self.sever()

    def sever(self) -> None:
        """Ends keep-alives and connection at once, so that the base's own time-out stops the arm."""
        if self._session is not None:
            self._session.event.set()
        if self.transport is not None:
            self.transport.sever()
        self._session = None

    def _open(self, transport: Transport, port: int) -> None:
        vendor, settings = self._vendor, self._settings
        guarded = GuardedTransport(transport, self._gate, self._note)
        self.transport = guarded
        info = vendor.session_info(settings.username, settings.password, settings.session_timeout, settings.connection_timeout)
        try:
            self.router = vendor.router(guarded, self._note)
            guarded.connect(settings.robot_ip, port, settings.connect_timeout)
            self._session = vendor.session(self.router, self._silent.set)
            self._session.CreateSession(info, vendor.options(settings.connect_timeout))
            guarded.sock.settimeout(settings.call_timeout)
        except vendor.call_errors() as error:
            self.sever()
            raise self._why(error, port) from error

    def _why(self, error: Exception, port: int) -> ConnectionLost:
        code = self._vendor.refusal(error)
        where = f"at {self._settings.robot_ip}:{port} for {self._what}"
        if code in WRONG_LOGIN:
            return WrongLogin(
                f"The arm {where} refuses the login of user '{self._settings.username}': {refusal_words(code or 0)}."
            )
        if code is not None:
            return ConnectionLost(f"The arm {where} refuses a session: {refusal_words(code)}.")
        reason = str(error) or type(error).__name__
        return ConnectionLost(f"The arm {where} does not answer ({reason}); is it on, and is its address right?")

    def _note(self, error: Exception) -> None:
        self._notes.append(f"{self._what}: {error}")
