"""Frames: what one message of the Kortex wire is wrapped in, and how frames follow each other on a TCP stream.

On TCP, each frame is preceded by 8 bytes of magic and its length, 4 bytes, big-endian. On UDP a datagram is a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from jaco_core.errors import ContractError
from jaco_driver.kortex_wire.codes import ErrorCode, FrameType, SubError
from jaco_driver.kortex_wire.schema import message, parse

MAGIC = b"\x07xEtRoK\x07"
VERSION = 1
# A length field has room for 4 GiB; a payload's only for 24 bits, and no frame comes near.
MAX_FRAME = 1 << 20
_PREFIX = len(MAGIC) + 4


class WireError(ContractError):
    """Bytes that are no frame of this protocol. `sub_error`: what a base answers, where it can answer at all."""

    def __init__(self, text: str, sub_error: SubError = SubError.FRAME_DECODING_ERR) -> None:
        super().__init__(text)
        self.sub_error = sub_error


@dataclass(frozen=True)
class Frame:
    """One frame. `function`: unique number, service << 16 | function; `sequence`: of the request, which its response repeats."""

    kind: int
    session: int
    sequence: int
    function: int
    payload: bytes = b""
    device: int = 0
    error: int = ErrorCode.NONE
    sub_error: int = SubError.NONE
    version: int = VERSION

    def encode(self) -> bytes:
        """Returns the frame's bytes, as in a datagram."""
        info = self.version << 28 | self.kind << 24 | self.device << 16 | self.error << 12 | self.sub_error
        header = message(
            "Header",
            frame_info=info,
            message_info=self.session << 16 | self.sequence,
            service_info=1 << 28 | self.function,
            payload_info=len(self.payload),
        )
        return bytes(message("Frame", header=header, payload=self.payload).SerializeToString())

    def respond(self, session: int, payload: bytes = b"") -> Frame:
        """Returns the response to this request."""
        return Frame(FrameType.RESPONSE, session, self.sequence, self.function, payload, self.device)

    def refuse(self, session: int, error: ErrorCode, sub_error: SubError, text: str) -> Frame:
        """Returns the response that says why this request was not carried out."""
        payload = message("Error", error_code=error, error_sub_code=sub_error, error_sub_string=text).SerializeToString()
        return Frame(FrameType.RESPONSE, session, self.sequence, self.function, payload, self.device, error, sub_error)


def decode_frame(data: bytes) -> Frame:
    """Returns the frame that `data` is.

    Raises:
        WireError: it is none, or the length in its header is not that of its payload.
    """
    try:
        decoded = parse("Frame", data)
    except DecodeError as error:
        raise WireError(f"{len(data)} bytes are no Kortex frame: {error}.") from error
    header, payload = decoded.header, bytes(decoded.payload)
    announced = header.payload_info & 0xFFFFFF
    if announced != len(payload):
        raise WireError(f"A Kortex frame announces {announced} bytes of payload and carries {len(payload)}.")
    info = header.frame_info
    return Frame(
        info >> 24 & 0xF,
        header.message_info >> 16,
        header.message_info & 0xFFFF,
        header.service_info & 0x0FFFFFFF,
        payload,
        info >> 16 & 0xFF,
        info >> 12 & 0xF,
        info & 0xFFF,
        info >> 28,
    )


def wrap(frame: bytes) -> bytes:
    """Returns `frame` as it goes out on a TCP stream."""
    return MAGIC + len(frame).to_bytes(4, "big") + frame


class StreamSplitter:
    """Cuts a TCP stream into frames, however the network has cut or joined its segments."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Returns the frames that `data` completes, in order.

        Raises:
            WireError: the stream is not the protocol's; it cannot be followed any further.
        """
        self._buffer += data
        frames: list[bytes] = []
        while True:
            head = bytes(self._buffer[: len(MAGIC)])
            if head != MAGIC[: len(head)]:
                raise WireError(f"A Kortex stream has {head!r} where {MAGIC!r} begins a frame.")
            if len(self._buffer) < _PREFIX:
                return frames
            length = int.from_bytes(self._buffer[len(MAGIC) : _PREFIX], "big")
            if length > MAX_FRAME:
                raise WireError(f"A Kortex stream announces a frame of {length} bytes; {MAX_FRAME} at most are taken.")
            if len(self._buffer) < _PREFIX + length:
                return frames
            frames.append(bytes(self._buffer[_PREFIX : _PREFIX + length]))
            del self._buffer[: _PREFIX + length]
