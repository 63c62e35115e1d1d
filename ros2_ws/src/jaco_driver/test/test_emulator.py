"""The emulator over its sockets, by a client that packs bytes by hand (wire_client.py)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
import pytest
from wire_client import WireClient

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.kinematics import Kinematics, arm_spec
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.emulator.zones import ProtectionZone
from jaco_driver.kortex_wire.codes import ArmState

Connect = Callable[..., Any]
Eventually = Callable[[Callable[[], bool], str], None]
SLOW = [5.0] * 7
# Longer than any pause of a busy machine, where a test is not about silence.
PATIENT_MS = 60_000


def test_a_session_is_opened_used_and_closed(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    created = client.open()
    assert (created.kind, created.error, created.sequence) == (3, 0, 1) and created.session > 0
    count = client.ask(0x200AB)
    assert count.fields == {1: [7]} and count.session == created.session and count.function == 0x200AB
    assert client.ask(0x200AF).fields == {1: [ArmState.SERVOING_READY]}
    assert client.ask(0x10003).error == 0
    assert client.ask(0x10002).error == 0 and emulator.session_count == 0
    assert client.ask(0x200AB).sub_error == 12


@pytest.mark.parametrize("udp", [False, True])
def test_wrong_passwords_and_users_get_no_session(connect: Connect, emulator: Emulator, udp: bool) -> None:
    client = connect(udp)
    refused = client.open(password=b"admln")
    assert (refused.error, refused.sub_error, refused.session) == (1, 15, 0)
    assert refused.fields[1] == [1] and refused.fields[2] == [15] and refused.fields[3] == [b"The password is wrong."]
    assert client.open(user=b"root").sub_error == 16
    emulator.set_troubles(wrong_password=True)
    assert client.open().sub_error == 15
    assert client.ask(0x200AB).sub_error == 12


@pytest.mark.parametrize(
    ("function", "payload", "changes", "sub_error"),
    [
        (0x200AB, b"", {"session": 0}, 12),
        (0x200AB, b"", {"version": 2}, 9),
        (0x200AB, b"", {"kind": 2}, 10),
        (0xFF0001, b"", {}, 4),
        (0x2FFFF, b"", {}, 5),
        (0x30001, b"", {}, 2),
        (0x20084, b"\x0a\xff", {}, 13),
        (0x20098, b"\x08\x63", {}, 3),
    ],
)
def test_what_is_wrong_is_said(connect: Connect, function: int, payload: bytes, changes: dict[str, int], sub_error: int) -> None:
    client = connect()
    client.open()
    answer = client.ask(function, payload, **changes)
    assert answer.error in (1, 3) and answer.sub_error == sub_error and answer.sequence == client.sequence
    assert client.ask(0x200AB).error == 0


def test_a_ping_is_answered(connect: Connect) -> None:
    assert connect(udp=True).ask(0, b"hello", kind=7).kind == 8


def test_bytes_that_are_not_the_protocol_close_the_connection(connect: Connect) -> None:
    client = connect()
    client.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        client.receive()


def test_requests_are_understood_however_the_network_cuts_them(connect: Connect) -> None:
    client = connect()
    client.open()
    for byte in client.pack(0x200AB):
        client.socket.sendall(bytes([byte]))
    assert client.receive().fields == {1: [7]}
    client.socket.sendall(b"".join(client.pack(function) for function in (0x200AB, 0x200AF, 0x10003)))
    answers = [client.receive() for _ in range(3)]
    assert [answer.function for answer in answers] == [0x200AB, 0x200AF, 0x10003]
    assert [answer.sequence for answer in answers] == [3, 4, 5]


def test_a_connection_gets_one_answer_per_tick_of_25_ms(connect: Connect) -> None:
    client = connect()
    client.open()
    began = time.monotonic()
    client.socket.sendall(b"".join(client.pack(0x10003) for _ in range(10)))
    for _ in range(10):
        client.receive()
    assert time.monotonic() - began >= 0.22


def test_speeds_move_the_arm_until_stop(connect: Connect, emulator: Emulator, eventually: Eventually) -> None:
    client, cyclic = connect(), connect(udp=True)
    client.open(silence_ms=PATIENT_MS)
    cyclic.open()
    assert client.move([10.0, 0, 0, 0, 0, 0, -20.0]).error == 0
    eventually(lambda: emulator.read().velocity[6] < np.deg2rad(-19.5), "the speed")
    seen = cyclic.feedback()
    actuators = [client.fields(data) for data in seen[3]]
    assert len(actuators) == 7
    positions = [client.floats(actuator, 4, 1)[0] for actuator in actuators]
    assert all(0.0 <= position < 360.0 for position in positions)
    assert client.floats(actuators[6], 5, 1)[0] == pytest.approx(-20.0, abs=0.6)
    assert client.fields(seen[2][0])[2] == [ArmState.MANUALLY_CONTROLLED]
    assert client.stop().error == 0
    eventually(lambda: emulator.standing, "standstill")
    assert client.stop().sub_error == 19
    assert client.fields(cyclic.feedback()[2][0])[2] == [ArmState.SERVOING_READY]


def test_feedback_is_in_degrees_from_0_to_360(connect: Connect, emulator: Emulator) -> None:
    cyclic = connect(udp=True)
    cyclic.open()
    emulator.place(np.deg2rad([-90.0, 30.0, 360.0, -10.0, 725.0, 0.0, 180.0, 20.0]))
    actuators = [cyclic.fields(data) for data in cyclic.feedback()[3]]
    positions = [cyclic.floats(actuator, 4, 1)[0] for actuator in actuators]
    assert positions == pytest.approx([270.0, 30.0, 0.0, 350.0, 5.0, 0.0, 180.0], abs=0.1)
    first, second = cyclic.feedback(), cyclic.feedback()
    assert second[1] != first[1], "the frame id counts"


def test_the_gripper_moves_and_is_measured(connect: Connect, eventually: Eventually) -> None:
    client, cyclic = connect(), connect(udp=True)
    client.open(silence_ms=PATIENT_MS)
    cyclic.open()
    finger = client.text(1, client.real(2, 0.4))
    assert client.ask(0x20088, client.number(1, 3) + client.text(2, finger)).error == 0

    def measured() -> float:
        hand = client.fields(client.fields(client.fields(cyclic.feedback()[4][0])[18][0])[7][0])
        return float(client.floats(hand, 4, 1)[0])

    eventually(lambda: measured() == pytest.approx(40.0, abs=0.01), "40 % closed")
    answer = client.fields(client.ask(0x20089, client.number(1, 3)).fields[1][0])
    assert client.floats(answer, 2, 1)[0] == pytest.approx(0.4, abs=1e-6)
    assert client.ask(0x20088, client.number(1, 3) + client.text(2, client.text(1, client.real(2, 7.0)))).sub_error == 3


@pytest.mark.parametrize("closed", [False, True])
def test_a_silent_client_stops_the_arm(connect: Connect, emulator: Emulator, eventually: Eventually, closed: bool) -> None:
    client = connect()
    client.open(silence_ms=500)
    client.move(SLOW)
    if closed:
        client.close()
    eventually(lambda: emulator.standing, "standstill after 500 ms of silence")
    assert emulator.state == ArmState.SERVOING_READY
    if closed:
        eventually(lambda: emulator.session_count == 0, "the session's end")
    else:
        assert client.move(SLOW).error == 0, "a session that speaks again goes on"


def test_keep_alives_keep_the_arm_going(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    client.open(silence_ms=2000)
    client.move(SLOW)
    began = time.monotonic()
    while time.monotonic() - began < 2.3:
        assert client.ask(0x10003).error == 0
    assert emulator.state == ArmState.MANUALLY_CONTROLLED and not emulator.standing


def test_closing_the_session_stops_the_arm(connect: Connect, emulator: Emulator, eventually: Eventually) -> None:
    client = connect()
    client.open(silence_ms=PATIENT_MS)
    client.move(SLOW)
    client.ask(0x10002)
    eventually(lambda: emulator.standing, "standstill")


def test_two_sessions_do_not_move_the_arm_in_turns(connect: Connect, emulator: Emulator) -> None:
    first, second = connect(), connect()
    first.open(silence_ms=PATIENT_MS)
    second.open(silence_ms=PATIENT_MS)
    assert first.move(SLOW).error == 0
    assert second.move(SLOW).sub_error == 130
    assert second.ask(0x200AB, session=first.session).sub_error == 54
    assert second.stop().error == 0
    assert second.move(SLOW).error == 0


def test_a_hung_base_answers_nothing_stops_the_arm_and_later_works_off_what_came(
    connect: Connect, emulator: Emulator, eventually: Eventually
) -> None:
    client, cyclic = connect(), connect(udp=True)
    client.open(silence_ms=500)
    cyclic.open()
    client.move(SLOW)
    emulator.set_troubles(hung=True)
    client.send(0x20084, client.speeds(SLOW))
    cyclic.send(0x30003)
    for waiting in (client, cyclic):
        waiting.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            waiting.receive()
        waiting.socket.settimeout(20.0)
    eventually(lambda: emulator.standing, "standstill after 500 ms of silence")
    emulator.set_troubles(hung=False)
    # The old command is carried out, as from a base's queue, and silence ends it again.
    assert client.receive().error == 0 and cyclic.receive().error == 0
    eventually(lambda: emulator.standing, "standstill")


def test_lost_datagrams_are_lost(connect: Connect, emulator: Emulator) -> None:
    cyclic = connect(udp=True)
    cyclic.open()
    emulator.lose_datagrams(1)
    cyclic.send(0x30003)
    cyclic.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        cyclic.receive()
    cyclic.socket.settimeout(20.0)
    answer = cyclic.ask(0x30003)
    assert answer.error == 0 and answer.sequence == cyclic.sequence
    emulator.set_troubles(lost_datagrams=1.0)
    cyclic.socket.settimeout(0.3)
    cyclic.send(0x30003)
    with pytest.raises(TimeoutError):
        cyclic.receive()


def test_late_replies_are_late_and_what_was_asked_is_done_in_time(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    client.open(silence_ms=PATIENT_MS)
    emulator.set_troubles(late_replies=0.5)
    began = time.monotonic()
    client.send(0x20084, client.speeds(SLOW))
    while emulator.state != ArmState.MANUALLY_CONTROLLED:
        assert time.monotonic() - began < 20.0
    assert client.receive().error == 0
    assert time.monotonic() - began >= 0.5


def test_those_who_subscribed_are_told_of_states_and_faults(connect: Connect, emulator: Emulator) -> None:
    client, idle = connect(), connect()
    client.open(silence_ms=PATIENT_MS)
    idle.open(silence_ms=PATIENT_MS)
    options = client.number(1, 3)
    states, safety = client.ask(0x200B0, options).fields[1][0], client.ask(0x9001C, options).fields[1][0]
    assert states != safety
    emulator.fault("2:MAXIMUM_TORQUE")
    told = [client.receive(), client.receive()]
    assert [(note.kind, note.sequence, note.function) for note in told] == [(5, safety, 0x9001C), (5, states, 0x200B0)]
    assert client.fields(told[0].fields[1][0])[1] == [0x20] and told[0].fields[2] == [2]
    assert told[1].fields[1] == [ArmState.IN_FAULT]
    assert client.ask(0x20061, client.number(1, states)).error == 0
    assert client.ask(0x20061, client.number(1, safety)).error == 0
    assert client.ask(0x20061, client.number(1, safety)).sub_error == 17
    # Nobody is told of anything now: the next that comes is the answer.
    assert client.ask(0x20092).kind == 3
    assert idle.ask(0x200AF).kind == 3


def test_a_notification_can_come_before_the_reply_to_the_subscription_or_late(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    client.open(silence_ms=PATIENT_MS)
    emulator.set_troubles(early_notifications=True)
    client.send(0x200B0)
    early, answer = client.receive(), client.receive()
    assert (early.kind, answer.kind) == (5, 3) and answer.fields[1] == [early.sequence]
    emulator.set_troubles(early_notifications=False, late_notifications=0.5)
    began = time.monotonic()
    emulator.fault("MAXIMUM_CURRENT")
    assert client.receive().fields[1] == [ArmState.IN_FAULT]
    assert time.monotonic() - began >= 0.5


def test_an_emergency_stop_by_rpc_is_a_fault_that_can_be_cleared(
    connect: Connect, emulator: Emulator, eventually: Eventually
) -> None:
    client, cyclic = connect(), connect(udp=True)
    client.open(silence_ms=PATIENT_MS)
    cyclic.open()
    client.move(SLOW)
    assert client.ask(0x20091).error == 0
    eventually(lambda: emulator.standing, "standstill")
    base = client.fields(cyclic.feedback()[2][0])
    assert base[2] == [ArmState.IN_FAULT] and base[31] == [b"\0\0\x80\0"]
    assert client.move(SLOW).sub_error == 25
    assert client.ask(0x20092).error == 0
    assert client.move(SLOW).error == 0


def test_frozen_feedback_does_not_change(connect: Connect, emulator: Emulator, eventually: Eventually) -> None:
    client, cyclic = connect(), connect(udp=True)
    client.open(silence_ms=PATIENT_MS)
    cyclic.open()
    emulator.set_troubles(frozen_feedback=True)
    first = cyclic.feedback()
    start = emulator.read().position[0]
    client.move(SLOW)
    eventually(lambda: abs(emulator.read().position[0] - start) > 0.02, "motion")
    assert cyclic.feedback() == first
    emulator.set_troubles(frozen_feedback=False)
    assert cyclic.feedback() != first


def test_dropped_connections_are_closed_and_new_ones_are_taken(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    client.open()
    emulator.drop_connections()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        client.ask(0x200AB)
    assert connect().open().error == 0


def test_a_base_without_power_brakes_refuses_and_has_forgotten_everything_afterwards(
    connect: Connect, emulator: Emulator, eventually: Eventually
) -> None:
    client, cyclic = connect(), connect(udp=True)
    client.open(silence_ms=PATIENT_MS)
    cyclic.open()
    client.move(SLOW)
    emulator.set_troubles(switched_off=True)
    eventually(lambda: emulator.standing, "standstill")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        client.ask(0x200AB)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        connect().open()
    emulator.set_troubles(switched_off=False)
    assert cyclic.ask(0x30003).sub_error == 12
    fresh = connect()
    fresh.open(silence_ms=PATIENT_MS)
    assert emulator.standing and fresh.ask(0x200AF).fields == {1: [ArmState.SERVOING_READY]}
    assert fresh.move(SLOW).error == 0


def test_what_touches_the_arm_is_told_as_a_wrench_on_the_tool() -> None:
    arm = load_arm("gen3")
    spec, palm = arm_spec(arm), Kinematics(arm).position("palm")
    spec.worldbody.add_geom(name="block", type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.1, 0.1, 0.02), pos=palm - (0.0, 0.0, 0.015))
    with Emulator(model=spec.compile()) as emulator:
        cyclic = WireClient(emulator.host, emulator.udp_port, udp=True)
        cyclic.open()
        wrench = cyclic.floats(cyclic.fields(cyclic.feedback()[2][0]), 25, 6)
        cyclic.close()
    assert wrench[2] > 5.0 and abs(wrench[1]) < wrench[2], "the block pushes the hand up"


def test_limits_devices_and_zones_are_told(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    client.open()
    limits = client.ask(0x100012).fields
    packed = np.frombuffer(limits[4][0], "<f4")
    assert packed.tolist() == pytest.approx([80.0] * 4 + [70.0] * 3)
    assert [client.fields(device)[1][0] for device in client.ask(0x170001).fields[1]] == [1, 3, 3, 3, 3, 4, 4, 4, 5, 6]
    assert client.ask(0x20018).payload == b""
    emulator.set_zones(ProtectionZone("wall", "box", (0.5, 0.0, 0.1), (0.2, 0.4, 0.6), envelope=0.05, envelope_speed=0.1))
    zone = client.fields(client.ask(0x20018).fields[1][0])
    shape = client.fields(zone[5][0])
    assert (zone[2], zone[4], shape[1]) == ([b"wall"], [1], [3])
    assert client.floats(client.fields(shape[2][0]), 1, 3) == pytest.approx([0.5, 0.0, 0.1])
    assert np.frombuffer(shape[4][0], "<f4") == pytest.approx([0.2, 0.4, 0.6])
    assert client.floats(client.fields(zone[7][0]), 2, 1) == pytest.approx([0.1])
    assert client.ask(0x20099).fields == {1: [2]}
    angles = [client.floats(client.fields(angle), 2, 1)[0] for angle in client.ask(0x2007E).fields[1]]
    assert len(angles) == 7 and all(0.0 <= angle < 360.0 for angle in angles)


def test_a_taken_port_and_another_arm_are_refused_with_one_sentence(emulator: Emulator) -> None:
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1, TCP port {emulator.tcp_port}"):
        Emulator(tcp_port=emulator.tcp_port)
    with pytest.raises(ConfigError, match="none for 'j2n6s300'"):
        Emulator("j2n6s300")
