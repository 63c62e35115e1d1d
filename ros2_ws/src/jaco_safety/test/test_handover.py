"""A reset moves the arm between episodes, through the same filter, and at no other time."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import Arm, load_arm
from jaco_core.types import ENDED, FINISHED, PAUSED, RUNNING, WAITING, VelocityCommand
from jaco_safety.handover import Handover
from jaco_safety.limits import load_limits
from jaco_safety.modes import Mode
from jaco_safety.proposals import Source
from jaco_safety.reasons import Reason, State
from jaco_safety.supervisor import Supervisor
from jaco_safety.testing import Bench

ARM: Arm = load_arm("j2n6s300")
NOW = 10_000_000_000
SPEED = 0.2


def command(velocity: float, stamp_ns: int = NOW, sequence: int = 1) -> VelocityCommand:
    return VelocityCommand(stamp_ns, ARM.joint_names, np.full(len(ARM), velocity), sequence)


@pytest.mark.parametrize("phase", [WAITING, RUNNING, ENDED, FINISHED, PAUSED])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_reset_counts_between_episodes_in_modes_that_move_by_themselves(mode: Mode, phase: int) -> None:
    handover = Handover(0.35)
    handover.note_episode(phase, NOW)
    expected = Source.OPERATOR if mode is Mode.GUIDED else Source.POLICY
    if phase in (WAITING, ENDED) and mode in (Mode.SUPERVISED, Mode.AUTONOMOUS):
        expected = Source.RESET
    assert handover.source(mode, NOW, command(0.1)) is expected
    assert handover.source(mode, NOW, None) is (Source.OPERATOR if mode is Mode.GUIDED else Source.POLICY)


@pytest.mark.parametrize(("episode_ns", "command_ns"), [(-400_000_000, 0), (0, -400_000_000), (400_000_000, 0)])
def test_an_old_word_of_the_task_or_an_old_command_gives_nothing(episode_ns: int, command_ns: int) -> None:
    handover = Handover(0.35)
    assert handover.source(Mode.AUTONOMOUS, NOW, command(0.1)) is Source.POLICY
    handover.note_episode(WAITING, NOW + episode_ns)
    assert handover.source(Mode.AUTONOMOUS, NOW, command(0.1, NOW + command_ns)) is Source.POLICY


def bench(mode: Mode = Mode.AUTONOMOUS) -> Bench:
    return Bench(ARM, Supervisor(ARM, load_limits(ARM.name), mode=mode), np.array(ARM.home))


def play(bench: Bench, phase: int, reset: float | None, policy: float = 0.0, ticks: int = 40) -> None:
    """Lets time pass in `phase`, with commands of both kinds [rad/s] at every tick."""
    for _ in range(ticks):
        bench.step()
        bench.supervisor.on_episode(phase, bench.stamp_ns)
        if reset is not None:
            bench.sequence += 1
            bench.supervisor.on_command(command(reset, bench.stamp_ns, bench.sequence), None, Source.RESET)
        bench.command(policy)


def test_the_reset_moves_the_arm_while_waiting_and_the_policy_takes_over_when_it_runs() -> None:
    own = bench()
    play(own, WAITING, SPEED)
    answer = own.supervisor.answer
    assert answer is not None and answer.policy_version == 0
    np.testing.assert_allclose(answer.velocity, SPEED)
    play(own, RUNNING, SPEED, policy=-0.1)
    answer = own.supervisor.answer
    assert answer is not None and answer.policy_version == 7
    np.testing.assert_allclose(answer.velocity, -0.1)


def test_it_never_jumps_and_a_reset_that_falls_silent_comes_to_rest() -> None:
    own = bench()
    play(own, WAITING, SPEED)
    speeds = []
    for _ in range(60):
        own.step()
        own.supervisor.on_episode(WAITING, own.stamp_ns)
        own.command(0.0)
        assert own.supervisor.answer is not None
        speeds.append(own.supervisor.answer.velocity)
    steps = np.abs(np.diff(speeds, axis=0))
    assert (steps <= ARM.max_acceleration * 0.01 + 1e-9).all()
    np.testing.assert_array_equal(speeds[-1], 0.0)


def test_in_an_episode_and_in_mode_observe_a_reset_moves_nothing() -> None:
    for mode, phase in ((Mode.AUTONOMOUS, RUNNING), (Mode.OBSERVE, WAITING), (Mode.GUIDED, WAITING)):
        own = bench(mode)
        play(own, phase, SPEED)
        np.testing.assert_array_equal(own.position, ARM.home)


def test_a_reset_is_held_to_the_limits() -> None:
    own = bench()
    play(own, WAITING, 5.0, ticks=80)
    answer = own.supervisor.answer
    assert answer is not None and answer.state is State.LIMITED
    assert (np.abs(answer.velocity) <= ARM.max_velocity).all()


@pytest.mark.parametrize("source", [Source.RESET, Source.POLICY])
def test_a_bad_command_that_came_before_the_handover_is_a_stop(source: Source) -> None:
    own = bench()
    resets = source is Source.RESET
    play(own, RUNNING if resets else WAITING, None if resets else 0.0)
    own.sequence += 1
    own.step()
    own.supervisor.on_command(command(np.nan, own.stamp_ns, own.sequence), None, source)
    own.step()
    assert own.supervisor.state is not State.PROTECTIVE_STOP
    own.supervisor.on_episode(WAITING if resets else RUNNING, own.stamp_ns)
    own.step()
    assert own.supervisor.evidence is not None and own.supervisor.evidence.reason is Reason.COMMAND_NOT_FINITE
    assert np.isfinite(own.step(40).velocity).all()
