"""Kinova's units, names, pace and latch."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.types import Vector
from jaco_driver.backends import make_backend
from jaco_driver.kinova_ros.pacing import PERIOD_NS, Mailbox, Metronome, next_beat
from jaco_driver.kinova_ros.wire import TURNS_PER_RAD, kinova_names, to_fields
from jaco_driver.pace import measure_pace

ARM = load_arm("j2n6s300")
MS = 1_000_000


def test_second_and_third_finger_are_the_other_way_round() -> None:
    names = kinova_names(ARM, "left")
    assert names[:2] == ("left_joint_1", "left_joint_2")
    assert names[6:] == ("left_joint_finger_1", "left_joint_finger_3", "left_joint_finger_2")


def test_fields_are_degrees_and_turns() -> None:
    velocity = np.deg2rad([10.0, -20.0, 0.0, 0.0, 0.0, 48.0, 8.0, 16.0, 24.0])
    fields = to_fields(ARM, velocity)
    assert fields["joint1"] == pytest.approx(10.0) and fields["joint2"] == pytest.approx(-20.0)
    assert fields["joint6"] == pytest.approx(48.0)
    assert [fields[f"finger{n}"] for n in (1, 2, 3)] == pytest.approx([680.0, 2040.0, 1360.0])
    assert pytest.approx(6800.0) == TURNS_PER_RAD * np.deg2rad(80.0)


def test_other_makers_arms_are_refused() -> None:
    other = replace(ARM, joints=tuple(replace(joint, name=f"shoulder_{joint.name}") for joint in ARM.joints))
    with pytest.raises(ConfigError, match="has a joint 'shoulder_joint_1'"):
        kinova_names(other, "left")


def test_missing_kinova_msgs_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kinova_msgs.msg", None)
    port = make_backend("kinova_ros", ARM)
    with pytest.raises(ConfigError, match=r"^The ROS package kinova_msgs with .* is not installed or not sourced; build it"):
        port.configure()
    port.close()


def test_newest_velocity_wins_goes_stale_and_falls_silent() -> None:
    mailbox, fast = Mailbox(2, 0.15, 0.5), np.array([0.1, 0.2])
    assert mailbox.take(0) is None, "nothing is sent before the first velocity"
    mailbox.put(np.array([9.0, 9.0]), 0)
    mailbox.put(fast, 1 * MS)
    assert np.array_equal(taken(mailbox, 100 * MS), fast)
    assert not taken(mailbox, 152 * MS).any()
    assert not taken(mailbox, 651 * MS).any()
    assert mailbox.take(652 * MS) is None
    mailbox.put(fast, 700 * MS)
    mailbox.rest(710 * MS)
    assert not taken(mailbox, 711 * MS).any()


def taken(mailbox: Mailbox, now_ns: int) -> Vector:
    letter = mailbox.take(now_ns)
    assert letter is not None
    return letter[0]


@pytest.mark.parametrize(("late_ms", "expected_ms"), [(0, 10), (3, 10), (9, 10), (10, 20), (57, 60)])
def test_beats_that_were_missed_are_skipped(late_ms: int, expected_ms: int) -> None:
    assert next_beat(0, late_ms * MS) == expected_ms * MS


def test_a_thousand_beats_never_outrun_the_grid() -> None:
    rng, beat = np.random.default_rng(0), 0
    for sent in range(1, 1001):
        beat = next_beat(beat, beat + int(rng.exponential(4 * MS)))
        assert sent * PERIOD_NS <= beat


def test_pace_is_told_in_milliseconds_off_the_grid() -> None:
    times = np.cumsum([0, 10, 12, 8, 10, 10, 10, 10, 10, 10, 10]) * MS
    pace = measure_pace([(int(time), 3 * MS) for time in times], 0.010)
    assert pace is not None
    figures = pace.figures()
    assert figures["commands"] == 11 and figures["rate_hz"] == pytest.approx(100.0)
    assert figures["jitter_ms_max"] == pytest.approx(2.0) and figures["jitter_ms_p50"] == pytest.approx(0.0)
    assert figures["age_ms_p99"] == pytest.approx(3.0)
    assert measure_pace([], 0.010) is None


def test_velocity_says_how_old_it_is_when_it_is_taken() -> None:
    mailbox = Mailbox(2, timeout=0.15, rests=0.5)
    mailbox.put(np.ones(2), 0)
    letter = mailbox.take(7 * MS)
    assert letter is not None and letter[1] == 7 * MS


def test_metronome_beats_on_its_own_thread_until_it_is_closed() -> None:
    beats: list[int] = []
    metronome = Metronome(lambda: beats.append(time.monotonic_ns()))
    deadline = time.monotonic() + 20.0
    while len(beats) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)  # the poll interval of this bounded wait
    metronome.close()
    count = len(beats)
    assert count >= 10
    assert (beats[-1] - beats[0]) / PERIOD_NS >= count - 2, "never faster than 100 Hz"
