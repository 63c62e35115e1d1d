"""The closed sets of what the supervisor decides and why, and the evidence that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class State(IntEnum):
    """The supervisor's state; the numbers are those of jaco_interfaces/msg/SafetyStatus."""

    STARTING = 0
    READY = 1
    ACTIVE = 2
    LIMITED = 3
    HOLD = 4
    PROTECTIVE_STOP = 5
    EMERGENCY_STOP = 6


class Verdict(Enum):
    """What became of one proposed velocity."""

    PASS = "pass"
    """It went through as it was, bit for bit."""
    RAMPED = "ramped"
    """It is being reached at the arm's acceleration: the ordinary answer to a step."""
    LIMITED = "limited"
    """It was changed, to keep a limit."""
    IDLE = "idle"
    """There was none: the arm stands still."""
    STOP = "stop"
    """It was refused: the arm halts."""


class Reason(Enum):
    """Why. Each belongs to one verdict and one state: see `OUTCOMES`."""

    NONE = "none"
    ACCELERATION = "acceleration"
    JERK = "jerk"
    NO_COMMAND = "no_command"
    OBSERVING = "observing"
    NO_HEARTBEAT = "no_heartbeat"
    SETTLING = "settling"
    RAMP_UP = "ramp_up"
    MODE_SPEED = "mode_speed"
    VELOCITY = "velocity"
    POSITION = "position"
    WORKSPACE = "workspace"
    TABLE = "table"
    KEEP_OUT = "keep_out"
    SELF_COLLISION = "self_collision"
    CARTESIAN_SPEED = "cartesian_speed"
    SINGULARITY = "singularity"
    TORQUE = "torque"
    STALE_COMMAND = "stale_command"
    STALE_IMAGES = "stale_images"
    FROZEN_IMAGES = "frozen_images"
    OVERSLEPT = "overslept"
    COMMAND_NOT_FINITE = "command_not_finite"
    COMMAND_LENGTH = "command_length"
    COMMAND_NAMES = "command_names"
    STALE_JOINTS = "stale_joints"
    JOINTS_NOT_FINITE = "joints_not_finite"
    JOINTS_MALFORMED = "joints_malformed"
    TIME_REVERSED = "time_reversed"
    CLOCK_JUMPED = "clock_jumped"
    SECOND_PUBLISHER = "second_publisher"
    POSITION_OUTSIDE = "position_outside"
    WORKSPACE_OUTSIDE = "workspace_outside"
    TABLE_OUTSIDE = "table_outside"
    KEEP_OUT_OUTSIDE = "keep_out_outside"
    SELF_COLLISION_OUTSIDE = "self_collision_outside"
    CONTACT = "contact"
    STOP_REQUEST = "stop_request"
    HEARTBEAT_LOST = "heartbeat_lost"
    DRIVER_FAULT = "driver_fault"
    OPERATOR_STOP = "operator_stop"
    HARDWARE_STOP = "hardware_stop"


@dataclass(frozen=True)
class Outcome:
    """What a reason leads to, and its sentence, filled in from the evidence."""

    verdict: Verdict
    state: State
    sentence: str

    @property
    def latches(self) -> bool:
        """Whether it lasts until an operator resets it."""
        return self.state >= State.PROTECTIVE_STOP


