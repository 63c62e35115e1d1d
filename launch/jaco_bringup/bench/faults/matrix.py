"""The fault matrix as data: each fault, how it is brought about, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jaco_bringup.bench.injector.distortion import Order

# Bounds that faults are noticed by [ms]: config/j2n6s300.yaml, the arm side's watchdog and the policy's own.
COMMAND, JOINTS, IMAGE, HEARTBEAT, AUTHORITY, WATCHDOG, EPISODE = 350.0, 200.0, 350.0, 300.0, 200.0, 150.0, 350.0
# The runner looks at its processes every 20 ms, reads a dead one's last words for up to 1 s, and ends the others by a signal,
# which each notices within 100 ms; until then the supervisor goes on judging.
RUNNER = 1120.0
# A camera's period: the first message of a stream that stands still is still news.
CAMERA = 100.0
NOTHING = 0.0


class Act(Enum):
    """How a fault is brought about."""

    KILL = "kill"
    """SIGKILL to the node `target`."""
    FREEZE = "freeze"
    """SIGSTOP to the node `target`, SIGCONT after the arm's rest."""
    SLOW = "slow"
    """The node `target` runs 20 ms of each 1,020 ms."""
    DISTORT = "distort"
    """The injector distorts messages by `order`."""
    RIVAL = "rival"
    """A second node publishes on the topic `target`."""
    INPUT = "input"
    """The stop input `target` (driver, operator, hardware) demands a stop."""
    SERVICE = "service"
    """/safety/stop is called."""
    REPLACE = "replace"
    """The policy's weights on disk are overwritten with something else."""
    HEARTBEAT = "heartbeat"
    """In mode supervised the operator lets go of the dead-man key."""


@dataclass(frozen=True)
class Fault:
    """One fault. `states`, `reasons`: what may be published for it, () when the arm's side alone can act.

    `before`: how messages are distorted from before the fault on. `bound_ms`: the freshness bound that notices it. `tolerated`:
    the arm goes on, within its limits. `ends_run`: nothing but the runner notices, which ends the run, the arm first.
    """

    name: str
    what: str
    act: Act
    states: tuple[str, ...]
    reasons: tuple[str, ...]
    bound_ms: float = NOTHING
    target: str = ""
    order: Order | None = None
    before: Order | None = None
    tolerated: bool = False
    ends_run: bool = False

    @property
    def survivable(self) -> bool:
        """Whether the graph is well again afterwards."""
        return self.act is not Act.KILL or self.tolerated


HOLD, PROTECTIVE, EMERGENCY = ("HOLD",), ("PROTECTIVE_STOP",), ("EMERGENCY_STOP",)
_MOVING = ("ACTIVE", "LIMITED", "READY")


def _distorted(
    name: str,
    what: str,
    stream: str,
    kind: str,
    states: tuple[str, ...],
    reasons: tuple[str, ...],
    bound_ms: float,
    **more: object,
) -> Fault:
    tolerated = bool(more.pop("tolerated", False))
    order = Order(stream, kind, **more)  # type: ignore[arg-type]
    return Fault(name, what, Act.DISTORT, states, reasons, bound_ms, order=order, tolerated=tolerated)


def _push(name: str, what: str, joint: int, velocity: float, *reasons: str) -> Fault:
    values = tuple(velocity if index == joint else 0.0 for index in range(9))
    return _distorted(name, what, "command", "push", _MOVING, reasons, NOTHING, values=values, tolerated=True)


_BLIND = ("stale_images", "stale_command")

# Whatever the policy makes of a picture that stands still: the arm turns about its base.
_TURN = Order("command", "push", values=(0.5, *[0.0] * 8))

