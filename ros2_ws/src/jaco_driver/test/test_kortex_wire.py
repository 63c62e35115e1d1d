from __future__ import annotations

import struct

import pytest

from jaco_driver.kortex_wire.codes import ErrorCode, FrameType, SubError
from jaco_driver.kortex_wire.frames import MAX_FRAME, Frame, StreamSplitter, WireError, decode_frame, wrap
from jaco_driver.kortex_wire.functions import FUNCTIONS, SEND_JOINT_SPEEDS, Function
from jaco_driver.kortex_wire.schema import message, message_names, parse

# Assembled by hand: header of four fixed32 (request, session 3, message 7, service 2 function 0x84, 3 bytes), payload "abc".
REQUEST = bytes.fromhex("0a140d0000001115070003001d8400021025030000001203616263")
MAGIC = b"\x07xEtRoK\x07"


def test_a_frame_is_these_bytes() -> None:
    frame = Frame(FrameType.REQUEST, session=3, sequence=7, function=SEND_JOINT_SPEEDS.uid, payload=b"abc")
    assert frame.encode() == REQUEST
    assert decode_frame(REQUEST) == frame


def test_a_response_repeats_the_message_id_and_carries_the_errors_twice() -> None:
    request = decode_frame(REQUEST)
    assert request.respond(5).sequence == 7 and request.respond(5).session == 5
    refused = request.refuse(5, ErrorCode.DEVICE, SubError.ROBOT_IN_FAULT, "no")
    decoded = decode_frame(refused.encode())
    assert (decoded.kind, decoded.error, decoded.sub_error) == (3, 3, 22)
    assert decoded.payload == b"\x08\x03\x10\x16\x1a\x02no"


@pytest.mark.parametrize("data", [b"\xff\xff\xff", REQUEST[:-1], REQUEST.replace(b"\x25\x03", b"\x25\x04")])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="Kortex frame"):
        decode_frame(data)


def test_a_stream_is_cut_into_frames_wherever_the_network_cut_it() -> None:
    stream = MAGIC + struct.pack(">I", len(REQUEST)) + REQUEST + wrap(b"second") + wrap(b"")
    for size in range(1, len(stream) + 1):
        splitter = StreamSplitter()
        found = [frame for at in range(0, len(stream), size) for frame in splitter.feed(stream[at : at + size])]
        assert found == [REQUEST, b"second", b""], f"in pieces of {size} bytes"


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1", MAGIC[:4] + b"\0", MAGIC + struct.pack(">I", MAX_FRAME + 1)])
def test_another_stream_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="Kortex stream"):
        StreamSplitter().feed(data)


def test_joint_speeds_have_kinovas_field_numbers() -> None:
    one = b"\x08\x06\x15" + struct.pack("<f", -2.5)
    parsed = parse("JointSpeeds", b"\x0a\x00" + b"\x0a" + bytes([len(one)]) + one)
    assert [(entry.joint_identifier, entry.value) for entry in parsed.joint_speeds] == [(0, 0.0), (6, -2.5)]


def test_feedback_has_kinovas_field_numbers() -> None:
    actuator = message("ActuatorFeedback", position=90.0, velocity=1.5, torque=2.5, fault_bank_a=8)
    data = message("Feedback", frame_id=9, base=message("BaseFeedback", active_state=7), actuators=[actuator]).SerializeToString()
    position, velocity, torque = (struct.pack("<f", value) for value in (90.0, 1.5, 2.5))
    inner = b"\x25" + position + b"\x2d" + velocity + b"\x35" + torque + b"\x5d\x08\0\0\0"
    assert data == b"\x0d\x09\0\0\0" + b"\x12\x02\x10\x07" + b"\x1a" + bytes([len(inner)]) + inner


@pytest.mark.parametrize("name", message_names())
def test_no_message_uses_a_field_number_twice(name: str) -> None:
    numbers = [field.number for field in message(name).DESCRIPTOR.fields]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_every_functions_messages_are_known(function: Function) -> None:
    assert {function.request, function.response} <= {"", *message_names()}


def test_an_unknown_field_is_an_error_of_the_program() -> None:
    with pytest.raises(ValueError, match="no_such_field"):
        message("Error", no_such_field=1)