OUTCOMES: dict[Reason, Outcome] = {
    Reason.NONE: Outcome(Verdict.PASS, State.ACTIVE, "The policy's command passes unchanged."),
    Reason.ACCELERATION: Outcome(
        Verdict.RAMPED,
        State.ACTIVE,
        "{subject} changes speed by {value:.3f} {unit}, at most {bound:.3f} {unit} per tick: ramping.",
    ),
    Reason.JERK: Outcome(
        Verdict.RAMPED,
        State.ACTIVE,
        "{subject} is asked to change by {value:.3f} {unit}; its change per tick may only change by {bound:.3f} {unit}: ramping.",
    ),
    Reason.NO_COMMAND: Outcome(Verdict.IDLE, State.READY, "There is no policy command yet: the arm stands still."),
    Reason.OBSERVING: Outcome(Verdict.IDLE, State.READY, "Mode observe: the policy is watched and nothing moves."),
    Reason.NO_HEARTBEAT: Outcome(
        Verdict.IDLE, State.READY, "Mode {subject}: the arm waits for the operator to hold the dead-man key."
    ),
    Reason.SETTLING: Outcome(
        Verdict.IDLE,
        State.READY,
        "Motion is withheld: {subject} moves at {value:.3f} {unit} more than commanded, at most {bound:.3f} {unit} is allowed.",
    ),
    Reason.RAMP_UP: Outcome(
        Verdict.RAMPED, State.ACTIVE, "Ramping up after a {subject}: {value:.3f} {unit} since it, of {bound:.3f} {unit}."
    ),
    Reason.MODE_SPEED: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "{subject} was asked for {value:.3f} {unit}; the mode allows {bound:.3f} {unit}.",
    ),
    Reason.VELOCITY: Outcome(
        Verdict.LIMITED, State.LIMITED, "{subject} was asked for {value:.3f} {unit} and may do {bound:.3f} {unit}."
    ),
    Reason.POSITION: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "{subject} was asked for {value:.3f} {unit}; this close to its limit, {bound:.3f} {unit} still leaves room to brake.",
    ),
    Reason.WORKSPACE: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "{subject} of the workspace would be approached at {value:.3f} {unit}; {bound:.3f} {unit} still leaves room to brake.",
    ),
    Reason.TABLE: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "{subject} would approach the table at {value:.3f} {unit}; {bound:.3f} {unit} still leaves room to brake.",
    ),
    Reason.KEEP_OUT: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "{subject} would be approached at {value:.3f} {unit}; {bound:.3f} {unit} still leaves room to brake.",
    ),
    Reason.SELF_COLLISION: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "{subject} would approach each other at {value:.3f} {unit}; {bound:.3f} {unit} still leaves room to brake.",
    ),
    Reason.CARTESIAN_SPEED: Outcome(
        Verdict.LIMITED, State.LIMITED, "The {subject} would move at {value:.3f} {unit} and may do {bound:.3f} {unit}."
    ),
    Reason.SINGULARITY: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "The {subject} would move at {value:.3f} {unit}; this close to a singular posture it may do {bound:.3f} {unit}.",
    ),
    Reason.TORQUE: Outcome(
        Verdict.LIMITED,
        State.LIMITED,
        "{subject} was asked for {value:.3f} {unit} and may do {bound:.3f} {unit}: its torque is at its limit.",
    ),
    Reason.STALE_COMMAND: Outcome(
        Verdict.STOP, State.HOLD, "The {subject} is {value:.3f} {unit} old, at most {bound:.3f} {unit} is allowed: holding still."
    ),
    Reason.STALE_IMAGES: Outcome(
        Verdict.STOP,
        State.HOLD,
        "The newest {subject} is {value:.3f} {unit} old, at most {bound:.3f} {unit} is allowed: holding still.",
    ),
    Reason.FROZEN_IMAGES: Outcome(
        Verdict.STOP,
        State.HOLD,
        "The {subject} has shown the same picture for {value:.3f} {unit} of motion, at most {bound:.3f} {unit} is allowed: "
        "holding still.",
    ),
    Reason.OVERSLEPT: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "The {subject} itself did not run for {value:.3f} {unit}, at most {bound:.3f} {unit} is allowed.",
    ),
    Reason.COMMAND_NOT_FINITE: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "The policy command's velocity of {subject} is {value}, which is not a finite number.",
    ),
    Reason.COMMAND_LENGTH: Outcome(
        Verdict.STOP, State.PROTECTIVE_STOP, "The {subject} has {value:.0f} {unit} for an arm of {bound:.0f} joints."
    ),
    Reason.COMMAND_NAMES: Outcome(
        Verdict.STOP, State.PROTECTIVE_STOP, "The policy command's joints are not the arm's, in its order: {subject}."
    ),
    Reason.STALE_JOINTS: Outcome(
        Verdict.STOP, State.PROTECTIVE_STOP, "No new {subject} for {value:.3f} {unit}, at most {bound:.3f} {unit} is allowed."
    ),
    Reason.JOINTS_NOT_FINITE: Outcome(
        Verdict.STOP, State.PROTECTIVE_STOP, "The joint state's {subject} is {value}, which is not a finite number."
    ),
    Reason.JOINTS_MALFORMED: Outcome(Verdict.STOP, State.PROTECTIVE_STOP, "The joint state cannot be used: {subject}"),
    Reason.TIME_REVERSED: Outcome(
        Verdict.STOP, State.PROTECTIVE_STOP, "The {subject}'s stamp went back from {bound:.3f} {unit} to {value:.3f} {unit}."
    ),
    Reason.CLOCK_JUMPED: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "The {subject}'s stamp jumped ahead of the local clock by {value:.3f} {unit}, at most {bound:.3f} {unit} is allowed.",
    ),
    Reason.SECOND_PUBLISHER: Outcome(
        Verdict.STOP, State.PROTECTIVE_STOP, "{value:.0f} {unit} publish {subject}; at most {bound:.0f} may."
    ),
    Reason.POSITION_OUTSIDE: Outcome(
        Verdict.STOP, State.PROTECTIVE_STOP, "{subject} is {value:.3f} {unit} beyond its limit, {bound:.3f} {unit} is tolerated."
    ),
    Reason.WORKSPACE_OUTSIDE: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "The arm is {value:.3f} {unit} beyond {subject} of the workspace, {bound:.3f} {unit} is tolerated.",
    ),
    Reason.TABLE_OUTSIDE: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "{subject} is {value:.3f} {unit} too close to the table, {bound:.3f} {unit} is tolerated.",
    ),
    Reason.KEEP_OUT_OUTSIDE: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "The arm is {value:.3f} {unit} inside {subject}, {bound:.3f} {unit} is tolerated.",
    ),
    Reason.SELF_COLLISION_OUTSIDE: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "{subject} are {value:.3f} {unit} too close to each other, {bound:.3f} {unit} is tolerated.",
    ),
    Reason.CONTACT: Outcome(
        Verdict.STOP,
        State.PROTECTIVE_STOP,
        "{subject} feels {value:.2f} {unit} from outside, at most {bound:.2f} {unit} is allowed: something touches the arm.",
    ),
    Reason.STOP_REQUEST: Outcome(Verdict.STOP, State.EMERGENCY_STOP, "A stop was requested by {subject}."),
    Reason.HEARTBEAT_LOST: Outcome(
        Verdict.STOP,
        State.EMERGENCY_STOP,
        "The {subject} is {value:.3f} {unit} old, at most {bound:.3f} {unit} is allowed: the dead-man key was let go.",
    ),
    Reason.DRIVER_FAULT: Outcome(Verdict.STOP, State.EMERGENCY_STOP, "The arm's driver is in fault: {subject}"),
    Reason.OPERATOR_STOP: Outcome(Verdict.STOP, State.EMERGENCY_STOP, "The operator pressed stop: {subject}"),
    Reason.HARDWARE_STOP: Outcome(Verdict.STOP, State.EMERGENCY_STOP, "A hardware input demands a stop: {subject}"),
}


