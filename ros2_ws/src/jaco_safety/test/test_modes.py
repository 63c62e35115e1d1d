"""Modes: who proposes, how fast, and what happens at a hand-over."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.types import VelocityCommand
from jaco_safety.modes import Mode
from jaco_safety.proposals import Source
from jaco_safety.reasons import Reason, State
from jaco_safety.testing import TICK_NS, Bench

SECOND = 1_000_000_000


def operator(bench: Bench, velocity: float) -> None:
    values = np.full(len(bench.arm), velocity)
    bench.supervisor.on_command(VelocityCommand(bench.stamp_ns, bench.arm.joint_names, values), source=Source.OPERATOR)


def test_observe_moves_nothing_and_says_so(bench: Bench) -> None:
    bench.supervisor.set_mode(Mode.OBSERVE)
    bench.joints()
    for _ in range(50):
        bench.command(0.3)
        answer = bench.step()
        assert not answer.velocity.any()
    assert (answer.evidence.reason, answer.state) == (Reason.OBSERVING, State.READY)


def test_guided_follows_the_operator_and_not_the_policy(bench: Bench) -> None:
    bench.supervisor.set_mode(Mode.GUIDED)
    bench.joints()
    for _ in range(20):
        bench.command(0.3)
        assert not bench.step().velocity.any()
    for _ in range(80):
        operator(bench, 0.1)
        bench.command(-0.3)
        answer = bench.step()
    assert np.allclose(answer.velocity, 0.1)
    assert answer.policy_version == 0
    assert answer.policy_stamp_ns == bench.stamp_ns - TICK_NS, (
        "in lockstep the simulator waits for the policy's answer all the same"
    )


def test_a_broken_policy_does_not_disturb_the_operator(bench: Bench) -> None:
    bench.supervisor.set_mode(Mode.GUIDED)
    bench.joints()
    bench.command(float("nan"))
    assert bench.step().state is State.READY
    operator(bench, float("nan"))
    assert bench.step().evidence.reason is Reason.COMMAND_NOT_FINITE


@pytest.mark.parametrize(("before", "after"), [(Mode.AUTONOMOUS, Mode.GUIDED), (Mode.GUIDED, Mode.AUTONOMOUS)])
def test_hand_over_has_no_jump(bench: Bench, before: Mode, after: Mode) -> None:
    bench.joints()
    bench.supervisor.set_mode(before)
    step = bench.arm.max_acceleration * 0.01 + 1e-9
    previous = np.zeros(9)
    for tick in range(300):
        bench.command(0.3)
        operator(bench, -0.2)
        if tick == 100:
            bench.supervisor.set_mode(after)
        bench.step()
        # What was applied: the final answer of each tick.
        assert np.all(np.abs(bench.velocity - previous) <= step)
        previous = bench.velocity
    assert np.allclose(previous, -0.2 if after is Mode.GUIDED else 0.3)


def test_after_a_hand_over_motion_ramps_up(bench: Bench) -> None:
    bench.joints()
    bench.supervisor.set_mode(Mode.OBSERVE)
    bench.step(5)
    bench.supervisor.set_mode(Mode.AUTONOMOUS)
    reasons = []
    for _ in range(60):
        bench.command(0.01)
        answer = bench.step()
        reasons.append(answer.evidence.reason)
    assert reasons.count(Reason.RAMP_UP) == pytest.approx(50, abs=2)
    assert reasons[-1] is Reason.NONE


def test_motion_is_withheld_until_the_arm_does_as_commanded(bench: Bench) -> None:
    bench.joints()
    bench.supervisor.set_mode(Mode.OBSERVE)
    bench.step(5)
    bench.supervisor.set_mode(Mode.AUTONOMOUS)
    for _ in range(20):
        bench.command(0.1)
        bench.stamp_ns += TICK_NS
        bench.velocity = np.full(9, 0.15)
        answer = bench.joints()
        assert not answer.velocity.any()
    bench.command(0.1)
    assert bench.supervisor.answer is not None and bench.supervisor.answer.evidence.reason is Reason.SETTLING
    assert bench.supervisor.answer.evidence.value == pytest.approx(0.15)
    bench.velocity = np.zeros(9)
    bench.stamp_ns += TICK_NS
    bench.joints()
    bench.command(0.1)
    assert bench.step(20).velocity.any()


def test_mode_slows_in_proportion(bench: Bench) -> None:
    bench.joints()
    bench.supervisor.set_mode(Mode.GUIDED)
    wanted = np.zeros(9)
    wanted[0], wanted[1] = bench.arm.max_velocity[0], 0.1
    for _ in range(120):
        command = VelocityCommand(bench.stamp_ns, bench.arm.joint_names, wanted)
        bench.supervisor.on_command(command, source=Source.OPERATOR)
        answer = bench.step()
    assert answer.velocity[0] == pytest.approx(0.5 * bench.arm.max_velocity[0])
    assert answer.velocity[1] == pytest.approx(0.05)
    assert (answer.evidence.reason, answer.evidence.subject) == (Reason.MODE_SPEED, "joint_1")


class TestDeadManKey:
    def held(self, bench: Bench, ticks: int) -> None:
        for _ in range(ticks):
            bench.supervisor.on_heartbeat(bench.stamp_ns, bench.stamp_ns)
            bench.command(0.1)
            bench.step()

    def test_nothing_moves_before_it_is_held(self, bench: Bench) -> None:
        bench.supervisor.set_mode(Mode.SUPERVISED)
        bench.joints()
        bench.command(0.1)
        answer = bench.step(10)
        assert (answer.evidence.reason, answer.velocity.any()) == (Reason.NO_HEARTBEAT, False)
        self.held(bench, 80)
        assert np.allclose(bench.velocity, 0.1)

    def test_letting_go_is_an_emergency_stop(self, bench: Bench) -> None:
        bench.supervisor.set_mode(Mode.SUPERVISED)
        bench.joints()
        self.held(bench, 80)
        for _ in range(32):
            bench.command(0.1)
            answer = bench.step()
        assert (answer.evidence.reason, answer.state) == (Reason.HEARTBEAT_LOST, State.EMERGENCY_STOP)
        assert answer.evidence.value > answer.evidence.bound == 0.3
        bench.step(100)
        assert "dead-man key" in (bench.supervisor.request_reset(bench.stamp_ns) or "")
        bench.supervisor.on_heartbeat(bench.stamp_ns, bench.stamp_ns)
        assert bench.supervisor.request_reset(bench.stamp_ns) is None

    def test_a_heartbeat_of_old_news_does_not_count(self, bench: Bench) -> None:
        bench.supervisor.set_mode(Mode.SUPERVISED)
        bench.joints()
        self.held(bench, 80)
        old_ns = bench.stamp_ns
        for _ in range(32):
            bench.supervisor.on_heartbeat(old_ns, bench.stamp_ns)
            answer = bench.step()
        assert answer.evidence.reason is Reason.HEARTBEAT_LOST

    def test_its_loss_is_seen_without_joint_states(self, bench: Bench) -> None:
        bench.supervisor.set_mode(Mode.SUPERVISED)
        bench.joints()
        self.held(bench, 5)
        # Joint states bound: 0.2 s; the heartbeat is judged with every one that still comes.
        bench.supervisor.on_watchdog(bench.stamp_ns + SECOND)
        assert bench.supervisor.state >= State.PROTECTIVE_STOP
