"""The supervisor's states, tick by tick. One scenario per reason: a reason without one fails a test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jaco_core.types import JointSample
from jaco_safety.reasons import OUTCOMES, Reason, State
from jaco_safety.supervisor import Answer
from jaco_safety.testing import TICK_NS, Bench

SECOND = 1_000_000_000


def answered(answer: Answer | None) -> Answer:
    assert answer is not None
    return answer


def moving(bench: Bench, velocity: float = 0.3) -> Bench:
    """Returns the bench with all joints going at `velocity` [rad/s]."""
    bench.joints()
    bench.command(velocity)
    bench.step(15)
    return bench


def stale(bench: Bench) -> Answer:
    moving(bench)
    return bench.step(40)


def pushed(bench: Bench, joint: int, velocity: float, ticks: int, wanted: Reason) -> Answer:
    """Drives one joint until `wanted` is what the supervisor says, for at most `ticks`."""
    push = np.zeros(9)
    push[joint] = velocity
    bench.joints()
    for _ in range(ticks):
        bench.command(push)
        answer = bench.step()
        if answer.evidence.reason is wanted:
            return answer
    raise AssertionError(f"{wanted} did not occur within {ticks} ticks")


def bad_joints(bench: Bench, position: float = 0.0, velocity: float = 0.0) -> Answer:
    moving(bench)
    bench.stamp_ns += TICK_NS
    bench.position = bench.position + position
    bench.velocity = np.full(9, velocity)
    return bench.joints()


def fewer_joints(bench: Bench) -> Answer:
    moving(bench)
    names = bench.arm.joint_names[:8]
    return bench.supervisor.on_joints(JointSample(bench.stamp_ns + TICK_NS, names, np.zeros(8), np.zeros(8)), bench.stamp_ns)


def silent(bench: Bench) -> Answer:
    moving(bench)
    return answered(bench.supervisor.on_watchdog(bench.stamp_ns + SECOND))


def back_in_time(bench: Bench) -> Answer:
    moving(bench)
    bench.stamp_ns -= SECOND // 2
    return bench.joints()


def placed(bench: Bench, joint: int, angle: float) -> Answer:
    """A joint is measured at `angle` [rad], all of a sudden."""
    moving(bench)
    bench.stamp_ns += TICK_NS
    bench.position = bench.position.copy()
    bench.position[joint] = angle
    return bench.joints()


def stretched(bench: Bench, joint_2: float) -> Answer:
    """The arm is measured stretched out, with the shoulder at `joint_2` [rad]."""
    moving(bench)
    bench.stamp_ns += TICK_NS
    bench.position = np.array([0.0, joint_2, np.pi, 0.0, 0.0, 0.0, 0.6, 0.6, 0.6])
    return bench.joints()


def turned(bench: Bench) -> Answer:
    """The arm, stretched out and raised, turns about its base towards a side of the workspace."""
    bench.position = np.array([0.0, np.pi / 2.0 + 0.6, np.pi, 0.0, 0.0, 0.0, 0.6, 0.6, 0.6])
    return pushed(bench, 0, 0.6, 600, Reason.WORKSPACE)


def passing(bench: Bench) -> Answer:
    bench.joints()
    bench.command(0.01)
    return bench.step()


def ramping(bench: Bench) -> Answer:
    bench.joints()
    return answered(bench.command(0.3))


def too_fast(bench: Bench) -> Answer:
    bench.joints()
    return answered(bench.command(3.0))


def requested(bench: Bench) -> Answer:
    moving(bench)
    return answered(bench.supervisor.request_stop("an operator"))


SCENARIOS: dict[Reason, Callable[[Bench], Answer]] = {
    Reason.NONE: passing,
    Reason.ACCELERATION: ramping,
    Reason.NO_COMMAND: lambda bench: bench.joints(),
    Reason.VELOCITY: too_fast,
    Reason.POSITION: lambda bench: pushed(bench, 6, 0.5, 300, Reason.POSITION),
    Reason.WORKSPACE: turned,
    Reason.TABLE: lambda bench: pushed(bench, 1, -0.6, 600, Reason.TABLE),
    Reason.STALE_COMMAND: stale,
    Reason.COMMAND_NOT_FINITE: lambda bench: answered(moving(bench).command(float("nan"))),
    Reason.COMMAND_LENGTH: lambda bench: answered(moving(bench).command([0.1] * 8)),
    Reason.COMMAND_NAMES: lambda bench: answered(moving(bench).command(0.1, names=bench.arm.joint_names[::-1])),
    Reason.STALE_JOINTS: silent,
    Reason.JOINTS_NOT_FINITE: lambda bench: bad_joints(bench, position=float("nan")),
    Reason.JOINTS_MALFORMED: fewer_joints,
    Reason.TIME_REVERSED: back_in_time,
    Reason.POSITION_OUTSIDE: lambda bench: placed(bench, 6, 1.6),
    Reason.WORKSPACE_OUTSIDE: lambda bench: stretched(bench, np.pi),
    Reason.TABLE_OUTSIDE: lambda bench: stretched(bench, np.pi / 2.0 - 0.3),
    Reason.STOP_REQUEST: requested,
}


def test_every_reason_has_a_scenario() -> None:
    assert set(SCENARIOS) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_reason_is_reached_with_its_state(bench: Bench, reason: Reason) -> None:
    answer = SCENARIOS[reason](bench)
    assert answer.evidence.reason is reason, answer.evidence.sentence
    assert bench.supervisor.state is OUTCOMES[reason].state
    assert bench.supervisor.counts[answer.evidence.key] >= 1


STOPS = [reason for reason in Reason if OUTCOMES[reason].state >= State.PROTECTIVE_STOP]


@pytest.mark.parametrize("reason", STOPS)
def test_stop_halts_smoothly_and_latches(bench: Bench, reason: Reason) -> None:
    SCENARIOS[reason](bench)
    bench.position, bench.velocity = bench.arm.home.copy(), np.zeros(9)
    previous = answered(bench.supervisor.answer).velocity
    # The longest halt of this arm is full speed over full braking: 0.28 s.
    for _ in range(28):
        bench.stamp_ns += TICK_NS
        bench.command(0.3)
        answer = bench.joints()
        # A jump back to home is a simulator's reset, after which the arm is at rest.
        assert np.all(np.abs(answer.velocity) <= np.abs(previous) + 1e-12)
        previous = answer.velocity
    assert not answer.velocity.any()
    assert answer.evidence.latches
    bench.step(300)
    assert bench.supervisor.state >= State.PROTECTIVE_STOP


@pytest.mark.parametrize("reason", STOPS)
def test_stop_ends_by_reset_once_its_cause_is_gone(bench: Bench, reason: Reason) -> None:
    SCENARIOS[reason](bench)
    bench.position, bench.velocity = bench.arm.home.copy(), np.zeros(9)
    for _ in range(60):
        bench.stamp_ns += TICK_NS
        bench.joints()
    assert bench.supervisor.request_reset(bench.stamp_ns) is None
    assert bench.supervisor.state is State.READY
    bench.command(0.3)
    assert bench.supervisor.state is State.READY, "a command for the tick of the reset is from before it"
    bench.stamp_ns += TICK_NS
    bench.joints()
    assert answered(bench.command(0.01)).state is State.ACTIVE


def test_ramp_is_at_the_arms_acceleration_and_stays_active(bench: Bench) -> None:
    bench.joints()
    bench.command(0.3)
    answer = bench.step()
    assert bench.supervisor.state is State.ACTIVE
    assert np.allclose(answer.velocity, np.minimum(2 * bench.arm.max_acceleration * 0.01, 0.3))
    bench.step(20)
    assert np.array_equal(answered(bench.supervisor.answer).velocity, np.full(9, 0.3))
    counts = bench.supervisor.counts
    assert not [key for key in counts if key.startswith(("limited", "stop"))]
    assert counts["ramped:acceleration"] == 9


def test_hold_resumes_by_itself(bench: Bench) -> None:
    assert stale(bench).state is State.HOLD
    assert not bench.step(20).velocity.any()
    bench.command(0.01)
    assert bench.supervisor.state is State.ACTIVE


def test_command_is_fresh_up_to_its_bound_and_stale_beyond(bench: Bench) -> None:
    bench.joints()
    bench.command(0.0)
    assert bench.step(35).state is State.ACTIVE
    assert bench.step(1).state is State.HOLD


def test_second_answer_replaces_the_first(bench: Bench) -> None:
    bench.joints()
    bench.command(0.3)
    first = bench.step()
    second = answered(bench.command(-0.3))
    assert second.stamp_ns == first.stamp_ns
    assert second.policy_stamp_ns == bench.stamp_ns
    # From the tick before (one step up), one step down: rest.
    assert np.allclose(second.velocity, 0.0)
    third = answered(bench.command(-0.3))
    assert third.velocity.tobytes() == second.velocity.tobytes()
    assert sum(bench.supervisor.counts.values()) == 2


def test_duplicate_joint_state_changes_nothing(bench: Bench) -> None:
    bench.joints()
    bench.command(0.3)
    answer = bench.step()
    counts = bench.supervisor.counts
    assert bench.joints().velocity.tobytes() == answer.velocity.tobytes()
    assert bench.supervisor.counts == counts


def test_command_from_the_future_waits_for_its_joint_state(bench: Bench) -> None:
    bench.joints()
    assert bench.command(0.01, stamp_ns=bench.stamp_ns + TICK_NS) is None
    assert bench.supervisor.state is State.READY
    answer = bench.step()
    assert (answer.state, answer.policy_stamp_ns, answer.policy_version) == (State.ACTIVE, bench.stamp_ns, 7)


def test_late_command_is_used_at_the_next_tick(bench: Bench) -> None:
    bench.joints()
    bench.step()
    assert bench.command(0.01, stamp_ns=bench.stamp_ns - TICK_NS) is None
    assert bench.step().policy_stamp_ns == bench.stamp_ns - 2 * TICK_NS


def test_superseded_bad_command_still_stops(bench: Bench) -> None:
    bench.joints()
    bench.command(float("nan"), stamp_ns=bench.stamp_ns + TICK_NS - 1)
    bench.command(0.1, stamp_ns=bench.stamp_ns + TICK_NS)
    assert bench.step().evidence.reason is Reason.COMMAND_NOT_FINITE


def test_jump_is_a_reset_and_not_a_fault(bench: Bench) -> None:
    moving(bench)
    bench.command(0.3)
    bench.stamp_ns += TICK_NS
    bench.position, bench.velocity = bench.arm.home.copy() + 0.02, np.zeros(9)
    bench.position[0] += 1.0
    answer = bench.joints()
    assert answer.state is State.READY
    assert not answer.velocity.any()
    assert answered(bench.command(0.3)).state is State.ACTIVE


def test_stop_goes_on_answering_in_lockstep(bench: Bench) -> None:
    requested(bench)
    bench.step()
    answer = answered(bench.command(0.2))
    assert (answer.policy_stamp_ns, answer.state) == (bench.stamp_ns, State.EMERGENCY_STOP)


def test_emergency_stop_overrides_a_protective_one(bench: Bench) -> None:
    SCENARIOS[Reason.COMMAND_NOT_FINITE](bench)
    bench.supervisor.request_stop("an operator")
    assert bench.supervisor.state is State.EMERGENCY_STOP


def test_stop_before_the_first_joint_state_holds(bench: Bench) -> None:
    assert bench.supervisor.state is State.STARTING
    assert bench.supervisor.request_stop("an operator") is None
    assert "No joint state" in (bench.supervisor.request_reset(0) or "")
    assert bench.joints().state is State.EMERGENCY_STOP


def test_latched_stop_survives_a_new_begin(bench: Bench) -> None:
    requested(bench)
    bench.supervisor.begin()
    assert bench.supervisor.state is State.EMERGENCY_STOP
    assert bench.supervisor.counts == {}


def test_reset_is_refused_without_a_stop(bench: Bench) -> None:
    bench.joints()
    assert bench.supervisor.request_reset(bench.stamp_ns) == "There is no stop to reset."


def test_reset_is_refused_while_moving_and_during_cooldown(bench: Bench) -> None:
    requested(bench)
    bench.step()
    assert "still moves" in (bench.supervisor.request_reset(bench.stamp_ns) or "")
    bench.step(30)
    assert "a reset is accepted 0.50 s after it" in (bench.supervisor.request_reset(bench.stamp_ns) or "")
    bench.step(30)
    assert bench.supervisor.request_reset(bench.stamp_ns) is None


def test_reset_is_refused_while_the_policy_is_broken(bench: Bench) -> None:
    moving(bench)
    for _ in range(80):
        bench.command(float("nan"))
        bench.step()
    assert "policy command cannot be used" in (bench.supervisor.request_reset(bench.stamp_ns) or "")
    bench.command(0.1)
    assert bench.supervisor.request_reset(bench.stamp_ns) is None


def test_reset_is_refused_while_joint_states_are_missing(bench: Bench) -> None:
    moving(bench, 0.0)
    bench.step(10)
    bench.supervisor.on_watchdog(bench.stamp_ns + SECOND)
    assert "No new joint state" in (bench.supervisor.request_reset(bench.stamp_ns + SECOND) or "")


def test_silence_commands_rest_and_stays_at_rest(bench: Bench) -> None:
    assert not silent(bench).velocity.any()
    assert not answered(bench.command(0.3)).velocity.any()


def test_repeated_stamps_are_silence(bench: Bench) -> None:
    moving(bench)
    frozen_ns = bench.stamp_ns
    for late in range(30):
        bench.joints(now_ns=frozen_ns + late * TICK_NS)
    assert bench.supervisor.on_watchdog(frozen_ns + 30 * TICK_NS) is not None


def test_way_back_inside_is_open_after_a_reset(bench: Bench) -> None:
    SCENARIOS[Reason.POSITION_OUTSIDE](bench)
    bench.velocity = np.zeros(9)
    for _ in range(60):
        bench.stamp_ns += TICK_NS
        bench.joints()
    assert bench.supervisor.request_reset(bench.stamp_ns) is None
    outwards, inwards = np.zeros(9), np.zeros(9)
    outwards[6], inwards[6] = 0.3, -0.3
    bench.step()
    assert answered(bench.command(outwards)).velocity[6] == 0.0
    for _ in range(300):
        bench.command(inwards)
        assert bench.step().state is not State.PROTECTIVE_STOP
    assert bench.position[6] < bench.arm.upper[6]
    bench.position = bench.position.copy()
    bench.position[6] = 1.6
    assert bench.step().evidence.reason is Reason.POSITION_OUTSIDE, "once inside, the ordinary tolerance holds again"


def test_time_that_starts_anew_is_accepted_after_a_reset(bench: Bench) -> None:
    back_in_time(bench)
    bench.step(60)
    assert bench.supervisor.request_reset(bench.stamp_ns) is None
    bench.step()
    bench.command(0.1)
    assert bench.supervisor.state is State.ACTIVE


def test_gap_between_joint_states_buys_no_bigger_step(bench: Bench) -> None:
    bench.joints()
    bench.stamp_ns += SECOND
    bench.joints()
    answer = answered(bench.command(0.3))
    assert np.allclose(answer.velocity, 2.0 * bench.arm.max_acceleration * 0.01)
