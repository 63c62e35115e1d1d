"""The fault banks of the emulated base and its actuators: a fault stays until it is cleared, longer if its cause lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jaco_core.errors import ConfigError
from jaco_driver.kortex_wire.codes import ActuatorFault, BaseFault, SafetyStatus

Listener = Callable[[int, SafetyStatus], None]
"""Is told of the bit of a fault that came (ERROR) or went (NORMAL)."""


@dataclass
class FaultBanks:
    """Bank A of the base and of each actuator. The bits in `lasting` have a cause that clearing does not remove."""

    actuators: list[int]
    listener: Listener
    base: int = 0
    lasting: set[tuple[int, int]] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.base or any(self.actuators))

    def set(self, bit: int, actuator: int = -1, lasts: bool = False) -> None:
        """Sets `bit` of the base's bank, or of an actuator's, which the base reports as a joint's fault too."""
        if actuator >= 0:
            self.actuators[actuator] |= bit
            self.base |= BaseFault.JOINT_FAULT
        else:
            self.base |= bit
        if lasts:
            self.lasting.add((actuator, bit))
        self.listener(bit, SafetyStatus.ERROR)

    def end_cause(self) -> None:
        """Ends the causes of all faults; the faults stay until they are cleared."""
        self.lasting.clear()

    def clear(self) -> None:
        """Clears what has no lasting cause."""
        gone = [int(bit) for bit in BaseFault if bit & self.base]
        gone += [int(bit) for bank in self.actuators for bit in ActuatorFault if bit & bank]
        self.base = 0
        self.actuators[:] = [0] * len(self.actuators)
        for bit in gone:
            self.listener(bit, SafetyStatus.NORMAL)
        for actuator, bit in sorted(self.lasting):
            self.set(bit, actuator, lasts=True)


def fault_bit(text: str, actuators: int) -> tuple[int, int]:
    """Returns bit and actuator (-1: the base) of a fault, as in "MAXIMUM_CURRENT" or, the third actuator's, "2:MAXIMUM_TORQUE".

    Raises:
        ConfigError: there is no such fault or actuator.
    """
    number, separator, name = text.rpartition(":")
    bank = ActuatorFault if separator else BaseFault
    if name.upper() not in bank.__members__:
        raise ConfigError(f"There is no fault '{name}'; known: {', '.join(bank.__members__)}.")
    if separator and not (number.isdecimal() and int(number) < actuators):
        raise ConfigError(f"There is no actuator '{number}'; they are 0 to {actuators - 1}.")
    return int(bank[name.upper()]), int(number) if separator else -1
