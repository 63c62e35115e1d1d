"""Figures of a run, and the trajectory's fingerprint."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.types import JointSample, VelocityCommand
from jaco_sim.statistics import RunStatistics


def run(velocity: float = 0.1, position: float = 0.2, ticks: int = 20) -> RunStatistics:
    statistics = RunStatistics()
    for tick in range(ticks):
        joints = JointSample(tick, ("a",), np.array([position]), np.zeros(1))
        statistics.record_tick(joints, VelocityCommand(tick, ("a",), np.array([velocity])), tick % 10 == 0, 5.0 + 0.001 * tick)
    return statistics


def test_the_fingerprint_covers_commands_states_and_length() -> None:
    assert run().trajectory_sha256 == run().trajectory_sha256
    others = {
        run(velocity=np.nextafter(0.1, 1)).trajectory_sha256,
        run(position=np.nextafter(0.2, 1)).trajectory_sha256,
        run(ticks=19).trajectory_sha256,
    }
    assert len(others) == 3 and run().trajectory_sha256 not in others


def test_speeds_are_against_the_wall_clock() -> None:
    figures = run().as_strings(tick_s=0.01, image_every=10)
    assert float(figures["realtime_factor"]) == pytest.approx(20 * 0.01 / 0.019, rel=1e-4)
    assert float(figures["steps_per_second"]) == pytest.approx(2 / 0.019, rel=1e-4)
    assert figures["ticks"] == "20" and figures["control_steps"] == "2"


def test_latencies_appear_once_there_are_some() -> None:
    statistics = run()
    assert "latency_ms_p50" not in statistics.as_strings(0.01, 10)
    for seconds in (0.001, 0.002, 0.009):
        statistics.record_latency(seconds)
    figures = statistics.as_strings(0.01, 10)
    assert float(figures["latency_ms_p50"]) == pytest.approx(2.0) and float(figures["latency_ms_max"]) == pytest.approx(9.0)
