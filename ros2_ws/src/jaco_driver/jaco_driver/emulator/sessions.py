"""The sessions of the emulated base: who may ask, and since when they are silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jaco_core.units import NS_PER_S
from jaco_driver.emulator.refusal import Refusal
from jaco_driver.kortex_wire.codes import ErrorCode, SubError
from jaco_driver.kortex_wire.frames import Frame

# A base fresh from the factory.
USERNAME, PASSWORD = "admin", "admin"
# What Kinova's examples ask for, taken where a client asks for nothing [ms].
DEFAULT_SESSION_TIMEOUT, DEFAULT_CONNECTION_TIMEOUT = 60_000, 2_000
_MS = NS_PER_S // 1000


class Connection:
    """One client's way to the base. A transport says how frames go out on it."""

    name = ""
    open = True

    def send(self, frame: Frame) -> None:
        """Sends a frame to the client."""
        raise NotImplementedError


@dataclass
class Session:
    """One session. `connection_timeout_ns`: its motions end when it was silent so long; `session_timeout_ns`: it ends itself."""

    number: int
    connection: Connection
    session_timeout_ns: int
    connection_timeout_ns: int
    heard_ns: int
    silent: bool = False


class Sessions:
    """All sessions, by number."""

    def __init__(self) -> None:
        self._sessions: dict[int, Session] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def create(self, info: Any, connection: Connection, now_ns: int, wrong_password: bool = False) -> Session:
        """Returns a new session for who knows the password. Raises Refusal for others."""
        if info.username != USERNAME:
            raise Refusal(SubError.USER_NOT_FOUND, f"There is no user '{info.username}'.", ErrorCode.PROTOCOL_SERVER)
        if info.password != PASSWORD or wrong_password:
            raise Refusal(SubError.INVALID_PASSWORD, "The password is wrong.", ErrorCode.PROTOCOL_SERVER)
        self._last = self._last % 0xFFFF + 1
        session = Session(
            self._last,
            connection,
            (info.session_inactivity_timeout or DEFAULT_SESSION_TIMEOUT) * _MS,
            (info.connection_inactivity_timeout or DEFAULT_CONNECTION_TIMEOUT) * _MS,
            now_ns,
        )
        self._sessions[session.number] = session
        return session

    def hear(self, number: int, connection: Connection, now_ns: int) -> Session:
        """Returns the session `number`, which has just asked for something. Raises Refusal when it is not its own."""
        session = self._sessions.get(number)
        if session is None:
            raise Refusal(SubError.INVALID_SESSION, f"There is no session {number}.", ErrorCode.PROTOCOL_SERVER)
        if session.connection is not connection:
            text = f"Session {number} belongs to another connection."
            raise Refusal(SubError.INVALID_USER_SESSION_ACCESS, text, ErrorCode.PROTOCOL_SERVER)
        session.heard_ns, session.silent = now_ns, False
        return session

    def forget(self) -> None:
        """Ends every session."""
        self._sessions.clear()

    def close(self, session: Session) -> None:
        """Ends `session`."""
        self._sessions.pop(session.number, None)

    def fallen_silent(self, now_ns: int) -> list[Session]:
        """Returns the sessions that have just been silent for too long to go on moving. Ends those that are over."""
        fallen = []
        for session in list(self._sessions.values()):
            silence = now_ns - session.heard_ns
            if silence > session.connection_timeout_ns and not session.silent:
                session.silent = True
                fallen.append(session)
            if silence > session.session_timeout_ns or (session.silent and not session.connection.open):
                self.close(session)
        return fallen
