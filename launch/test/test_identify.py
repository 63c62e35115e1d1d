"""`jaco identify`: a recording becomes a record of motion, and what cannot be identified is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.serialization import serialize_message

from jaco_bringup.commands.identify import read_record, run
from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.ros import convert
from jaco_core.types import JointSample, VelocityCommand
from jaco_monitor.recorder.topics import TOPICS
from jaco_monitor.recorder.writer import FILE_NAME, RecordingWriter, SerialisedMessage

ARM = load_arm("j2n6s300")
TICK_NS = 10_000_000
CAMERA = np.array([[75.0, 0.0, 31.5], [0.0, 75.0, 31.5], [0.0, 0.0, 1.0]])


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Returns the folder of a run of 40 ticks with an episode in each of two worlds; one joint state came twice."""
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "supervisor.yaml").write_text("/supervisor:\n  ros__parameters:\n    arm: j2n6s300\n")
    topics = tuple(topic for topic in TOPICS if topic.name != "/tf")
    with RecordingWriter(tmp_path / FILE_NAME, topics) as writer:

        def say(topic: str, message: object) -> None:
            writer.write(SerialisedMessage(topic, bytes(serialize_message(message)), 1, 1))

        for tick in (*range(1, 41), 40):
            stamp = tick * TICK_NS
            speed = np.full(len(ARM), 0.01 * tick)
            names = tuple(reversed(ARM.joint_names))
            say("/joint_states", convert.joints_to_message(JointSample(stamp, names, np.arange(9.0), speed), "base"))
            say("/arm/applied", convert.command_to_message(VelocityCommand(stamp, ARM.joint_names, speed)))
            if tick % 10 == 0:
                say("/camera/image_raw", convert.image_to_message(np.full((64, 64, 3), tick, np.uint8), stamp, "camera"))
                say("/camera/camera_info", convert.camera_info_to_message(64, 64, CAMERA, np.zeros(5), stamp, "camera"))
        for seed in ("1", "2", "2"):
            values = [KeyValue(key="seed", value=seed), KeyValue(key="payload", value=seed)]
            say("/diagnostics", DiagnosticArray(status=[DiagnosticStatus(name="variation", values=values)]))
    return tmp_path


def test_a_recording_becomes_a_record(run_dir: Path) -> None:
    record, worlds = read_record(run_dir)
    assert worlds == 2
    np.testing.assert_allclose(record.times, 0.01 * np.arange(40))
    np.testing.assert_array_equal(record.position[0], np.arange(9.0)[::-1])
    np.testing.assert_allclose(record.command[:, 3], 0.01 * np.arange(1, 41))
    np.testing.assert_allclose(record.image_times, [0.09, 0.19, 0.29, 0.39])
    assert record.images[:, 0, 0, 0].tolist() == [10, 20, 30, 40]
    assert record.camera_matrix is not None
    np.testing.assert_array_equal(record.camera_matrix, CAMERA)


def test_a_record_that_says_too_little_is_refused_and_nothing_is_written(run_dir: Path) -> None:
    with pytest.raises(ConfigError, match=r"The record has 0\.4 s of motion; identification needs at least 20 s"):
        run(run_dir, run_dir / "out.yaml", "nominal", camera=True)
    assert not (run_dir / "out.yaml").exists()


def test_a_twin_is_no_base(run_dir: Path) -> None:
    with pytest.raises(ConfigError, match="Profile 'twin-1' is held out"):
        run(run_dir, run_dir / "out.yaml", "twin-1", camera=False)


def test_a_place_for_the_profile_is_checked_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"give a \.yaml file in a folder that exists"):
        run(tmp_path, tmp_path / "nowhere" / "out.yaml", "nominal", camera=False)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is no folder of a run: .*supervisor\.yaml is missing"):
        run(tmp_path, tmp_path / "out.yaml", "nominal", camera=False)
