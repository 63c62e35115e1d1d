from __future__ import annotations

from pathlib import Path

import numpy as np
from jaco_interfaces.msg import SafetyStatus
from monitor_support import PERIOD_NS, RUNNING, Tape, episode, image, joints, scene, status

from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording
from jaco_monitor.timeline import read_moments


def test_a_moment_has_what_belongs_to_its_picture(run_dir: Path) -> None:
    moments = read_moments(Recording(run_dir / FILE_NAME), episodes=10)
    assert [(moment.episode, moment.step) for moment in moments] == [(0, k) for k in range(4)] + [(1, k) for k in range(4)]
    third = moments[2]
    assert third.stamp_ns == 3 * PERIOD_NS
    assert third.picture.shape == (64, 64, 3)
    assert np.all(third.picture == 80)
    np.testing.assert_array_equal(third.joint_position, joints(0.04).position)
    np.testing.assert_array_equal(third.objects["target"], [0.4, 0.1, 0.03])
    assert (third.reward, third.success, third.ended, third.safety_state) == (1.0, True, False, SafetyStatus.ACTIVE)
    assert [moment.ended for moment in moments] == [False, False, False, True] * 2


def test_only_the_first_episodes_are_read(run_dir: Path) -> None:
    assert {moment.episode for moment in read_moments(Recording(run_dir / FILE_NAME), episodes=1)} == {0}


def test_matching_goes_by_stamp_and_not_by_arrival(tmp_path: Path) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    tape.add("/episode/state", episode(0, 0, RUNNING), PERIOD_NS)
    tape.add("/joint_states", joints(0.5), 2 * PERIOD_NS)
    tape.add("/joint_states", joints(0.1), PERIOD_NS)
    tape.add("/safety/status", status(SafetyStatus.HOLD), 2 * PERIOD_NS)
    tape.add("/camera/image_raw", image(9), PERIOD_NS)
    tape.writer.close()
    (moment,) = read_moments(Recording(tmp_path / FILE_NAME), episodes=1)
    np.testing.assert_array_equal(moment.joint_position, joints(0.1).position)
    assert (moment.safety_state, moment.objects) == (None, {})


def test_a_judgement_without_its_picture_is_no_moment(tmp_path: Path) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    tape.add("/joint_states", joints(), PERIOD_NS)
    tape.add("/camera/image_raw", image(9), PERIOD_NS)
    tape.add("/scene", scene(), PERIOD_NS)
    tape.add("/episode/state", episode(0, 1, RUNNING), 2 * PERIOD_NS)
    tape.writer.close()
    assert read_moments(Recording(tmp_path / FILE_NAME), episodes=1) == []


def test_bgr_pictures_are_turned_to_rgb(tmp_path: Path) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    picture = image(0)
    picture.encoding = "bgr8"
    picture.data[0] = 200  # the first pixel's blue
    tape.add("/camera/image_raw", picture, PERIOD_NS)
    tape.add("/joint_states", joints(), PERIOD_NS)
    tape.add("/episode/state", episode(0, 0, RUNNING), PERIOD_NS)
    tape.writer.close()
    (moment,) = read_moments(Recording(tmp_path / FILE_NAME), episodes=1)
    assert moment.picture[0, 0].tolist() == [0, 0, 200]
