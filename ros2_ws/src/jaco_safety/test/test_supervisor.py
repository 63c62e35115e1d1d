"""The supervisor's states, tick by tick. One scenario per reason: a reason without one fails a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jaco_core.types import JointSample, VelocityCommand
from jaco_safety.barriers import Barriers
from jaco_safety.interlocks import InputKind
from jaco_safety.limits import load_limits
from jaco_safety.modes import Mode
from jaco_safety.proposals import Source
from jaco_safety.reasons import OUTCOMES, Reason, State
from jaco_safety.supervisor import Answer, Supervisor
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
    return pushed(bench, 0, 0.6, 900, Reason.WORKSPACE)


def limited_by(bench: Bench, **changes: Any) -> Bench:
    """Gives the bench a supervisor with other limits."""
    bench.supervisor = Supervisor(bench.arm, replace(load_limits(bench.arm.name), **changes))
    return bench


# Under the hand at home, between it and the table.
BOX = [[0.2, -0.4, -0.1, 0.7, 0.4, 0.12]]
FOLDED = 5.85


def too_strained(bench: Bench) -> Answer:
    bench.effort = np.array([0.0, 31.0, 0, 0, 0, 0, 0, 0, 0])
    return pushed(bench, 1, 0.3, 3, Reason.TORQUE)


def touched(bench: Bench) -> Answer:
    """Something leans on the arm at rest."""
    bench.effort = np.array([0.0, 20.0, 0, 0, 0, 0, 0, 0, 0])
    answer = pushed(bench, 1, 0.0, 30, Reason.CONTACT)
    bench.effort = np.zeros(9)
    return answer


def reversed_while_speeding_up(bench: Bench) -> Answer:
    bench.joints()
    bench.command(0.3)
    bench.step(3)
    return answered(bench.command(-0.3))


def swung(bench: Bench) -> Answer:
    """The arm, stretched out and so next to singular, turns about its base."""
    bench.position = np.array([-1.2, np.pi / 2.0 + 0.9, np.pi, 0.0, 0.0, 0.0, 0.6, 0.6, 0.6])
    return pushed(bench, 0, 0.6, 300, Reason.SINGULARITY)


def rushed(bench: Bench) -> Answer:
    """All joints carry the hand sideways as fast as they can."""
    barriers = Barriers(bench.arm, load_limits(bench.arm.name))
    bench.joints()
    for _ in range(60):
        sideways = barriers.at(bench.position).speed_jacobian[0, 1]
        bench.command(0.95 * bench.arm.max_velocity * np.sign(sideways))
        answer = bench.step()
        if answer.evidence.reason is Reason.CARTESIAN_SPEED:
            return answer
    raise AssertionError("the hand never was too fast")


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


def observing(bench: Bench) -> Answer:
    bench.supervisor.set_mode(Mode.OBSERVE)
    return bench.joints()


def keyless(bench: Bench) -> Answer:
    bench.supervisor.set_mode(Mode.SUPERVISED)
    return bench.joints()


def let_go(bench: Bench) -> Answer:
    keyless(bench)
    bench.supervisor.on_heartbeat(bench.stamp_ns, bench.stamp_ns)
    return bench.step(40)


def handed_over(bench: Bench) -> Bench:
    moving(bench)
    bench.supervisor.set_mode(Mode.OBSERVE)
    bench.step(30)
    bench.supervisor.set_mode(Mode.AUTONOMOUS)
    return bench


def settling(bench: Bench) -> Answer:
    handed_over(bench)
    bench.stamp_ns += TICK_NS
    bench.velocity = np.full(9, 0.2)
    bench.joints()
    return answered(bench.command(0.1))


def ramping_up(bench: Bench) -> Answer:
    handed_over(bench).step()
    return answered(bench.command(0.1))


def too_fast_for_the_mode(bench: Bench) -> Answer:
    bench.joints()
    bench.supervisor.set_mode(Mode.GUIDED)
    for _ in range(80):
        velocity = np.zeros(9)
        velocity[5] = 0.9 * bench.arm.max_velocity[5]
        bench.supervisor.on_command(VelocityCommand(bench.stamp_ns, bench.arm.joint_names, velocity), source=Source.OPERATOR)
        answer = bench.step()
    return answer


def unseen(bench: Bench) -> Answer:
    bench.supervisor = Supervisor(bench.arm, load_limits("j2n6s300"), realtime=True)
    bench.joints()
    bench.supervisor.on_image(bench.stamp_ns, bench.stamp_ns)
    for _ in range(40):
        bench.command(0.1)
        answer = bench.step()
    return answer


def jumped_clock(bench: Bench) -> Answer:
    moving(bench)
    now_ns = bench.stamp_ns + TICK_NS
    bench.stamp_ns += SECOND
    return bench.joints(now_ns)


def rivalled(bench: Bench) -> Answer:
    moving(bench)
    answer = answered(bench.supervisor.on_publishers("/arm/command", ["supervisor", "rogue"]))
    bench.supervisor.on_publishers("/arm/command", ["supervisor"])
    return answer


def stopped_by(bench: Bench, kind: InputKind) -> Answer:
    moving(bench)
    answer = answered(bench.supervisor.on_stop_input(kind, "source", True, "why."))
    bench.supervisor.on_stop_input(kind, "source", False, "")
    return answer


def test_status_names_a_driver_faults_cause_once_the_driver_knows_it(bench: Bench) -> None:
    moving(bench)
    bench.supervisor.on_stop_input(InputKind.DRIVER, "sim", True, "Somebody commands the arm.")
    bench.supervisor.on_stop_input(InputKind.DRIVER, "gripper", True, "It is stuck.")
    answer = answered(bench.supervisor.on_stop_input(InputKind.DRIVER, "sim", True, "Rival commands the arm."))
    assert "sim: Rival commands the arm." in answer.evidence.sentence


def same_picture(bench: Bench) -> Answer:
    """The camera shows one picture while the arm turns about its base."""
    bench.supervisor = Supervisor(bench.arm, load_limits("j2n6s300"), realtime=True)
    turn = np.zeros(9)
    turn[0] = 0.5
    bench.joints()
    for tick in range(80):
        if tick % 10 == 0:
            bench.supervisor.on_image(bench.stamp_ns, bench.stamp_ns)
            bench.supervisor.on_picture(7)
            bench.command(turn)
        answer = bench.step()
        if answer.state is State.HOLD:
            break
    return answer


def overslept(bench: Bench) -> Answer:
    """The supervisor does not run for a second, while joint states come and the arm's side brakes."""
    bench.supervisor = Supervisor(bench.arm, load_limits("j2n6s300"), realtime=True)
    moving(bench)
    bench.stamp_ns += SECOND
    bench.velocity = np.zeros(9)
    return bench.joints()


