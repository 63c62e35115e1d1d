"""The gymnasium environments, and that they are the simulation under the graph's velocity ramp."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import jaco_sim.envs
from jaco_core.errors import ConfigError
from jaco_core.ramp import ramp_velocity
from jaco_core.types import EpisodeStart, VelocityCommand
from jaco_core.views import put_together
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.envs.single import FELT
from jaco_sim.scene import Scene
from jaco_sim.simulation import TICK_S, ArmSimulation, make_scene
from jaco_sim.world import World
from jaco_tasks.actions import action_speeds, action_velocity

assert jaco_sim.envs  # imported for its registrations


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene()


def test_the_environment_is_the_simulation_under_the_ramp(scene: Scene) -> None:
    environment = BatchEnv(scene, 2, seed=0, render=False)
    environment.reset([11, 12])
    simulation = ArmSimulation(scene)
    simulation.reset(12)
    speeds, command = action_speeds(scene.arm), np.zeros(9)
    rng = np.random.default_rng(0)
    for _ in range(8):
        actions = rng.integers(0, 3, (2, 9))
        step = environment.step(actions)
        for _ in range(10):
            command = ramp_velocity(command, action_velocity(speeds, actions[1]), scene.arm.max_acceleration, TICK_S)
            simulation.apply(command)
            simulation.step()
        np.testing.assert_array_equal(environment.simulations[1].joints().position, simulation.joints().position)
        np.testing.assert_array_equal(step.palm[1], simulation.palm.astype(np.float32))


def test_ended_episodes_restart_with_a_new_start(scene: Scene) -> None:
    environment = BatchEnv(scene, 3, seed=0, render=False)
    before = environment.reset([1, 2, 3])
    ended = []
    for _ in range(scene.task.max_steps):
        after = environment.step(np.ones((3, 9), int))
        ended += after.ended
    assert [status.step for status in ended] == [50, 50, 50]
    assert after.truncated.all() and not after.terminated.any()
    assert [status.step for status in environment.statuses] == [0, 0, 0]
    assert (np.abs(after.palm - before.palm).max(axis=1) > 0.01).all()


def test_without_restart_an_ended_episode_stays(scene: Scene) -> None:
    environment = BatchEnv(scene, 1, seed=0, render=False, restart=False)
    environment.reset([1])
    for _ in range(scene.task.max_steps + 2):
        environment.step(np.ones((1, 9), int))
    assert environment.statuses[0].step == 50 and environment.statuses[0].truncated


def test_staggered_starts_do_not_end_together(scene: Scene) -> None:
    environment = BatchEnv(scene, 6, seed=0, render=False)
    environment.reset(stagger=True)
    assert len({status.step for status in environment.statuses}) > 1


@pytest.mark.parametrize("observation", ["pixels", "state"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_gymnasium_accepts_it(observation: str) -> None:
    environment = gymnasium.make("jaco/Reach-v0", observation=observation, mesh_fraction=0.2)
    check_env(environment.unwrapped, skip_render_check=True)
    environment.close()


def test_an_episode_in_gymnasium() -> None:
    environment = gymnasium.make("jaco/Reach-v0", render_mode="rgb_array")
    observation, info = environment.reset(seed=4)
    assert observation.shape == (64, 64, 3) and info["seed"] == 4
    over, steps = False, 0
    while not over:
        observation, _, terminated, truncated, info = environment.step(np.ones(9, int))
        over, steps = terminated or truncated, steps + 1
    assert steps == 50 and info["reason"] == "time limit" and not info["success"]
    assert environment.render().shape == (480, 640, 3)
    environment.close()


def test_a_target_that_moves_is_in_the_state_and_in_nothing_of_the_arm() -> None:
    rows = {}
    for task in ("Reach", "Conveyor"):
        environment = gymnasium.make(f"jaco/{task}-v0", observation="state", mesh_fraction=0.1)
        states = [environment.reset(seed=4)[0], *(environment.step(np.ones(9, int))[0] for _ in range(5))]
        environment.close()
        rows[task] = np.array(states)
    # At the end: palm, target, the way to it, and the share of the episode that is over.
    np.testing.assert_array_equal(rows["Reach"][:, :-7], rows["Conveyor"][:, :-7])
    (still, moving), begin = ((rows[task][:, -7:-4] for task in ("Reach", "Conveyor")), rows["Reach"][0, -7:-4])
    np.testing.assert_array_equal(still, np.tile(begin, (6, 1)))
    np.testing.assert_array_equal(moving[0], begin)
    steps = np.abs(np.diff(moving[:, 1]))
    assert (steps > 0.0).all() and (steps < 0.026).all() and not np.ptp(moving[:, (0, 2)], axis=0).any()


def test_an_unknown_observation_is_told() -> None:
    with pytest.raises(ConfigError, match="no observation 'smell'; known: pixels, state"):
        gymnasium.make("jaco/Reach-v0", observation="smell")


def test_views_are_what_the_graph_sees_by_name() -> None:
    options = {"observation": "views", "cameras": ("wrist",), "depth": True, "profile": "randomized"}
    environment = gymnasium.make("jaco/Reach-v0", **options)
    world = World("reach", "j2n6s300", "randomized", seed=0, cameras=("wrist",), depth=True)
    observation, _ = environment.reset(seed=7)
    world.reset(EpisodeStart(7))
    for _ in range(3):
        seen = world.observe()
        assert environment.observation_space.contains(observation)
        for name in ("policy", "wrist"):
            np.testing.assert_array_equal(observation[name], seen.views[name].image)
            np.testing.assert_array_equal(observation[f"{name}_depth"], seen.views[name].depth)
        for name in ("position", "velocity", "effort"):
            np.testing.assert_array_equal(observation[f"joint_{name}"], getattr(seen.joints, name))
        for _ in range(10):
            world.advance(VelocityCommand(world.stamp_ns, world.arm.joint_names, np.zeros(9)))
        observation, *_ = environment.step(np.ones(9, int))
    environment.close()
    world.close()


@pytest.mark.parametrize("depth", [False, True])
def test_the_picture_that_policies_learn_from_is_the_graph_s_of_the_same_state(depth: bool) -> None:
    cameras = ("wrist", "scene")
    batch = BatchEnv(make_scene(profile="randomized"), 2, seed=0, restart=False, cameras=cameras, depth=depth)
    worlds = [World("reach", "j2n6s300", "randomized", seed=seed, cameras=cameras, depth=depth) for seed in (7, 8)]
    step = batch.reset([7, 8])
    for _ in range(2):
        graphs = [put_together(list(world.observe().views.values())) for world in worlds]
        np.testing.assert_array_equal(step.image, graphs)
        for world in worlds:
            for _ in range(10):
                world.advance(VelocityCommand(world.stamp_ns, world.arm.joint_names, np.zeros(9)))
        step = batch.step(np.ones((2, 9), int))
    assert step.image.shape == (2, 64, 64, 12 if depth else 9)
    batch.close()
    for world in worlds:
        world.close()


def test_views_pass_gymnasiums_checker() -> None:
    environment = gymnasium.make("jaco/Reach-v0", observation="views", cameras=("scene",), render_mode="rgb_array")
    check_env(environment.unwrapped, skip_render_check=True)
    assert set(environment.observation_space) == {"policy", "scene", *(f"joint_{name}" for name in FELT)}  # type: ignore[call-overload]
    environment.close()


def test_cameras_that_would_not_be_seen_are_refused() -> None:
    with pytest.raises(ConfigError, match="'pixels' has no further cameras and no depth; ask for 'views'"):
        gymnasium.make("jaco/Reach-v0", depth=True)
    with pytest.raises(ConfigError, match="no camera 'ceiling'"):
        gymnasium.make("jaco/Reach-v0", observation="views", cameras=("ceiling",))