@dataclass(frozen=True)
class Evidence:
    """Why something was decided: `subject` is the joint, point or input; `value` was held against `bound`, both in `unit`."""

    reason: Reason = Reason.NONE
    subject: str = ""
    value: float = 0.0
    bound: float = 0.0
    unit: str = ""

    @property
    def verdict(self) -> Verdict:
        return OUTCOMES[self.reason].verdict

    @property
    def state(self) -> State:
        return OUTCOMES[self.reason].state

    @property
    def latches(self) -> bool:
        return OUTCOMES[self.reason].latches

    @property
    def sentence(self) -> str:
        """The evidence as one sentence. A value just past its bound is told with so many digits that it does not read like it."""
        sentence = OUTCOMES[self.reason].sentence
        if self.value != self.bound and f"{self.value:.3f}" == f"{self.bound:.3f}":
            sentence = sentence.replace(":.3f", ":.9f")
        return sentence.format(subject=self.subject, value=self.value, bound=self.bound, unit=self.unit)

    @property
    def key(self) -> str:
        """Verdict and reason as they are counted: "pass", "ramped:acceleration", "limited:table", ..."""
        return self.verdict.value if self.reason is Reason.NONE else f"{self.verdict.value}:{self.reason.value}"


PASSED = Evidence()
NO_COMMAND = Evidence(Reason.NO_COMMAND)
