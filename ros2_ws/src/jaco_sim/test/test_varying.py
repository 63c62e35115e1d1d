"""Variations in the simulated world: each does what its name says, nominal does nothing, the same seed gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.kinematics import Kinematics
from jaco_core.types import EpisodeStart, VelocityCommand
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.profiles import load_profile
from jaco_sim.rendering import Renderer
from jaco_sim.scene import POLICY_CAMERA, Scene, build_scene
from jaco_sim.simulation import ArmSimulation, make_scene
from jaco_sim.variation import parse_ranges
from jaco_sim.world import World
from jaco_tasks.episode import EpisodeJudge
from jaco_tasks.reach import Reach
from jaco_tasks.registry import make_task
from jaco_tasks.task import Layout
from jaco_tasks.track import Track


@pytest.fixture(scope="module")
def nominal() -> Scene:
    return make_scene()


@pytest.fixture(scope="module")
def free() -> Scene:
    """The nominal world, ready for variations."""
    return scene_with(payload=0.0)


@pytest.fixture(scope="module")
def renderer(free: Scene) -> Iterator[Renderer]:
    renderer = Renderer(free.model)
    yield renderer
    renderer.close()


def scene_with(**ranges: object) -> Scene:
    profile = replace(load_profile("nominal"), ranges=parse_ranges(ranges, "test"))
    return build_scene(make_task("reach"), load_arm("j2n6s300"), profile)


def simulation_with(free: Scene, seed: int = 3, **ranges: object) -> ArmSimulation:
    """Returns a simulation at the start of an episode in which only `ranges` vary."""
    profile = replace(free.profile, ranges=parse_ranges(ranges or {"payload": 0.0}, "test"))
    simulation = ArmSimulation(replace(free, profile=profile))
    simulation.reset(seed)
    return simulation


def roll(simulation: ArmSimulation, ticks: int = 60) -> np.ndarray:
    """Returns the joint angles under a constant command, shape (ticks, n)."""
    simulation.apply(0.3 * np.ones(9))
    rows = []
    for _ in range(ticks):
        simulation.step()
        rows.append(simulation.joints().position)
    return np.array(rows)


def test_a_profile_without_ranges_is_plain_mujoco(nominal: Scene) -> None:
    """Trajectory and pictures are those of the compiled model itself, bit for bit, whatever episodes came before."""
    model, simulation = build_scene(nominal.task, nominal.arm, nominal.profile).model, ArmSimulation(nominal)
    for seed in (1, 2, 3):
        simulation.reset(seed)
    assert simulation.model is nominal.model and simulation.layout is not None
    data = mujoco.MjData(model)
    data.qpos[nominal.qpos] = simulation.layout.joint_position
    data.mocap_pos[nominal.objects["target"]] = simulation.layout.objects["target"]
    mujoco.mj_forward(model, data)
    data.ctrl[:] = 0.3
    positions = roll(simulation)
    for row in positions:
        mujoco.mj_step(model, data, 5)
        np.testing.assert_array_equal(data.qpos[nominal.qpos], row)
    mujoco.mj_fwdPosition(model, data)
    ours, plain = Renderer(nominal.model), Renderer(model)
    np.testing.assert_array_equal(simulation.picture(ours), plain.draw(data, POLICY_CAMERA))
    ours.close()
    plain.close()


def test_neutral_variations_leave_the_nominal_motion(nominal: Scene, free: Scene) -> None:
    plain = ArmSimulation(nominal)
    plain.reset(3)
    np.testing.assert_allclose(roll(simulation_with(free)), roll(plain), atol=1e-12)


def test_the_same_seed_gives_the_same_bits_whatever_came_before() -> None:
    scene = make_scene(profile="randomized")
    renderer, used, fresh = Renderer(scene.model), ArmSimulation(scene), ArmSimulation(scene)
    for seed in range(8):
        used.reset(seed)
        used.picture(renderer)
        roll(used, 3)
    used.reset(9)
    fresh.reset(9)
    np.testing.assert_array_equal(used.picture(renderer), fresh.picture(renderer))
    np.testing.assert_array_equal(roll(used), roll(fresh))
    np.testing.assert_array_equal(used.picture(renderer), fresh.picture(renderer))
    renderer.close()


def test_starts_and_targets_of_a_seed_are_those_of_the_nominal_profile(nominal: Scene) -> None:
    plain, varied = ArmSimulation(nominal), ArmSimulation(make_scene(profile="randomized"))
    for seed in range(10):
        plain.reset(seed)
        varied.reset(seed)
        assert plain.layout is not None and varied.layout is not None
        np.testing.assert_array_equal(plain.layout.joint_position, varied.layout.joint_position)
        np.testing.assert_array_equal(plain.layout.objects["target"], varied.layout.objects["target"])


@pytest.mark.parametrize("task", ["reach", "conveyor"])
def test_environment_and_graph_show_the_same_episode(task: str) -> None:
    """One implementation: the batch's pictures, objects, rewards and joint angles are those of the world that the graph runs."""
    environment = BatchEnv(make_scene(task, profile="twin-2", held_out=True), 2, seed=0, restart=False)
    world = World(task, "j2n6s300", "twin-2", seed=0)
    judge, kinematics = EpisodeJudge(world.task, world.arm), Kinematics(world.arm)
    step = environment.reset([5, 7])
    world.reset(EpisodeStart(7))
    judge.begin(0, 7)
    for each in (world.task, environment.scene.task):
        assert isinstance(each, Reach)
        each.reach_distance = 0.5  # so near that there is something to earn
    places = []
    for _ in range(4):
        seen = world.observe()
        assert seen.scene is not None
        np.testing.assert_array_equal(seen.image, step.image[1])
        np.testing.assert_array_equal(seen.scene.objects["target"].astype(np.float32), step.target[1])
        places.append(seen.scene.objects["target"])
        kinematics.update(seen.joints.position)
        told = judge.observe(world.stamp_ns, seen.joints, seen.scene, kinematics.position("palm"))
        there = environment.statuses[1]
        assert (told.step, told.reward, told.episode_return) == (there.step, there.reward, there.episode_return)
        for _ in range(10):
            world.advance(VelocityCommand(world.stamp_ns, world.arm.joint_names, np.zeros(9)))
        step = environment.step(np.ones((2, 9), int))
    np.testing.assert_array_equal(world.observe().joints.position, environment.simulations[1].joints().position)
    assert world.variation == environment.simulations[1].variation
    assert bool(np.ptp(places, axis=0).any()) is (task == "conveyor") and told.episode_return == 3.0
    environment.close()
    world.close()


