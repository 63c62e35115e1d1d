"""Steps from messages, by stamp: whole episodes, gaps, and what was applied."""

from __future__ import annotations

import numpy as np
import pytest
from embedded_support import ARM, SPEEDS, Graph

from jaco_core.ramp import ramp_velocity
from jaco_core.types import PAUSED, WAITING, EpisodeStatus
from jaco_learner.embedded.assembly import Assembler, Judged
from jaco_learner.embedded.execution import executed_action
from jaco_learner.embedded.transition import Run


def assembled(assembler: Assembler) -> list[Run]:
    return [run for runs, _ in assembler.episodes() for run in runs]


def test_an_episode_becomes_one_run_with_rewards_of_the_observation_after() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False)
    chosen = Graph(assembler).play(3)
    (run,) = assembled(assembler)
    assert run.complete and not run.terminated and run.total_reward == 10.0
    assert [step.reward for step in run.transitions] == [1.0, 2.0, 3.0, 4.0]
    assert [step.image[0, 0, 0] for step in run.transitions] == [30, 31, 32, 33] and run.final_image[0, 0, 0] == 34
    assert [step.proprioception[0] for step in run.transitions] == [0.0, 1.0, 2.0, 3.0] and run.final_proprioception[0] == 4.0
    for step, action in zip(run.transitions, chosen, strict=True):
        np.testing.assert_array_equal(step.action, action)
        assert step.log_probability == -5.0
    assert not assembler.dropped and not assembler.overruled and not assembler.waiting


def test_what_only_learning_knows_is_the_velocity_before_and_where_the_objects_are() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False, objects=("target",))
    Graph(assembler).play(3)
    (run,) = assembled(assembler)
    before = [np.zeros(9), *(step.known[:9] for step in run.transitions[1:]), run.final_known[:9]]
    velocity = np.zeros(9)
    for step, known in zip(run.transitions, before[1:], strict=True):
        for _ in range(10):
            velocity = ramp_velocity(velocity, SPEEDS[np.arange(9), step.action], ARM.max_acceleration, 0.01)
        np.testing.assert_allclose(known, velocity)
    np.testing.assert_array_equal(run.transitions[0].known, [0.0] * 9 + [0.4, 0.1, 0.0])
    np.testing.assert_array_equal(run.final_known[9:], [0.4, 0.1, 0.04])


def test_a_step_at_which_an_object_s_place_is_not_known_is_dropped_where_it_is_needed() -> None:
    needing, other = Assembler(ARM, SPEEDS, recurrent=False, objects=("target",)), Assembler(ARM, SPEEDS, recurrent=False)
    for assembler in (needing, other):
        graph = Graph(assembler)
        graph.play(1, omit=frozenset({("objects", 2)}))
        graph.play(2)
    assert [len(run.transitions) for run in assembled(needing)] == [1, 1, 4]
    assert needing.dropped == {"place of an object": 2}
    assert [len(run.transitions) for run in assembled(other)] == [4, 4] and not other.dropped


@pytest.mark.parametrize(
    ("kind", "step", "lengths", "counted"),
    [
        ("image", 2, [1, 1], {"image": 2}),
        ("joints", 2, [1, 1], {"joint state": 2}),
        ("image", 0, [3], {"image": 1}),
        ("word", 1, [1, 2], {"policy's step": 1}),
        ("judged", 1, [1, 2], {"supervisor's step": 1}),
        ("applied", 3, [3], {"applied velocity": 1}),
        ("episode", 2, [1, 1], {"episode state": 1}),
        ("image", 4, [3], {"image": 1}),
    ],
)
def test_what_is_missing_drops_its_step_and_is_counted(kind: str, step: int, lengths: list[int], counted: dict[str, int]) -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False)
    graph = Graph(assembler)
    graph.play(1, omit=frozenset({(kind, step)}))
    graph.play(2)
    *cut, whole = assembled(assembler)
    assert [len(run.transitions) for run in cut] == lengths
    assert not any(run.complete for run in cut) and whole.complete
    assert assembler.dropped == counted
    # A run's last observation is the one that follows its last step.
    for run in cut:
        assert run.final_image[0, 0, 0] == run.transitions[-1].image[0, 0, 0] + 1


