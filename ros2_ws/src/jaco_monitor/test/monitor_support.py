"""A run of the graph, made up message by message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Pose
from jaco_interfaces.msg import EpisodeState, SafetyStatus, SceneState
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image, JointState

from jaco_core.arms import load_arm
from jaco_monitor.recorder.topics import TOPICS
from jaco_monitor.recorder.writer import RecordingWriter, SerialisedMessage

PERIOD_NS = 100_000_000
WALL_NS = 1_700_000_000_000_000_000
RUNNING, ENDED, FINISHED = EpisodeState.RUNNING, EpisodeState.ENDED, EpisodeState.FINISHED


class Tape:
    """Writes messages one after the other, 10 ms of wall time apart."""

    def __init__(self, path: Path) -> None:
        self.writer = RecordingWriter(path, TOPICS_WITHOUT_TF)
        self.now_ns = WALL_NS

    def add(self, topic: str, message: Any, stamp_ns: int | None = None) -> None:
        if stamp_ns is not None:
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        self.now_ns += 10_000_000
        self.writer.write(SerialisedMessage(topic, bytes(serialize_message(message)), self.now_ns, self.now_ns - 1000))


# tf2_msgs is not part of every installation.
TOPICS_WITHOUT_TF = tuple(topic for topic in TOPICS if topic.name != "/tf")


def image(level: int) -> Image:
    return Image(height=64, width=64, encoding="rgb8", step=192, data=[level] * (64 * 192))


def noise(seed: int) -> Image:
    pixels = np.random.default_rng(seed).integers(0, 256, 64 * 192, dtype=np.uint8)
    return Image(height=64, width=64, encoding="rgb8", step=192, data=pixels.tolist())


def joints(offset: float = 0.0) -> JointState:
    arm = load_arm("j2n6s300")
    return JointState(name=list(arm.joint_names), position=list(arm.home + offset), velocity=[0.0] * len(arm))


def scene() -> SceneState:
    pose = Pose()
    pose.position.x, pose.position.y, pose.position.z = 0.4, 0.1, 0.03
    return SceneState(object_names=["target"], object_poses=[pose])


def episode(index: int, step: int, phase: int, *, gain: float = 0.0, success: bool = False) -> EpisodeState:
    return EpisodeState(
        task="reach",
        phase=phase,
        episode=index,
        step=step,
        seed=7,
        reward=gain,
        episode_return=gain * step,
        success=success,
        truncated=phase != RUNNING,
    )


def status(state: int, reason: str = "none", **counts: int) -> SafetyStatus:
    keys = [key.replace("__", ":") for key in counts]
    return SafetyStatus(state=state, reason=reason, message=f"Because of {reason}.", counted=keys, counts=list(counts.values()))


def diagnostics(label: str, /, **values: str) -> DiagnosticArray:
    pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
    return DiagnosticArray(status=[DiagnosticStatus(name=label, values=pairs)])


SIM_VALUES = {
    "trajectory_sha256": "ab" * 32, "realtime_factor": "4.5", "steps_per_second": "45.0", "latency_ms_p50": "2.5",
    "latency_ms_p99": "7.0", "latency_ms_max": "9.5", "ticks": "60", "control_steps": "6", "timeouts": "0",
}  # fmt: skip


def stopped(state: int, passed: int, stops: int) -> SafetyStatus:
    return status(state, "stale_command", **{"pass": passed, "stop__stale_command": stops})


def play_run(tape: Tape, *, steps: int = 3, finish: bool = True, stop: bool = False) -> None:
    """Two episodes of `steps` control steps: the first succeeds with a return of `steps`, the second does not."""
    tape.add("/diagnostics", diagnostics("policy", name="reach", sha256="cd" * 32, version="1"), 0)
    tape.add("/safety/status", status(SafetyStatus.ACTIVE, **{"pass": 1}), 0)
    stamp_ns = 0
    for index in range(2):
        for step in range(steps + 1):
            stamp_ns += PERIOD_NS
            tape.add("/scene", scene(), stamp_ns)
            tape.add("/joint_states", joints(0.02 * step), stamp_ns)
            tape.add("/camera/image_raw", image(min(255, 40 * step)), stamp_ns)
            phase = RUNNING if step < steps else ENDED
            tape.add("/episode/state", episode(index, step, phase, gain=1.0 - index, success=index == 0), stamp_ns)
    if stop:
        tape.add(
            "/safety/status",
            stopped(SafetyStatus.EMERGENCY_STOP, 5, 1),
            stamp_ns,
        )
    else:
        tape.add("/safety/status", status(SafetyStatus.LIMITED, "velocity", **{"pass": 50, "limited__velocity": 10}), stamp_ns)
    if finish:
        tape.add("/diagnostics", diagnostics("sim", **SIM_VALUES), stamp_ns)
        tape.add("/episode/state", episode(1, steps, FINISHED), stamp_ns)
    # The graph shuts down: nobody commands any more, and that is no fault of the run.
    tape.add(
        "/safety/status",
        stopped(SafetyStatus.PROTECTIVE_STOP, 50, 9),
        stamp_ns,
    )
