"""Resets without ROS: to a free start, on when the target lies still, and an end with a sentence when that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from reset_support import ARM, BARRIERS, PLACE, TICK_NS, Table

from jaco_core.kinematics import Kinematics
from jaco_core.types import COVERED, NOT_SEEN, EpisodeStart, Vector, frozen_vector
from jaco_driver.reset.procedure import FOLLOW_AFTER_S, Phase
from jaco_tasks.reach import TARGET
from jaco_tasks.registry import make_task
from jaco_tasks.task import Layout


def test_each_seed_leads_to_a_start_of_its_own_clear_of_every_barrier() -> None:
    table, kinematics, starts = Table(), Kinematics(ARM), []
    for seed in (3, 4, 5, 3):
        table.procedure.begin(EpisodeStart(seed))
        assert table.run(60.0, Phase.DONE, Phase.FAILED) is Phase.DONE, table.procedure.sentence
        kinematics.update(table.position)
        assert np.linalg.norm(kinematics.position("palm") - PLACE) > 0.10
        starts.append(table.position)
    assert min(BARRIERS.distance(position).min() for position in table.passed) > 0.0
    np.testing.assert_allclose(starts[0], starts[3], atol=0.07)
    assert np.abs(starts[0] - starts[1]).max() > 0.2 and np.abs(starts[1] - starts[2]).max() > 0.2


def test_it_can_go_home_instead() -> None:
    table = Table("home")
    table.position = table.position + 0.2
    table.procedure.begin(EpisodeStart(1))
    assert table.run(20.0, Phase.DONE) is Phase.DONE
    np.testing.assert_allclose(table.position, ARM.home, atol=0.03)


@pytest.mark.parametrize("trouble", ["gone", "moving", "hidden"])
def test_no_episode_begins_before_the_target_lies_still_in_sight(trouble: str) -> None:
    table = Table()
    table.hidden = trouble == "hidden"
    table.target = None if trouble == "gone" else PLACE
    table.procedure.begin(EpisodeStart(1))
    waited = 0
    for step in range(400):
        if trouble == "moving":
            table.target = frozen_vector(PLACE + np.array((0.03 * np.sin(step), 0.0, 0.0)))
        table.step()
        assert table.procedure.phase in (Phase.MOVING, Phase.WAITING), table.procedure.sentence
        waited += table.procedure.phase is Phase.WAITING
    assert waited > 50 and table.procedure.sentence
    table.target, table.hidden = PLACE, False
    assert table.run(60.0, Phase.DONE, Phase.FAILED) is Phase.DONE


def test_a_target_under_the_hand_sends_the_arm_to_another_start() -> None:
    table, kinematics = Table(), Kinematics(ARM)
    table.target = None
    table.procedure.begin(EpisodeStart(1))
    assert table.run(30.0, Phase.WAITING) is Phase.WAITING
    kinematics.update(table.position)
    before, table.target = table.position, frozen_vector(kinematics.position("palm"))
    assert table.run(60.0, Phase.DONE) is Phase.DONE
    assert np.abs(table.position - before).max() > 0.1


@pytest.mark.parametrize(("reason", "moves"), [(COVERED, True), (NOT_SEEN, False)])
def test_a_target_that_the_arm_covers_sends_it_to_another_start_and_one_that_is_gone_does_not(reason: str, moves: bool) -> None:
    table = Table()
    table.target, table.missing = None, reason
    table.procedure.begin(EpisodeStart(1))
    assert table.run(30.0, Phase.WAITING) is Phase.WAITING
    before = table.position
    table.run(4.0)
    assert bool(np.abs(table.position - before).max() > 0.1) is moves


def test_an_arm_that_is_held_back_ends_in_a_sentence_after_its_time() -> None:
    table = Table(timeout=12.0)
    table.obeys = lambda velocity: 0.0 * velocity
    table.procedure.on_status("", "finger_tip_1 would approach the table.")
    table.procedure.begin(EpisodeStart(1))
    began = table.now_ns
    assert table.run(60.0, Phase.FAILED) is Phase.FAILED
    assert (table.now_ns - began) * 1e-9 == pytest.approx(12.0, abs=0.5)
    assert "within 12.0 s of motion" in table.procedure.sentence and "would approach the table" in table.procedure.sentence
    assert table.step() is None


def test_where_no_way_leads_out_the_reset_is_given_up_and_says_what_to_do() -> None:
    table = Table(distance=lambda position: np.array([-1.0]))  # everything is forbidden
    table.procedure.begin(EpisodeStart(1))
    assert table.run(5.0, Phase.FAILED) is Phase.FAILED
    assert "cannot go back to a start" in table.procedure.sentence and "mode guided" in table.procedure.sentence


def test_while_the_operator_holds_the_arm_no_time_counts_and_nothing_is_proposed() -> None:
    table = Table(timeout=8.0)
    table.procedure.begin(EpisodeStart(1))
    table.procedure.on_status("in mode observe the arm does not move by itself.", "")
    for _ in range(400):
        assert table.step() is None
    assert table.procedure.phase is Phase.MOVING and "waits: in mode observe" in table.procedure.sentence
    table.procedure.on_status("", "")
    table.procedure.paused = True
    assert table.step() is None
    table.procedure.paused = False
    assert table.step() is not None
    assert table.run(30.0, Phase.DONE, Phase.FAILED) is Phase.DONE


def test_after_the_operator_moved_the_arm_the_way_is_planned_anew() -> None:
    table = Table("home")
    table.position = table.position + 0.4
    table.procedure.begin(EpisodeStart(1))
    table.run(0.3)
    table.procedure.on_status("in mode guided the arm does not move by itself.", "")
    table.step()
    table.position = np.array(ARM.home)
    table.position[0] += 2.0
    table.position[1] += 0.3
    table.procedure.on_status("", "")
    passed = len(table.passed)
    assert table.run(30.0, Phase.DONE, Phase.FAILED) is Phase.DONE
    assert min(BARRIERS.distance(position).min() for position in table.passed[passed:]) > 0.0


def test_a_person_is_asked_to_move_the_target_and_patience_ends() -> None:
    table = Table("home", move_every=2, move_patience=5.0)
    for episode in range(2):
        table.procedure.begin(EpisodeStart(episode))
        assert table.run(10.0, Phase.DONE) is Phase.DONE
    table.procedure.begin(EpisodeStart(2))
    table.run(2.0)
    assert table.procedure.phase is Phase.WAITING and "please move the target, for example to (" in table.procedure.sentence
    table.target = frozen_vector(PLACE - np.array((0.0, 0.1, 0.0)))
    assert table.run(3.0, Phase.DONE) is Phase.DONE
    for episode in (3, 4):
        table.procedure.begin(EpisodeStart(episode))
        began = table.now_ns
        assert table.run(20.0, Phase.DONE) is Phase.DONE
    assert (table.now_ns - began) * 1e-9 == pytest.approx(5.0, abs=3 * TICK_NS * 1e-9)


@pytest.mark.parametrize("place", [PLACE, frozen_vector((0.57, 0.2, 0.035)), frozen_vector((0.27, -0.2, 0.035))])
def test_near_the_target_the_palm_starts_within_the_distance_wherever_the_target_lies(place: Vector) -> None:
    table, kinematics, task = Table(), Kinematics(ARM), make_task("reach")
    table.target = place
    for seed, furthest in ((1, 0.15), (2, 0.15), (3, 0.25)):
        table.procedure.begin(EpisodeStart(seed, furthest))
        assert table.run(60.0, Phase.DONE, Phase.FAILED) is Phase.DONE, table.procedure.sentence
        kinematics.update(table.position)
        palm = kinematics.position("palm")
        assert np.linalg.norm(palm - place) <= furthest + 0.02
        assert task.accepts(Layout(table.position, {TARGET: place}), palm)
    assert min(BARRIERS.distance(position).min() for position in table.passed) > 0.0


def test_a_target_that_is_moved_away_meanwhile_is_followed() -> None:
    table, kinematics = Table(), Kinematics(ARM)
    table.procedure.begin(EpisodeStart(1, 0.15))
    assert table.run(0.3, Phase.WAITING) is Phase.MOVING
    table.target = frozen_vector(PLACE - np.array((0.0, 0.2, 0.0)))
    assert table.run(60.0, Phase.DONE, Phase.FAILED) is Phase.DONE, table.procedure.sentence
    kinematics.update(table.position)
    assert np.linalg.norm(kinematics.position("palm") - table.target) <= 0.17


def test_before_the_arm_follows_a_target_there_is_time_to_take_the_hand_away() -> None:
    table = Table()
    table.procedure.begin(EpisodeStart(1, 0.15))
    assert table.run(0.3, Phase.WAITING) is Phase.MOVING
    table.target = frozen_vector(PLACE - np.array((0.0, 0.2, 0.0)))
    assert table.run(60.0, Phase.WAITING) is Phase.WAITING
    there = table.position
    assert table.run(FOLLOW_AFTER_S - 0.1, Phase.MOVING) is Phase.WAITING
    assert "keep your hands away" in table.procedure.sentence
    assert np.array_equal(table.position, there)
    # Who pauses the task and goes on has the whole time again.
    table.procedure.paused = True
    assert table.run(10.0, Phase.MOVING) is Phase.WAITING
    table.procedure.paused = False
    assert table.run(FOLLOW_AFTER_S - 0.1, Phase.MOVING) is Phase.WAITING
    assert np.array_equal(table.position, there)
    assert table.run(2.0, Phase.MOVING) is Phase.MOVING
    assert table.run(60.0, Phase.DONE, Phase.FAILED) is Phase.DONE, table.procedure.sentence


def test_where_no_start_is_so_near_the_reset_is_given_up_and_says_how_near() -> None:
    table = Table()
    # Nearer than what counts as reached, which no episode of the task starts at.
    table.procedure.begin(EpisodeStart(1, 0.09))
    assert table.run(5.0, Phase.FAILED) is Phase.FAILED
    assert "no start within 0.09 m of the target is free" in table.procedure.sentence
    assert not table.passed
