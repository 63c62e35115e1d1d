"""A client of the Kortex wire that shares no code with jaco_driver.kortex_wire: it packs and unpacks bytes by hand."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Any

MAGIC = bytes([0x07, 0x78, 0x45, 0x74, 0x52, 0x6F, 0x4B, 0x07])


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def real(field: int, value: float) -> bytes:
    return varint(field << 3 | 5) + struct.pack("<f", value)


def fields(data: bytes) -> dict[int, list[Any]]:
    """Returns field number -> values: ints of varints, 4 bytes of fixed32, bytes of strings and messages."""
    found: dict[int, list[Any]] = {}
    at = 0

    def take() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = take()
        if tag & 7 == 0:
            value: Any = take()
        else:
            assert tag & 7 in (2, 5)
            size = take() if tag & 7 == 2 else 4
            value = data[at : at + size]
            assert len(value) == size
            at += size
        found.setdefault(tag >> 3, []).append(value)
    return found


def floats(message: dict[int, list[Any]], first: int, count: int) -> list[float]:
    """Returns the floats of `count` fields from `first` on; an absent one is 0."""
    return [struct.unpack("<f", message.get(first + index, [b"\0\0\0\0"])[0])[0] for index in range(count)]


@dataclass(frozen=True)
class Reply:
    kind: int
    session: int
    sequence: int
    function: int
    error: int
    sub_error: int
    payload: bytes

    @property
    def fields(self) -> dict[int, list[Any]]:
        return fields(self.payload)


def frame(function: int, payload: bytes, session: int, sequence: int, kind: int = 1, version: int = 1) -> bytes:
    header = struct.pack(
        "<BIBIBIBI",
        0x0D, version << 28 | kind << 24,
        0x15, session << 16 | sequence,
        0x1D, 1 << 28 | function,
        0x25, len(payload),
    )  # fmt: skip
    return text(1, header) + (text(2, payload) if payload else b"")


def reply(data: bytes) -> Reply:
    outer = fields(data)
    header = fields(outer[1][0])
    info, ids, service, length = (struct.unpack("<I", header.get(index, [b"\0\0\0\0"])[0])[0] for index in (1, 2, 3, 4))
    payload = outer.get(2, [b""])[0]
    assert info >> 28 == 1 and length == len(payload)
    return Reply(info >> 24 & 15, ids >> 16, ids & 0xFFFF, service & 0xFFFFFFF, info >> 12 & 15, info & 0xFFF, payload)


class WireClient:
    """One connection, TCP or UDP."""

    fields = staticmethod(fields)
    floats = staticmethod(floats)
    number = staticmethod(number)
    text = staticmethod(text)
    real = staticmethod(real)
    frame = staticmethod(frame)

    def __init__(self, host: str, port: int, udp: bool) -> None:
        self.udp = udp
        if udp:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.connect((host, port))
        else:
            self.socket = socket.create_connection((host, port), 10.0)
        self.socket.settimeout(20.0)
        self.session = 0
        self.sequence = 0

    def pack(self, function: int, payload: bytes = b"", **changes: int) -> bytes:
        """Returns the bytes of a request, with the prefix of a stream on TCP."""
        self.sequence += 1
        data = frame(function, payload, **{"session": self.session, "sequence": self.sequence, **changes})
        return data if self.udp else MAGIC + struct.pack(">I", len(data)) + data

    def receive(self) -> Reply:
        if self.udp:
            return reply(self.socket.recv(65536))
        prefix = self._exactly(12)
        assert prefix[:8] == MAGIC
        return reply(self._exactly(struct.unpack(">I", prefix[8:])[0]))

    def send(self, function: int, payload: bytes = b"", **changes: int) -> None:
        self.socket.sendall(self.pack(function, payload, **changes))

    def ask(self, function: int, payload: bytes = b"", **changes: int) -> Reply:
        self.send(function, payload, **changes)
        return self.receive()

    def open(self, password: bytes = b"admin", silence_ms: int = 0, user: bytes = b"admin", session_ms: int = 0) -> Reply:
        """Opens a session, as CreateSession does."""
        payload = text(1, user) + number(2, session_ms) + text(3, password) + number(4, silence_ms)
        answer = self.ask(0x10001, payload)
        self.session = answer.session
        return answer

    def speeds(self, values: list[float]) -> bytes:
        """Returns the payload of SendJointSpeedsCommand, deg/s."""
        return b"".join(text(1, number(1, index) + real(2, value)) for index, value in enumerate(values))

    def move(self, values: list[float]) -> Reply:
        return self.ask(0x20084, self.speeds(values))

    def stop(self) -> Reply:
        return self.ask(0x20070)

    def feedback(self) -> dict[int, list[Any]]:
        answer = self.ask(0x30003)
        assert answer.error == 0
        return answer.fields

    def close(self) -> None:
        self.socket.close()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionResetError
            data += part
        return data
