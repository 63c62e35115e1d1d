"""Messages to plain data and back."""

from __future__ import annotations

import array
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from jaco_interfaces.msg import JointVelocityCommand, SceneState
from jaco_interfaces.srv import ResetEpisode
from sensor_msgs.msg import Image

from jaco_core.errors import ContractError
from jaco_core.ros import convert
from jaco_core.types import RUNNING, EpisodeStart, EpisodeStatus, JointSample, SceneSample, VelocityCommand, frozen_vector

STAMP = 12_345_678_901


def test_joints_survive_the_round_trip() -> None:
    sample = JointSample(STAMP, ("a", "b"), frozen_vector((0.1, -0.2)), frozen_vector((1, 2)), frozen_vector((3, 4)))
    back = convert.joints_from_message(convert.joints_to_message(sample, "base"))
    assert back.stamp_ns == STAMP and back.names == sample.names
    for label in ("position", "velocity", "effort"):
        np.testing.assert_array_equal(getattr(back, label), getattr(sample, label))


def test_commands_survive_the_round_trip() -> None:
    command = VelocityCommand(STAMP, ("a", "b"), frozen_vector((0.1, -0.2)), 7, 3, STAMP - 5)
    back = convert.command_from_message(convert.command_to_message(command))
    assert (back.stamp_ns, back.names, back.sequence, back.policy_version, back.policy_stamp_ns) == (
        STAMP,
        ("a", "b"),
        7,
        3,
        STAMP - 5,
    )
    np.testing.assert_array_equal(back.velocity, command.velocity)


def test_a_command_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ContractError, match="2 joints and gives 1"):
        convert.command_from_message(JointVelocityCommand(joint_names=["a", "b"], velocities=array.array("d", [1.0])))


def test_episodes_and_scenes_survive_the_round_trip() -> None:
    status = EpisodeStatus(STAMP, "reach", RUNNING, 3, 4, 5, 1.0, 2.0, False, True, True, "time limit", 0.25)
    assert convert.episode_from_message(convert.episode_to_message(status)) == status
    known = {"target": frozen_vector((0.4, 0.1, 0.03))}
    scene = SceneSample(STAMP, known, ("link_4|table",), ("target",), {"cup": "not_seen"})
    back = convert.scene_from_message(convert.scene_to_message(scene, "base"))
    np.testing.assert_array_equal(back.objects["target"], scene.objects["target"])
    assert back.contacts == scene.contacts and back.hidden == scene.hidden and back.missing == scene.missing


def test_an_episode_recorded_before_there_were_curricula_had_the_tasks_own_starts() -> None:
    status = EpisodeStatus(STAMP, "reach", RUNNING, 3, 4, 5, furthest_m=0.25)
    message = convert.episode_to_message(status)
    names = (name for name in message.get_fields_and_field_types() if name != "furthest_m")
    older: Any = SimpleNamespace(**{name: getattr(message, name) for name in names})
    assert convert.episode_from_message(older) == replace(status, furthest_m=0.0)


def test_a_start_is_within_a_finite_distance_or_the_tasks_own() -> None:
    request = ResetEpisode.Request(seed=2**40, furthest_m=0.25)
    assert convert.start_from_request(request) == EpisodeStart(2**40, 0.25) and EpisodeStart(1, 0.25).bound == 0.25
    assert convert.start_from_request(ResetEpisode.Request(seed=1)).bound == np.inf
    for wrong in (-0.1, np.nan, np.inf):
        with pytest.raises(ContractError, match=f"within a finite distance of its target, or anywhere for 0 m; got {wrong} m"):
            convert.start_from_request(ResetEpisode.Request(furthest_m=wrong))


def test_a_scene_with_a_name_too_many_is_refused() -> None:
    with pytest.raises(ContractError, match="names 1 objects and gives 0"):
        convert.scene_from_message(SceneState(object_names=["target"]))
    with pytest.raises(ContractError, match="misses 1 objects and gives 0 reasons"):
        convert.scene_from_message(SceneState(missing_names=["target"]))


def test_images_survive_the_round_trip_and_bgr_is_turned() -> None:
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    message = convert.image_to_message(image, STAMP, "camera")
    np.testing.assert_array_equal(convert.image_from_message(message), image)
    message.encoding = "bgr8"
    np.testing.assert_array_equal(convert.image_from_message(message), image[:, :, ::-1])


@pytest.mark.parametrize(("encoding", "size"), [("mono8", 12), ("rgb8", 11), ("rgb8", 13)])
def test_images_that_do_not_fit_together_are_refused(encoding: str, size: int) -> None:
    message = Image(height=2, width=2, step=6, encoding=encoding)
    message.data = array.array("B", bytes(size))
    with pytest.raises(ContractError, match="image"):
        convert.image_from_message(message)


def test_depth_survives_the_round_trip_in_either_byte_order() -> None:
    depth = np.random.default_rng(0).integers(0, 65536, (4, 6), dtype=np.uint16)
    message = convert.depth_to_message(depth, STAMP, "camera")
    assert (message.encoding, message.step) == ("16UC1", 12) and convert.stamp_to_ns(message.header.stamp) == STAMP
    np.testing.assert_array_equal(convert.depth_from_message(message), depth)
    message.data, message.is_bigendian = array.array("B", depth.astype(">u2").tobytes()), 1
    np.testing.assert_array_equal(convert.depth_from_message(message), depth)


@pytest.mark.parametrize(("encoding", "size"), [("32FC1", 48), ("16UC1", 47)])
def test_depth_that_does_not_fit_together_is_refused(encoding: str, size: int) -> None:
    message = Image(height=4, width=6, encoding=encoding, step=12, data=array.array("B", bytes(size)))
    with pytest.raises(ContractError, match="depth"):
        convert.depth_from_message(message)