FAULTS = (
    # Processes. Their deaths end the run; they come last, each with a graph of its own.
    Fault("policy_frozen", "policy process stopped", Act.FREEZE, HOLD, _BLIND, COMMAND, "policy"),
    Fault("policy_slowed", "policy runs 2 % of the time", Act.SLOW, HOLD, _BLIND, COMMAND, "policy"),
    Fault("task_frozen", "task process stopped", Act.FREEZE, HOLD, _BLIND, EPISODE + COMMAND, "task"),
    Fault(
        "supervisor_frozen",
        "supervisor process stopped",
        Act.FREEZE,
        PROTECTIVE,
        ("overslept",),
        WATCHDOG,
        "supervisor",
    ),
    Fault(
        "supervisor_slowed",
        "supervisor runs 2 % of the time",
        Act.SLOW,
        PROTECTIVE,
        ("overslept",),
        WATCHDOG,
        "supervisor",
    ),
    Fault("sim_frozen", "arm and camera stopped", Act.FREEZE, PROTECTIVE, ("stale_joints",), JOINTS, "sim"),
    Fault("sim_slowed", "arm and camera run 2 % of the time", Act.SLOW, PROTECTIVE, ("stale_joints",), JOINTS, "sim"),
    Fault("task_slowed", "task runs 2 % of the time", Act.SLOW, HOLD, _BLIND, EPISODE + COMMAND, "task"),
    # Processes that the arm does not need.
    Fault("manager_frozen", "lifecycle manager stopped", Act.FREEZE, _MOVING, (), target="manager", tolerated=True),
    Fault("recorder_frozen", "recorder stopped", Act.FREEZE, _MOVING, (), target="recorder", tolerated=True),
    Fault("markers_frozen", "markers stopped", Act.FREEZE, _MOVING, (), target="markers", tolerated=True),
    Fault("markers_killed", "markers killed, and started again", Act.KILL, _MOVING, (), target="markers", tolerated=True),
    Fault("weights_replaced", "the weights on disk are overwritten", Act.REPLACE, _MOVING, (), tolerated=True),
    # Commands.
    _distorted("command_dropped", "policy commands lost", "command", "drop", HOLD, _BLIND, COMMAND),
    _distorted("command_delayed", "policy commands 0.6 s late", "command", "delay", HOLD, _BLIND, COMMAND, value=0.6),
    _distorted("command_repeated", "the same policy command again", "command", "freeze", HOLD, _BLIND, COMMAND + CAMERA),
    _distorted("command_duplicated", "every policy command twice", "command", "duplicate", _MOVING, (), NOTHING, tolerated=True),
    _distorted(
        "command_reordered", "policy commands in another order", "command", "reorder", _MOVING, (), NOTHING, tolerated=True
    ),
    _distorted("command_nan", "NaN in policy commands", "command", "nan", PROTECTIVE, ("command_not_finite",), NOTHING),
    _distorted("command_inf", "Inf in policy commands", "command", "inf", PROTECTIVE, ("command_not_finite",), NOTHING),
    _distorted("command_short", "a velocity missing", "command", "short", PROTECTIVE, ("command_length",), NOTHING),
    _distorted("command_misnamed", "joints of another arm", "command", "misname", PROTECTIVE, ("command_names",), NOTHING),
    # Joint states.
    _distorted("joints_dropped", "joint states lost", "joints", "drop", PROTECTIVE, ("stale_joints",), JOINTS),
    _distorted("joints_delayed", "joint states 0.6 s late", "joints", "delay", PROTECTIVE, ("stale_joints",), JOINTS, value=0.6),
    _distorted(
        "joints_repeated", "the same joint state again: a paused clock", "joints", "freeze", PROTECTIVE, ("stale_joints",), JOINTS
    ),
    _distorted("joints_duplicated", "every joint state twice", "joints", "duplicate", _MOVING, (), NOTHING, tolerated=True),
    _distorted("joints_reordered", "joint states in another order", "joints", "reorder", PROTECTIVE, ("time_reversed",), 20.0),
    _distorted("joints_nan", "NaN in joint states", "joints", "nan", PROTECTIVE, ("joints_not_finite",), NOTHING),
    _distorted("joints_inf", "Inf in joint states", "joints", "inf", PROTECTIVE, ("joints_not_finite",), NOTHING),
    _distorted("joints_short", "a position missing", "joints", "short", PROTECTIVE, ("joints_malformed",), NOTHING),
    _distorted("joints_misnamed", "joints of another arm", "joints", "misname", PROTECTIVE, ("joints_malformed",), NOTHING),
    _distorted(
        "clock_ahead", "the arm's clock jumps 1 s ahead", "joints", "jump", PROTECTIVE, ("clock_jumped",), NOTHING, value=1.0
    ),
    _distorted(
        "clock_back", "the arm's clock jumps 1 s back", "joints", "jump", PROTECTIVE, ("time_reversed",), NOTHING, value=-1.0
    ),
    # The camera.
    _distorted("camera_stalled", "no more images", "camera", "drop", HOLD, _BLIND, IMAGE),
    _distorted("camera_frozen", "the same image again", "camera", "freeze", HOLD, _BLIND, IMAGE + CAMERA),
    Fault(
        "camera_still",
        "the same pixels under new stamps",
        Act.DISTORT,
        HOLD,
        ("frozen_images",),
        IMAGE + CAMERA,
        order=Order("camera", "still"),
        before=_TURN,
    ),
    # A policy that pushes.
    _push("push_velocity", "policy asks for ten times the top speed", 5, 8.0, "velocity"),
    _push("push_position", "policy pushes a finger into its stop", 6, 0.4, "position"),
    _push("push_table", "policy pushes the arm into the table", 1, -0.5, "table", "workspace", "self_collision"),
    _push(
        "push_reach",
        "policy stretches the arm to the edge",
        2,
        0.5,
        "workspace",
        "position",
        "self_collision",
        "table",
        "singularity",
        "cartesian_speed",
    ),
    # Authority and people.
    Fault(
        "second_arm_publisher",
        "a second node commands the arm",
        Act.RIVAL,
        (*PROTECTIVE, *EMERGENCY),
        ("second_publisher", "driver_fault"),
        AUTHORITY,
        "/arm/command",
    ),
    Fault(
        "second_policy_publisher",
        "a second node proposes",
        Act.RIVAL,
        PROTECTIVE,
        ("second_publisher",),
        AUTHORITY,
        "/policy/command",
    ),
    Fault("heartbeat_lost", "the dead-man key is let go", Act.HEARTBEAT, EMERGENCY, ("heartbeat_lost",), HEARTBEAT),
    Fault("stop_service", "/safety/stop is called", Act.SERVICE, EMERGENCY, ("stop_request",)),
    Fault("operator_stop", "the operator presses stop", Act.INPUT, EMERGENCY, ("operator_stop",), target="operator"),
    Fault("driver_fault", "the arm's driver is in fault", Act.INPUT, EMERGENCY, ("driver_fault",), target="driver"),
    Fault("hardware_stop", "a hardware input demands a stop", Act.INPUT, EMERGENCY, ("hardware_stop",), target="hardware"),
    # Deaths.
    Fault("policy_killed", "policy process killed", Act.KILL, HOLD, _BLIND, COMMAND, "policy"),
    Fault("task_killed", "task process killed", Act.KILL, HOLD, _BLIND, EPISODE + COMMAND, "task"),
    Fault("supervisor_killed", "supervisor process killed", Act.KILL, (), (), WATCHDOG, "supervisor"),
    Fault("manager_killed", "lifecycle manager killed", Act.KILL, (), (), RUNNER, "manager", ends_run=True),
    Fault("recorder_killed", "recorder killed", Act.KILL, (), (), RUNNER, "recorder", ends_run=True),
    Fault("sim_killed", "arm and camera killed", Act.KILL, PROTECTIVE, ("stale_joints",), JOINTS, "sim"),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
