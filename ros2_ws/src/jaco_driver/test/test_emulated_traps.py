"""The emulator's troubles, sprung in motion over its sockets by a client that shares no code with it: the arm stands in time.

Times are the emulator's own; what the machine kept its thread from running is measured, and added to what is allowed.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from jaco_driver.emulator.emulator import Emulator

Connect = Callable[..., Any]
Eventually = Callable[[Callable[[], bool], str], None]

SILENCE_MS = 450
# [ms] Braking from the speed below, with the tick of 25 ms that a request waits for.
BRAKING_MS, TICK_MS = 300, 25
FAST = [45.0] * 7
STOP, EMERGENCY_STOP, CLEAR_FAULTS, CLOSE_SESSION = 0x20070, 0x20091, 0x20092, 0x10002


@dataclass(frozen=True)
class WireTrap:
    """`spring` is done to the base; then the client sends the `calls`, and waits for no answers. It is silent afterwards.

    `bound_ms`: within which the arm stands. `refusal`: the sub-error of a speed that comes then, 0 where the base takes it.
    """

    spring: Callable[[Emulator], object]
    calls: tuple[int, ...]
    bound_ms: int
    refusal: int = 0


def troubled(calls: tuple[int, ...], bound_ms: int, refusal: int = 0, **switches: bool | float) -> WireTrap:
    return WireTrap(lambda emulator: emulator.set_troubles(**switches), calls, bound_ms, refusal)


def faulted(**switches: bool | float) -> WireTrap:
    def spring(emulator: Emulator) -> None:
        emulator.set_troubles(**switches)
        emulator.fault("2:MAXIMUM_TORQUE")

    return WireTrap(spring, (), BRAKING_MS, 22)


def nothing(emulator: Emulator) -> None:
    """The client alone does something."""


TRAPS = {
    "hung base": troubled((), SILENCE_MS + BRAKING_MS, hung=True),
    "closed socket": WireTrap(Emulator.drop_connections, (), SILENCE_MS + BRAKING_MS),
    "silent client": WireTrap(nothing, (), SILENCE_MS + BRAKING_MS),
    "closed session": WireTrap(nothing, (CLOSE_SESSION,), TICK_MS + BRAKING_MS, 12),
    "lost datagrams": troubled((STOP,), TICK_MS + BRAKING_MS, lost_datagrams=1.0),
    "late replies": troubled((STOP,), TICK_MS + BRAKING_MS, late_replies=0.6),
    "garbled replies": troubled((STOP,), TICK_MS + BRAKING_MS, garbled_replies=True),
    "frozen feedback": troubled((STOP,), TICK_MS + BRAKING_MS, frozen_feedback=True),
    "angle that is no number": troubled((STOP,), TICK_MS + BRAKING_MS, nan_feedback=True),
    "two sessions": troubled((), BRAKING_MS, 130, rival_session=True),
    "fault in motion": faulted(),
    "late notification": faulted(late_notifications=0.3),
    "emergency stop in motion": troubled((), BRAKING_MS, 25, emergency_stop=True),
    "another servoing mode": troubled((), BRAKING_MS, 75, wrong_mode=True),
    "no power": troubled((), BRAKING_MS, switched_off=True),
    "stop that is not obeyed": troubled(
        (STOP, EMERGENCY_STOP, EMERGENCY_STOP), 3 * TICK_MS + BRAKING_MS, 25, deaf_stop=True, deaf_emergency_stop=True
    ),
}


def drive(client: Any, emulator: Emulator) -> None:
    """Commands a speed until the arm has it."""
    deadline = time.monotonic() + 20.0
    while abs(emulator.read().velocity[0]) < 0.7:
        assert time.monotonic() < deadline, "the arm does not move"
        assert client.move(FAST).error == 0


@pytest.mark.parametrize("name", TRAPS)
def test_arm_stands_in_time(name: str, connect: Connect, emulator: Emulator, eventually: Eventually) -> None:
    trap, client = TRAPS[name], connect()
    client.open(silence_ms=SILENCE_MS)
    drive(client, emulator)
    emulator.longest_pause_ns()
    begin_ns = time.monotonic_ns()
    trap.spring(emulator)
    for call in trap.calls:
        client.send(call)
    eventually(lambda: emulator.stands_since_ns is not None, "standstill")
    stood_ns = emulator.stands_since_ns
    assert stood_ns is not None
    # A pause delays what the client asked for, and then the end of the motion that it asked to end.
    assert stood_ns - begin_ns <= trap.bound_ms * 1_000_000 + 2 * emulator.longest_pause_ns()
    if trap.refusal:
        for _ in trap.calls:
            client.receive()
        assert client.move(FAST).sub_error == trap.refusal
        assert emulator.standing


def test_late_notification_comes_when_the_arm_stands_already(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    client.open(silence_ms=SILENCE_MS)
    handle = client.ask(0x200B0).fields[1][0]
    emulator.set_troubles(late_notifications=0.4)
    drive(client, emulator)
    emulator.fault("MAXIMUM_CURRENT")
    states = []
    while states[-1:] != [4]:
        note = client.receive()
        assert (note.kind, note.sequence) == (5, handle)
        states.append(note.fields[1][0])
    assert emulator.standing


def test_stray_notification_reaches_who_did_not_subscribe(connect: Connect, emulator: Emulator) -> None:
    client = connect()
    client.open(silence_ms=60_000)
    emulator.set_troubles(stray_notifications=True)
    emulator.fault("MAXIMUM_CURRENT")
    notes = [client.receive(), client.receive()]
    assert [(note.kind, note.sequence) for note in notes] == [(5, 0xFFFF)] * 2
    assert client.ask(CLEAR_FAULTS).kind == 5, "the news of the cleared fault comes before the answer"


def test_garbled_replies_and_numbers_that_are_none(connect: Connect, emulator: Emulator) -> None:
    client, cyclic = connect(), connect(udp=True)
    client.open()
    cyclic.open()
    emulator.set_troubles(nan_feedback=True)
    first, second = cyclic.feedback()[3][:2]
    assert struct.unpack("<f", cyclic.fields(first)[4][0])[0] != struct.unpack("<f", cyclic.fields(first)[4][0])[0]
    assert struct.unpack("<f", cyclic.fields(second)[4][0])[0] >= 0.0
    emulator.set_troubles(garbled_replies=True)
    assert client.ask(0x200AB).payload[:1] == b"\x07"