def test_a_network_that_remembers_learns_nothing_after_a_gap() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=True)
    graph = Graph(assembler)
    graph.play(1, omit=frozenset({("word", 1)}))
    graph.play(2)
    first, whole = assembled(assembler)
    assert len(first.transitions) == 1 and len(whole.transitions) == 4
    assert assembler.dropped == {"policy's step": 1, "what came before": 2}


def test_an_episode_waits_for_its_last_message_but_not_for_ever() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False)
    graph = Graph(assembler)
    graph.play(1, omit=frozenset({("judged", 3)}))
    assert assembler.waiting and not assembled(assembler)
    graph.play(2, steps=1)
    assert [len(run.transitions) for run in assembled(assembler)] == [3, 1]


def test_a_cameras_image_takes_the_nearest_joint_state_within_the_tolerance() -> None:
    strict, lenient = (Assembler(ARM, SPEEDS, recurrent=False, tolerance=tolerance) for tolerance in (0.0, 0.01))
    for assembler in (strict, lenient):
        Graph(assembler).play(1, lag_ns=4_000_000)
    (run,) = assembled(lenient)
    assert run.complete and [step.proprioception[0] for step in run.transitions] == [0.0, 1.0, 2.0, 3.0]
    assert run.final_proprioception[0] == 4.0 and not lenient.dropped
    assert strict.waiting and not assembled(strict), "the very same stamp may still come, before the next episode"
    far = Assembler(ARM, SPEEDS, recurrent=False, tolerance=0.01)
    graph = Graph(far)
    graph.play(1, lag_ns=40_000_000)
    graph.play(2, lag_ns=40_000_000)
    assert not assembled(far) and far.dropped == {"joint state": 4}


@pytest.mark.parametrize("phase", [WAITING, PAUSED])
def test_what_comes_between_episodes_is_no_step_and_is_not_kept(phase: int) -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=True)
    graph = Graph(assembler)
    for _ in range(500):
        graph.now_ns += 100_000_000
        assembler.add_image(graph.now_ns, np.zeros((64, 64, 3), np.uint8))
        assembler.add_episode(EpisodeStatus(graph.now_ns, "reach", phase, 1, 0))
    assert len(assembler._steps) <= 1
    graph.now_ns += 100_000_000
    graph.play(1)
    (run,) = assembled(assembler)
    assert run.complete and len(run.transitions) == 4 and not assembler.dropped


def test_steps_of_an_operator_are_corrections_and_runs_of_their_own() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False, operator_share=0.25)
    jogged = np.zeros(9)
    jogged[[0, 4]] = 0.15, -0.15  # what the operator's console jogs with
    graph = Graph(assembler)
    chosen = graph.play(1, shown={1: jogged, 2: jogged})
    graph.play(2)
    first, shown, last, whole = assembled(assembler)
    assert [run.corrected for run in (first, shown, last, whole)] == [False, True, False, False]
    assert [len(run.transitions) for run in (first, shown, last)] == [1, 2, 1] and not first.complete and not last.complete
    assert all(step.corrected and step.log_probability is None for step in shown.transitions)
    # In the first one joints still brake from what the policy did.
    np.testing.assert_array_equal(shown.transitions[1].action, [2, 1, 1, 1, 0, 1, 1, 1, 1])
    # What came before and after is the policy's own, with the reward of the observation after it.
    np.testing.assert_array_equal(first.transitions[0].action, chosen[0])
    assert first.transitions[0].reward == 1.0 and [step.reward for step in shown.transitions] == [2.0, 3.0]
    assert first.final_image[0, 0, 0] == shown.transitions[0].image[0, 0, 0]
    assert not assembler.dropped and not assembler.overruled


