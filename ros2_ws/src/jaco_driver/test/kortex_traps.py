"""What can go wrong between the driver and a Kortex base, as tables: on the fake base and on the emulator.

Each is sprung in motion. What the driver says matches `words`; where `kind` is ConnectionLost, it gives the connection up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from jaco_core.errors import HardwareFault
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.kortex.fake_base import FakeBase
from jaco_driver.kortex_wire.codes import ServoingMode
from jaco_driver.port import ArmInFault, ConnectionLost

D = TypeVar("D")


@dataclass(frozen=True)
class Trap(Generic[D]):
    """`spring` and `end` are done to the base, or what stands in for it."""

    spring: Callable[[D], object]
    end: Callable[[D], object]
    kind: type[HardwareFault]
    words: str


def _faked(kind: type[HardwareFault], words: str, **switches: tuple[object, object]) -> Trap[FakeBase]:
    """A trap that sets attributes of the fake base to the first value, and at its end to the second."""
    return Trap(
        lambda base: [setattr(base, name, values[0]) for name, values in switches.items()],
        lambda base: [setattr(base, name, values[1]) for name, values in switches.items()],
        kind,
        words,
    )


def _emulated(kind: type[HardwareFault], words: str, **switches: bool | float) -> Trap[Emulator]:
    """A trap that switches troubles on, and off at its end."""
    off = {name: type(value)(0) for name, value in switches.items()}
    return Trap(lambda emulator: emulator.set_troubles(**switches), lambda emulator: emulator.set_troubles(**off), kind, words)


def _nothing(device: object) -> None:
    """It is over by itself."""


def _close_sockets(base: FakeBase) -> None:
    for transport in base.transports:
        transport.sock.close()


def _fault_with_stray_notifications(emulator: Emulator) -> None:
    emulator.set_troubles(stray_notifications=True, late_notifications=0.1)
    emulator.fault("MAXIMUM_CURRENT")


def _give_mode_back(emulator: Emulator) -> None:
    emulator.set_troubles(wrong_mode=False)
    emulator.choose_servoing_mode(ServoingMode.SINGLE_LEVEL)


FAKED: Mapping[str, Trap[FakeBase]] = {
    "hung base": _faked(ConnectionLost, "did not answer a speed command", hung=(True, False)),
    "lost datagrams": _faked(ConnectionLost, "feedback", drop_feedback=(True, False)),
    "late replies": _faked(ConnectionLost, "did not answer a speed command", late=(1.0, 0.0)),
    "closed socket": Trap(_close_sockets, _nothing, ConnectionLost, "closed"),
    "link cut": _faked(ConnectionLost, "did not", unreachable=(True, False)),
    "two sessions": _faked(ArmInFault, "another session controls the arm", refuse_speeds=(130, None)),
    "fault in motion": Trap(FakeBase.fault, _nothing, ArmInFault, "in fault"),
    "emergency stop in motion": Trap(FakeBase.emergency_stop, _nothing, ArmInFault, "emergency stop"),
    "angle that is no number": _faked(ConnectionLost, "not finite", not_a_number=(True, False)),
    "frozen feedback": _faked(HardwareFault, "frozen|does not follow", freezes=(True, False)),
    "garbled replies": _faked(ConnectionLost, "cannot be parsed", garbles=(True, False)),
}

EMULATED: Mapping[str, Trap[Emulator]] = {
    "hung base": _emulated(ConnectionLost, "did not", hung=True),
    "lost datagrams": _emulated(ConnectionLost, "feedback", lost_datagrams=1.0),
    "late replies": _emulated(ConnectionLost, "did not answer", late_replies=1.0),
    "closed socket": Trap(Emulator.drop_connections, _nothing, ConnectionLost, "did not answer"),
    "no power": _emulated(ConnectionLost, "did not", switched_off=True),
    "two sessions": _emulated(ArmInFault, "another session controls the arm", rival_session=True),
    "fault in motion": Trap(lambda emulator: emulator.fault("2:MAXIMUM_TORQUE"), _nothing, ArmInFault, "joint 3: its torque"),
    "late notification that nobody asked for": Trap(
        _fault_with_stray_notifications,
        lambda emulator: emulator.set_troubles(stray_notifications=False, late_notifications=0.0),
        ArmInFault,
        "the current is too high",
    ),
    "emergency stop in motion": _emulated(ArmInFault, "emergency stop", emergency_stop=True),
    "another servoing mode": Trap(
        lambda emulator: emulator.set_troubles(wrong_mode=True), _give_mode_back, ArmInFault, "servoing mode"
    ),
    # Whichever of the two is noticed first.
    "frozen feedback": _emulated(HardwareFault, "frozen|does not follow", frozen_feedback=True),
    "angle that is no number": _emulated(ConnectionLost, "not finite", nan_feedback=True),
    "garbled replies": _emulated(ConnectionLost, "", garbled_replies=True),
}