def picture(free: Scene, renderer: Renderer, **ranges: object) -> np.ndarray:
    return simulation_with(free, **ranges).picture(renderer).astype(float)


def test_brightness_exposure_and_colours_reach_the_picture(free: Scene, renderer: Renderer) -> None:
    plain = picture(free, renderer)
    dark = picture(free, renderer, light_brightness=0.5, ambient_brightness=0.5)
    assert 0.4 < dark.mean() / plain.mean() < 0.6
    np.testing.assert_allclose(picture(free, renderer, exposure=0.5), plain / 2.0, atol=0.51)
    green = picture(free, renderer, table_color=[[0.0, 0.9, 0.0], [0.0, 0.9, 0.0]])[50, 10]
    assert green[1] > 150 and green[0] < 5
    blue = picture(free, renderer, target_color=[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    red = (plain[..., 0] > 100) & (plain[..., 1] < 60)
    assert red.any() and (blue[red][:, 0] < 30).all()


@pytest.mark.parametrize(
    "ranges",
    [
        {"target_shape": "box"},
        {"target_shape": "cylinder"},
        {"target_scale": 1.5},
        {"floor_color": 0.1},
        {"arm_color": 0.5},
        {"ring_color": 0.2},
        {"table_texture": "checker"},
        {"floor_texture": "clouds"},
        {"arm_texture": "speckle"},
        {"distractors": 4.0},
        {"light_shift": [[2.0, 0.0, -1.0], [2.0, 0.0, -1.0]]},
        {"light_tint": [[1.0, 0.8, 0.8], [1.0, 0.8, 0.8]]},
        {"camera_shift": 0.03},
        {"camera_aim_shift": 0.03},
        {"camera_roll": 5.0},
        {"camera_fovy_change": 4.0},
        {"image_noise": 5.0},
        {"image_blur": 0.7},
    ],
    ids=lambda ranges: next(iter(ranges)),
)
def test_every_look_changes_the_picture_and_never_the_motion(free: Scene, renderer: Renderer, ranges: dict[str, object]) -> None:
    assert np.abs(picture(free, renderer, **ranges) - picture(free, renderer)).max() > 8.0
    np.testing.assert_array_equal(roll(simulation_with(free, **ranges), 10), roll(simulation_with(free), 10))


def test_noise_and_blur_have_their_sizes(free: Scene, renderer: Renderer) -> None:
    plain = picture(free, renderer)
    middle = (plain > 40).all(-1) & (plain < 215).all(-1)
    noise = (picture(free, renderer, image_noise=6.0) - plain)[middle]
    assert noise.std() == pytest.approx(6.0, rel=0.05) and abs(noise.mean()) < 0.3
    simulation = simulation_with(free, image_noise=6.0)
    assert (simulation.picture(renderer) != simulation.picture(renderer)).any()
    blurred = picture(free, renderer, image_blur=0.8)
    assert blurred.mean() == pytest.approx(plain.mean(), rel=0.01)
    assert np.abs(np.diff(blurred, axis=1)).max() < 0.8 * np.abs(np.diff(plain, axis=1)).max()


@pytest.mark.parametrize("shape", ["sphere", "box", "cylinder", "ellipsoid"])
def test_a_target_of_any_shape_and_size_stands_on_the_table(free: Scene, shape: str) -> None:
    simulation = simulation_with(free, target_shape=shape, target_scale=1.4)
    data, geom = simulation.data, simulation.model.geom("target").id
    half = simulation.model.geom_size[geom][{"sphere": 0, "cylinder": 1}.get(shape, 2)]
    assert data.geom_xpos[geom][2] == pytest.approx(half, abs=1e-9)
    target = simulation.scene().objects["target"]
    np.testing.assert_allclose(data.geom_xpos[geom][:2], target[:2])


@pytest.mark.parametrize("moving", [False, True])
def test_the_camera_sees_the_past_after_an_image_delay(free: Scene, renderer: Renderer, moving: bool) -> None:
    """`moving`: the target moves, fast enough to be seen, and the arm stands."""
    prompt, late = simulation_with(free), simulation_with(free, image_delay=0.04)
    pictures = []
    for simulation in (prompt, late):
        assert simulation.layout is not None
        place = simulation.layout.objects["target"]
        track = Track(np.array([0.0, 0.2]), place + np.array([(0.0, 0.0, 0.0), (0.0, 0.1, 0.0)]))
        simulation.place(replace(simulation.layout, tracks={"target": track} if moving else {}))
        rows = [simulation.picture(renderer)]
        simulation.apply((0.0 if moving else 0.5) * np.ones(9))
        for _ in range(12):
            simulation.step()
            rows.append(simulation.picture(renderer))
        pictures.append(rows)
    for tick in range(13):
        np.testing.assert_array_equal(pictures[1][tick], pictures[0][max(0, tick - 4)])
    np.testing.assert_array_equal(prompt.joints().position, late.joints().position)
    assert (pictures[0][12] != pictures[0][8]).any()


def test_commands_take_effect_after_the_command_delay(free: Scene) -> None:
    prompt, late = roll(simulation_with(free), 20), roll(simulation_with(free, command_delay=0.05), 25)
    np.testing.assert_allclose(late[5:], prompt, atol=1e-6)
    assert np.abs(late[4] - prompt[0]).max() > 1e-4


def test_weaker_gains_lag_and_friction_and_damping_slow(free: Scene) -> None:
    def reached(**ranges: object) -> np.ndarray:
        simulation = simulation_with(free, **ranges)
        simulation.place(Layout(simulation.arm.home, {"target": np.array([0.4, 0.0, 0.035])}))
        start = simulation.joints().position
        return roll(simulation)[-1] - start

    plain = reached()
    assert (reached(joint_gain=0.3)[6:] < plain[6:] - 0.005).all()
    assert (reached(joint_damping=4.0)[6:] < plain[6:] - 0.005).all()
    assert (reached(joint_friction=3.0)[:6] < plain[:6] - 1e-4).all()


def test_a_payload_pulls_the_hand_down(free: Scene) -> None:
    def sink(payload: float) -> float:
        simulation = simulation_with(free, payload=payload)
        # The arm stretched out: joint 2 carries the load.
        simulation.place(Layout(simulation.arm.home, {"target": np.array([0.4, 0.0, 0.035])}))
        before = simulation.palm[2]
        simulation.apply(np.zeros(9))
        for _ in range(200):
            simulation.step()
        return float(before - simulation.palm[2])

    assert abs(sink(0.0)) < 1e-3
    assert sink(1.5) > sink(0.0) + 1e-3


@pytest.mark.parametrize("ranges", [{}, {"command_delay": 0.03}, {"image_delay": 0.02}])
def test_following_velocities_is_applying_them_tick_by_tick(free: Scene, ranges: dict[str, object]) -> None:
    one, other = simulation_with(free, **ranges), simulation_with(free, **ranges)
    velocities = np.random.default_rng(0).uniform(-0.5, 0.5, (12, 9))
    one.follow(velocities)
    for velocity in velocities:
        other.apply(velocity)
        other.step()
    np.testing.assert_array_equal(one.data.qpos, other.data.qpos)
    assert one.stamp_ns == other.stamp_ns
    with pytest.raises(ContractError, match="9 finite velocities"):
        one.follow(np.full((12, 9), np.nan))
