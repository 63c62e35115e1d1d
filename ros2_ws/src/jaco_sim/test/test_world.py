"""The world as the graph runs it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from jaco_core.cameras import POLICY
from jaco_core.errors import ConfigError
from jaco_core.frames import FixedFrame
from jaco_core.kinematics import Kinematics, arm_spec
from jaco_core.types import EpisodeStart, VelocityCommand
from jaco_sim.world import World

ALL = ("wrist", "scene")


@pytest.fixture
def world() -> Iterator[World]:
    world = World("reach", "j2n6s300", "nominal", seed=3)
    yield world
    world.close()


def command(world: World, velocity: float) -> VelocityCommand:
    return VelocityCommand(world.stamp_ns, world.arm.joint_names, np.full(len(world.arm), velocity))


def test_a_picture_every_control_period_and_right_after_a_reset(world: World) -> None:
    due = []
    for tick in range(25):
        due.append(world.observe().image is not None)
        world.advance(command(world, 0.0))
        if tick == 12:
            world.reset(EpisodeStart(4))
    assert [index for index, picture in enumerate(due) if picture] == [0, 10, 13, 23]


def test_time_goes_on_over_a_reset_and_never_is_zero(world: World) -> None:
    stamps = [world.stamp_ns]
    for _ in range(3):
        world.advance(command(world, 0.0))
        stamps.append(world.stamp_ns)
    world.reset(EpisodeStart(1))
    stamps.append(world.stamp_ns)
    assert stamps[0] > 0 and np.all(np.diff(stamps) == 10_000_000)


def test_a_start_near_the_target_is_a_function_of_seed_and_distance(world: World) -> None:
    def begin(start: EpisodeStart) -> tuple[float, bytes]:
        world.reset(start)
        seen = world.observe()
        assert seen.scene is not None
        place, kinematics = seen.scene.objects["target"], Kinematics(world.arm)
        kinematics.update(seen.joints.position)
        return float(np.linalg.norm(kinematics.position("palm") - place)), seen.joints.position.tobytes() + place.tobytes()

    own = begin(EpisodeStart(4))
    near = [begin(EpisodeStart(seed, 0.2)) for seed in (4, 5, 6)]
    assert all(0.1 < distance <= 0.2 for distance, _ in near) and own[0] > 0.2
    world.prepare_near_starts()
    assert begin(EpisodeStart(4, 0.2)) == near[0] and begin(EpisodeStart(4)) == own


def test_an_observation_has_one_stamp(world: World) -> None:
    seen = world.observe()
    assert seen.scene is not None and seen.image is not None
    assert seen.joints.stamp_ns == seen.scene.stamp_ns == world.stamp_ns
    assert seen.image.shape == (64, 64, 3) and seen.image.dtype == np.uint8 and seen.image.std() > 5.0


def test_a_commanded_joint_moves_and_a_zero_command_stops_it(world: World) -> None:
    before = world.observe().joints
    for _ in range(30):
        world.advance(command(world, 0.2))
    moving = world.observe().joints
    for _ in range(40):
        world.advance(command(world, 0.0))
    stopped = world.observe().joints
    assert np.all(moving.position[:6] > before.position[:6])
    assert np.all(np.abs(moving.velocity - 0.2) < 0.05)
    assert np.all(np.abs(stopped.velocity) < 0.01)


def test_the_same_seed_gives_the_same_bits(world: World) -> None:
    other = World("reach", "j2n6s300", "nominal", seed=3)
    for _ in range(20):
        first, second = world.observe(), other.observe()
        np.testing.assert_array_equal(first.joints.position, second.joints.position)
        if first.image is not None and second.image is not None:
            np.testing.assert_array_equal(first.image, second.image)
        world.advance(command(world, 0.3))
        other.advance(command(other, 0.3))
    other.close()


def rays(world: World, camera: str, frame: FixedFrame) -> np.ndarray:
    """Returns for each pixel the direction of its ray in the base frame, as long as one unit of depth, shape (h, w, 3)."""
    size = world.image_size
    u, v = np.meshgrid(np.arange(size), np.arange(size))
    matrix = world.camera_matrix(camera)
    local = np.stack([(u - matrix[0, 2]) / matrix[0, 0], (v - matrix[1, 2]) / matrix[1, 1], np.ones((size, size))], axis=-1)
    return local @ frame.rotation.T


@pytest.mark.parametrize("camera", ["policy", "scene"])
def test_depth_is_that_of_the_table_and_of_the_ball_on_it(camera: str) -> None:
    world = World("reach", "j2n6s300", "nominal", seed=3, cameras=ALL, depth=True)
    seen = world.observe()
    frame, depth = world.camera_place(camera), seen.views[camera].depth
    assert frame.parent == world.arm.base_frame and depth is not None and depth.dtype == np.uint16 and seen.scene is not None
    directions = rays(world, camera, frame)
    to_table = -1000.0 * frame.position[2] / directions[..., 2]
    where = frame.position + directions * to_table[..., None] / 1000.0
    on_table = (to_table > 0.0) & (np.abs(where[..., 0] - 0.30) < 0.6) & (np.abs(where[..., 1]) < 0.6)
    gap = to_table[on_table] - depth[on_table]
    assert np.min(gap) >= -1.5, "nothing is seen below the table"
    assert np.count_nonzero(np.abs(gap) <= 1.5) > 0.7 * gap.size > 800
    # The ball: what its nearest point is off the camera along each ray that hits it.
    offset = frame.position - seen.scene.objects["target"]
    a, b, c = np.sum(directions**2, -1), directions @ offset, offset @ offset - world.task.objects[0].radius ** 2
    hit = b**2 > a * c
    expected = 1000.0 * (-b[hit] - np.sqrt(b[hit] ** 2 - a[hit] * c)) / a[hit]
    error = np.abs(depth[hit] - expected)
    # It is drawn with facets, up to 2 mm inside the sphere, and its outermost pixels are half the table's.
    assert hit.sum() >= 9 and np.median(error) < 3.0 and np.mean(error < 5.0) > 0.7
    world.close()


def test_what_is_beyond_the_far_plane_has_no_depth(world: World) -> None:
    other = World("reach", "j2n6s300", "nominal", seed=3, depth=True)
    view = other.observe().views[POLICY]
    assert view.depth is not None and 0.0 < np.mean(view.depth == 0) < 0.2
    assert np.all(view.image[view.depth == 0] == 0), "there the picture shows nothing either"
    np.testing.assert_array_equal(view.image, world.observe().image)
    other.close()


def test_the_wrist_camera_rides_on_the_hand_and_sees_its_fingers_and_the_table() -> None:
    world = World("reach", "j2n6s300", "nominal", seed=3, cameras=("wrist",), depth=True)
    frame = world.camera_place("wrist")
    assert frame.parent == "hand" and frame.name == "wrist_camera"
    np.testing.assert_allclose(frame.rotation @ frame.rotation.T, np.eye(3), atol=1e-9)
    # It looks the way the hand reaches: the palm lies at z = -0.159 of the hand.
    assert frame.rotation[2, 2] < -0.8 and np.linalg.det(frame.rotation) > 0.0
    before = world.observe().views["wrist"].depth
    for _ in range(10):
        world.advance(command(world, 0.3))
    after = world.observe().views["wrist"].depth
    assert before is not None and after is not None
    assert 40 < before.min() < 200 and before.max() > 300 and np.mean(before != after) > 0.5
    world.close()


def test_further_cameras_and_depth_change_nothing_of_what_the_policy_sees() -> None:
    plain = World("reach", "j2n6s300", "randomized", seed=3)
    watched = World("reach", "j2n6s300", "randomized", seed=3, cameras=ALL, depth=True)
    for tick in range(25):
        first, second = plain.observe(), watched.observe()
        np.testing.assert_array_equal(first.joints.position, second.joints.position)
        if first.image is not None and second.image is not None:
            np.testing.assert_array_equal(first.image, second.image)
            assert set(second.views) == {POLICY, *ALL} and set(first.views) == {POLICY}
        plain.advance(command(plain, 0.3))
        watched.advance(command(watched, 0.3))
        if tick == 12:
            places = [watched.camera_place(name).position for name in (POLICY, "scene")]
            plain.reset(EpisodeStart(4))
            watched.reset(EpisodeStart(4))
            moved = [
                np.any(watched.camera_place(name).position != old) for name, old in zip((POLICY, "scene"), places, strict=True)
            ]
            assert moved == [True, False], "the profile varies the policy's camera"
    plain.close()
    watched.close()


def test_an_unknown_camera_is_refused() -> None:
    with pytest.raises(ConfigError, match="no camera 'ceiling'; known beside the policy's: wrist, scene"):
        World("reach", "j2n6s300", "nominal", seed=3, cameras=("ceiling",))


@pytest.mark.parametrize("arm", ["j2n6s300", "gen3"])
def test_the_wrist_cameras_parent_is_a_frame_of_the_arm(arm: str) -> None:
    world = World("reach", arm, "nominal", seed=0, cameras=("wrist",))
    assert world.camera_place("wrist").parent in {body.name for body in arm_spec(world.arm).bodies}
    world.close()