SCENARIOS: dict[Reason, Callable[[Bench], Answer]] = {
    Reason.NONE: passing,
    Reason.ACCELERATION: ramping,
    Reason.NO_COMMAND: lambda bench: bench.joints(),
    Reason.VELOCITY: too_fast,
    Reason.JERK: reversed_while_speeding_up,
    Reason.POSITION: lambda bench: pushed(bench, 6, 0.45, 300, Reason.POSITION),
    Reason.WORKSPACE: turned,
    Reason.TABLE: lambda bench: pushed(bench, 1, -0.6, 600, Reason.TABLE),
    Reason.KEEP_OUT: lambda bench: pushed(limited_by(bench, keep_out_boxes=BOX), 1, -0.6, 600, Reason.KEEP_OUT),
    Reason.SELF_COLLISION: lambda bench: pushed(bench, 2, 0.6, 600, Reason.SELF_COLLISION),
    Reason.CARTESIAN_SPEED: rushed,
    Reason.SINGULARITY: swung,
    Reason.TORQUE: too_strained,
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
    Reason.KEEP_OUT_OUTSIDE: lambda bench: placed(limited_by(bench, keep_out_boxes=BOX), 1, 2.2),
    Reason.SELF_COLLISION_OUTSIDE: lambda bench: placed(bench, 2, FOLDED),
    Reason.CONTACT: touched,
    Reason.STOP_REQUEST: requested,
    Reason.OBSERVING: observing,
    Reason.NO_HEARTBEAT: keyless,
    Reason.HEARTBEAT_LOST: let_go,
    Reason.SETTLING: settling,
    Reason.RAMP_UP: ramping_up,
    Reason.MODE_SPEED: too_fast_for_the_mode,
    Reason.STALE_IMAGES: unseen,
    Reason.FROZEN_IMAGES: same_picture,
    Reason.OVERSLEPT: overslept,
    Reason.CLOCK_JUMPED: jumped_clock,
    Reason.SECOND_PUBLISHER: rivalled,
    Reason.DRIVER_FAULT: lambda bench: stopped_by(bench, InputKind.DRIVER),
    Reason.OPERATOR_STOP: lambda bench: stopped_by(bench, InputKind.OPERATOR),
    Reason.HARDWARE_STOP: lambda bench: stopped_by(bench, InputKind.HARDWARE),
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
    bench.supervisor.on_heartbeat(bench.stamp_ns, bench.stamp_ns)
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
    # From the tick before, which was going up: the jerk limit lets the acceleration end, and no more.
    assert np.all(second.velocity < first.velocity)
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


def test_silence_brakes_to_rest_and_stays_at_rest(bench: Bench) -> None:
    before = moving(bench).velocity
    now_ns = bench.stamp_ns + SECOND
    for _ in range(30):
        velocity = answered(bench.supervisor.on_watchdog(now_ns)).velocity
        now_ns += 2 * TICK_NS
        assert np.all(np.abs(velocity) <= np.abs(before) + 1e-12)
        assert np.all(np.abs(velocity - before) <= 2.0 * bench.arm.max_acceleration * 0.01 + 1e-9)
        before = velocity
    assert not velocity.any()
    assert not answered(bench.command(0.3)).velocity.any()


def test_another_policy_takes_over_without_a_jump(bench: Bench) -> None:
    before = moving(bench).velocity
    for version in (8, 9):
        velocity = np.full(9, 0.3 if version == 9 else -0.3)
        bench.supervisor.on_command(VelocityCommand(bench.stamp_ns, bench.arm.joint_names, velocity, 100 + version, version))
        for _ in range(20):
            bench.step()
            assert np.all(np.abs(bench.velocity - before) <= bench.arm.max_acceleration * 0.01 + 1e-9)
            before = bench.velocity


def test_a_cause_that_lasts_refuses_the_reset(bench: Bench) -> None:
    moving(bench, 0.0)
    bench.supervisor.on_stop_input(InputKind.HARDWARE, "button", True, "")
    bench.step(100)
    assert "hardware input" in (bench.supervisor.request_reset(bench.stamp_ns) or "")
    bench.supervisor.on_stop_input(InputKind.HARDWARE, "button", False, "")
    assert bench.supervisor.request_reset(bench.stamp_ns) is None


def test_replayed_number_is_refused(bench: Bench) -> None:
    bench.joints()
    for _ in range(5):
        bench.command(0.01)
        bench.step()
    old = VelocityCommand(bench.stamp_ns, bench.arm.joint_names, np.full(9, 0.3), 3)
    bench.supervisor.on_command(old)
    assert answered(bench.supervisor.answer).velocity.max() < 0.02
    assert bench.supervisor.proposals.refused(Source.POLICY) == 1


def test_gaps_and_repeats_are_counted(bench: Bench) -> None:
    for number in (1, 2, 2, 5, 4, 6):
        bench.supervisor.on_command(VelocityCommand(number, bench.arm.joint_names, np.zeros(9), number))
    sequence = bench.supervisor.proposals.sequences[Source.POLICY]
    assert (sequence.gaps, sequence.repeats, sequence.reversals) == (2, 1, 1)


def test_stop_resumes_by_itself_only_where_it_may(bench: Bench) -> None:
    limits = load_limits("j2n6s300")
    own = replace(limits, supervision=replace(limits.supervision, self_resuming=["stale_joints"]))
    bench.supervisor = Supervisor(bench.arm, own)
    moving(bench, 0.0)
    bench.supervisor.on_watchdog(bench.stamp_ns + SECOND)
    assert bench.supervisor.state is State.PROTECTIVE_STOP
    bench.step(80)
    assert bench.supervisor.state is State.READY


def test_silent_policy_is_noticed_though_stamps_stand_still(bench: Bench) -> None:
    bench.supervisor = Supervisor(bench.arm, load_limits("j2n6s300"), realtime=True)
    bench.joints()
    now_ns = bench.stamp_ns
    bench.supervisor.on_command(VelocityCommand(now_ns, bench.arm.joint_names, np.full(9, 0.01), 1), now_ns)
    for _ in range(40):
        # A clock that crawls: 1 ms per 10 ms.
        bench.stamp_ns += TICK_NS // 10
        now_ns += TICK_NS
        answer = bench.joints(now_ns)
    assert answer.evidence.reason is Reason.STALE_COMMAND


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


def test_the_same_picture_is_none_only_while_the_arm_moves(bench: Bench) -> None:
    same_picture(bench)
    moved_s = answered(bench.supervisor.answer).evidence.value
    assert 0.35 < moved_s < 0.37, "judged at the first tick beyond the bound"
    bench.supervisor.on_picture(8)
    bench.supervisor.on_image(bench.stamp_ns, bench.stamp_ns)
    bench.command(0.0)
    assert bench.step().state is State.ACTIVE, "another picture: the camera works"
    for _ in range(100):
        bench.supervisor.on_picture(8)
        bench.supervisor.on_image(bench.stamp_ns, bench.stamp_ns)
        bench.command(0.0)
        assert bench.step().state is not State.HOLD, "a still scene gives the same picture"


def test_a_supervisor_that_overslept_stays_stopped_until_it_is_reset(bench: Bench) -> None:
    answer = overslept(bench)
    assert answer.state is State.PROTECTIVE_STOP
    assert not answer.velocity.any(), "no jump to what was commanded before"
    assert (answer.evidence.value, answer.evidence.bound) == (pytest.approx(1.01, abs=0.02), 0.2)
    for _ in range(200):
        bench.command(0.3)
        assert bench.step().state is State.PROTECTIVE_STOP, "it does not go on by itself"
    assert bench.supervisor.request_reset(bench.stamp_ns) is None
    bench.step()
    bench.command(0.3)
    assert bench.step().evidence.reason is Reason.RAMP_UP, "nor at full speed at once"


def test_a_short_pause_is_no_stop_but_starts_anew(bench: Bench) -> None:
    bench.supervisor = Supervisor(bench.arm, load_limits("j2n6s300"), realtime=True)
    moving(bench)
    bench.stamp_ns += 15 * TICK_NS
    bench.velocity = np.full(9, 0.1)
    answer = bench.joints()
    assert answer.state is State.READY
    assert np.all(np.abs(answer.velocity) <= 0.1)


def test_the_next_bound_is_when_the_watchdog_has_something_to_say(bench: Bench) -> None:
    supervisor = bench.supervisor
    assert supervisor.due_ns is None
    moving(bench)
    due_ns = supervisor.due_ns
    assert due_ns == bench.stamp_ns + SECOND // 5 + 1
    assert supervisor.on_watchdog(due_ns - 1) is None
    assert answered(supervisor.on_watchdog(due_ns)).evidence.reason is Reason.STALE_JOINTS
    assert supervisor.due_ns == due_ns + TICK_NS, "then on along the ramp, tick by tick"


def test_a_held_key_is_due_before_joint_states_are(bench: Bench) -> None:
    bench.supervisor.set_mode(Mode.SUPERVISED)
    bench.joints()
    bench.supervisor.on_heartbeat(bench.stamp_ns, bench.stamp_ns - SECOND // 5)
    assert bench.supervisor.due_ns == bench.stamp_ns + SECOND // 10 + 1
