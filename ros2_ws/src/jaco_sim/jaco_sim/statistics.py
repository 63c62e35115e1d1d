"""What a run of the simulator came to: speed, latency, and a fingerprint of the trajectory."""

from __future__ import annotations

import hashlib

import numpy as np

from jaco_core.types import JointSample, VelocityCommand


class RunStatistics:
    """Counts ticks and control steps, collects latencies, and hashes every applied command and joint state in order."""

    def __init__(self) -> None:
        self.ticks = 0
        self.control_steps = 0
        self.timeouts = 0
        self.overruns = 0
        self._latencies_s: list[float] = []
        self._hash = hashlib.sha256()
        self._started: float | None = None
        self._ended = 0.0

    def record_tick(self, joints: JointSample, applied: VelocityCommand, image: bool, steady_s: float) -> None:
        """Takes one completed tick. `steady_s`: steady wall clock [s]."""
        if self._started is None:
            self._started = steady_s
        self._ended = steady_s
        self.ticks += 1
        self.control_steps += int(image)
        self._hash.update(joints.stamp_ns.to_bytes(8, "little"))
        for vector in (joints.position, joints.velocity, applied.velocity):
            self._hash.update(vector.tobytes())

    def record_latency(self, seconds: float) -> None:
        """Takes the wall time from an image's publication to the arrival of the arm command that answers it."""
        self._latencies_s.append(seconds)

    @property
    def trajectory_sha256(self) -> str:
        return self._hash.hexdigest()

    def as_strings(self, tick_s: float, image_every: int) -> dict[str, str]:
        """Returns everything for a diagnostics message. Latencies in ms, speeds against the wall clock."""
        wall = max(self._ended - (self._started if self._started is not None else self._ended), 1e-9)
        figures = {
            "ticks": self.ticks,
            "control_steps": self.control_steps,
            "timeouts": self.timeouts,
            "overruns": self.overruns,
            "realtime_factor": self.ticks * tick_s / wall,
            "steps_per_second": self.ticks / image_every / wall,
            "trajectory_sha256": self.trajectory_sha256,
        }
        if self._latencies_s:
            p50, p99 = np.percentile(self._latencies_s, (50, 99)) * 1e3
            figures |= {"latency_ms_p50": p50, "latency_ms_p99": p99, "latency_ms_max": max(self._latencies_s) * 1e3}
        return {name: f"{value:.6g}" if isinstance(value, float) else str(value) for name, value in figures.items()}