@pytest.mark.parametrize(
    ("judged", "counted"),
    [
        ((Judged("policy", 0), Judged("operator", 0)), "policy's authority"),
        ((Judged("operator", 0), Judged("operator", 0, withheld_ticks=1)), "operator's motion"),
        ((Judged("reset", 0),), "policy's authority"),
        ((), "supervisor's step"),
    ],
)
def test_a_step_that_was_not_wholly_the_policy_s_or_moved_by_the_operator_is_dropped(
    judged: tuple[Judged, ...], counted: str
) -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False)
    graph = Graph(assembler)
    graph.play(1, shown={1: 0.5 * SPEEDS[:, 2]}, judged={1: judged})
    graph.play(2)
    before, after, _ = assembled(assembler)
    assert len(before.transitions) == 1 and len(after.transitions) == 2 and assembler.dropped == {counted: 1}


def test_an_operator_s_step_is_waited_for_until_the_next_one_is_spoken_of() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False)
    graph = Graph(assembler)
    graph.play(1, shown={3: SPEEDS[:, 2]})
    assert assembler.waiting and not assembled(assembler)
    assembler.add_judged(graph.now_ns, Judged("operator", 0))
    _, shown = assembled(assembler)
    assert shown.corrected and len(shown.transitions) == 1


def test_a_network_that_remembers_learns_from_corrections_from_the_first_step_on_alone() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=True)
    graph = Graph(assembler)
    graph.play(1, shown=dict.fromkeys(range(4), SPEEDS[:, 2]))
    graph.play(2, shown={2: SPEEDS[:, 2]})
    graph.play(3)
    runs = assembled(assembler)
    assert [(run.corrected, len(run.transitions)) for run in runs] == [(True, 4), (False, 2), (False, 4)]
    assert assembler.dropped == {"what came before": 2}


def test_it_learns_on_the_applied_action_where_the_supervisor_chose_another() -> None:
    assembler = Assembler(ARM, SPEEDS, recurrent=False)
    still = np.ones(9, np.int64)
    chosen = Graph(assembler).play(1, applied={0: still})
    (run,) = assembled(assembler)
    assert assembler.overruled == 1
    np.testing.assert_array_equal(run.transitions[0].action, still)
    assert run.transitions[0].log_probability is None
    np.testing.assert_array_equal(run.transitions[1].action, chosen[1])
    assert run.transitions[1].log_probability == -5.0


@pytest.mark.parametrize("start", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("applied", [0, 1, 2])
@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_the_executed_action_is_found_through_the_ramp(start: float, applied: int, chosen: int) -> None:
    before = start * SPEEDS[:, 2]
    velocity, ticks = before, []
    for _ in range(10):
        velocity = ramp_velocity(velocity, SPEEDS[:, applied], ARM.max_acceleration, 0.01)
        ticks.append(velocity)
    found = executed_action(np.full(9, chosen), SPEEDS, before, np.array(ticks), ARM.max_acceleration, 0.01)
    if start == 0.0:
        np.testing.assert_array_equal(found, applied)
    # In motion, braking and reversing look the same for a while: what is found explains what was applied, the chosen one first.
    velocity, mean = before, np.zeros(9)
    for _ in range(10):
        velocity = ramp_velocity(velocity, SPEEDS[np.arange(9), found], ARM.max_acceleration, 0.01)
        mean += velocity / 10
    np.testing.assert_allclose(mean, np.mean(ticks, axis=0), atol=0.021)
    if chosen == applied:
        np.testing.assert_array_equal(found, chosen)


def test_a_speed_between_two_is_the_nearer() -> None:
    applied = np.tile(0.8 * SPEEDS[:, 2], (10, 1))
    found = executed_action(np.zeros(9, np.int64), SPEEDS, 0.8 * SPEEDS[:, 2], applied, ARM.max_acceleration, 0.01)
    assert (found == 2).all()
