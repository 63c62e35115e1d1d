"""Faults, refusals and states of a Kortex base in words.

Bits and numbers: the enumerations `SafetyIdentifier` (Base.proto), `SafetyIdentifierBankA` (ActuatorConfig.proto),
`SubErrorCodes` (Errors.proto) and `ArmState` (Common.proto) that Kinova publishes.
"""

from __future__ import annotations

from collections.abc import Sequence

NOT_MOVING = 19
INVALID_SESSION = 12
IN_FAULT = frozenset({22, 25})
"""Refusals whose reason the feedback tells: in fault, in emergency stop."""
ALREADY_STOPPED = frozenset({NOT_MOVING, *IN_FAULT})
"""Refusals of a stop that mean that the arm stands: not moving, in fault, in emergency stop."""
WRONG_LOGIN = frozenset({15, 16})

STATE_IN_FAULT = 4
STATES_READY = frozenset({7, 9})
STATES = {
    0: "in an unknown state",
    1: "starting up",
    2: "idle",
    3: "initialising",
    4: "in fault",
    5: "in maintenance",
    6: "in low-level servoing, which another program has chosen",
    7: "ready",
    8: "playing a sequence",
    9: "controlled by hand or by speeds",
    10: "releasing its brakes",
    255: "in a reserved state",
}

REFUSALS = {
    3: "an invalid parameter",
    12: "the session is not valid any more",
    15: "a wrong password",
    16: "an unknown user",
    18: "a movement is in progress",
    19: "the arm does not move",
    21: "the arm is not ready",
    22: "the arm is in fault",
    23: "the arm is in maintenance",
    24: "the arm is in update mode",
    25: "the arm is in emergency stop",
    54: "this session may not do that",
    55: "the motion was stopped by hand",
    56: "the motion leaves the workspace",
    57: "the number of joints differs from the arm's",
    60: "a speed is too large",
    64: "the control mode is wrong",
    65: "a joint is at its limit",
    75: "the servoing mode is wrong",
    130: "another session controls the arm",
    141: "this session may not control the arm",
}

BASE_BITS = (
    "a firmware update failed",
    "external communication failed",
    "the ambient temperature is too high",
    "the processor is too hot",
    "a joint is in fault",
    "the cyclic data jitter",
    "the event log is full",
    "the kinematics are not supported",
    "a brake does not release",
    "the network failed",
    "a pose cannot be reached",
    "the joints are not detected",
    "the network does not start",
    "the current is too high",
    "the voltage is too high",
    "the voltage is too low",
    "the tool moves too fast",
    "the tool turns too fast",
    "the tool accelerates too much",
    "the tool's turning accelerates too much",
    "the force on the tool is too high",
    "the torque on the tool is too high",
    "the payload is too heavy",
    "the emergency stop is pressed",
    "the emergency line is active",
    "the inrush limiter is in fault",
    "the memory is corrupt",
    "the firmware versions do not match",
    "the self-test failed",
    "a digital input is stuck",
    "the arm is in an illegal position",
)
ACTUATOR_BITS = (
    "it does not follow its command",
    "it is too fast",
    "it is beyond its upper limit",
    "it is beyond its lower limit",
    "its strain gauges disagree",
    "its torque is too high",
    "its absolute position is unreliable",
    "its magnetic position sensor failed",
    "its Hall position failed",
    "its Hall sequence is wrong",
    "encoder and Hall sensor disagree",
    "encoder and index disagree",
    "encoder and magnetic sensor disagree",
    "its motor current is too high",
    "its motor currents disagree",
    "its voltage is too high",
    "its voltage is too low",
    "its motor is too hot",
    "its electronics are too hot",
    "its memory is corrupt",
    "its motor driver is in fault",
    "the emergency line is active",
    "it missed communication ticks",
    "its watchdog fired",
    "its capacitive sensor is unreliable",
    "its gear ratio is not the expected one",
    "Hall and magnetic sensor disagree",
    "its brake drive is in fault",
    "it moved too far while its brake was released",
)


def decode_bits(bank: int, words: Sequence[str]) -> list[str]:
    """Returns the words of the bits that are set in `bank`; a bit without a word is named by its number."""
    return [words[bit] if bit < len(words) else f"fault bit {bit}" for bit in range(32) if bank >> bit & 1]


def refusal_words(code: int) -> str:
    """Returns why the base refused a call, from its sub-error code."""
    return f"{REFUSALS.get(code, 'a reason that is not known here')} (code {code})"


def state_words(state: int) -> str:
    """Returns the arm's state as the end of a sentence "The arm is ..."."""
    return STATES.get(state, f"in state {state}")


def fault_sentence(state: int, base_banks: tuple[int, int], actuator_banks: Sequence[tuple[int, int]]) -> str:
    """Returns what is wrong with the arm in one sentence, or "" when nothing is.

    `base_banks` and `actuator_banks` hold the fault banks A and B, of the base and of each actuator.
    """
    parts = decode_bits(base_banks[0], BASE_BITS)
    parts += [f"base fault B, bit {bit}" for bit in range(32) if base_banks[1] >> bit & 1]
    for index, (bank_a, bank_b) in enumerate(actuator_banks, start=1):
        found = decode_bits(bank_a, ACTUATOR_BITS) + [f"fault B, bit {bit}" for bit in range(32) if bank_b >> bit & 1]
        parts += [f"joint {index}: {words}" for words in found]
    if not parts and state != STATE_IN_FAULT:
        return ""
    return f"The arm is in fault: {'; '.join(parts) or 'it does not say why'}."
