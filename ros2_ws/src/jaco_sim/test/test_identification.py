"""Identification recovers what a synthetic world hides, and refuses records that say nothing. No twin is involved."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.ramp import ramp_velocity
from jaco_sim.identification.camera import Camera, estimate_camera, field_of_view, unexplained
from jaco_sim.identification.dynamics import Dynamics, estimate_dynamics
from jaco_sim.identification.excitation import Excitation
from jaco_sim.identification.profile import identified_profile, write_profile
from jaco_sim.identification.record import MotionRecord
from jaco_sim.profiles import load_profile
from jaco_sim.rendering import Renderer
from jaco_sim.scene import POLICY_CAMERA, Scene, build_scene
from jaco_sim.simulation import TICK_S, ArmSimulation, make_scene
from jaco_sim.variation import draw_variation, parse_ranges
from jaco_tasks.registry import make_task

HIDDEN = {
    "joint_gain": 0.7,
    "joint_friction": 1.6,
    "payload": 0.15,
    "command_delay": 0.03,
    "camera_shift": [[0.03, -0.02, 0.02], [0.03, -0.02, 0.02]],
    "camera_roll": 1.5,
    "image_delay": 0.04,
    "image_noise": 4.0,
    "table_color": [[0.5, 0.55, 0.4], [0.5, 0.55, 0.4]],
}
SECONDS = 25.0
EVERY = 10
"""Ticks from picture to picture."""


@cache
def world() -> Scene:
    """Returns the nominal lab with other dynamics, the same in every episode."""
    profile = replace(load_profile("nominal"), name="hidden", ranges=parse_ranges(HIDDEN, "hidden"))
    return build_scene(make_task("reach"), load_arm("j2n6s300"), profile)


@cache
def record() -> MotionRecord:
    """Returns what moving the arm of `world` leaves."""
    simulation = ArmSimulation(world())
    simulation.reset(3)
    arm, command = simulation.arm, np.zeros(len(simulation.arm))
    excitation = Excitation(arm, simulation.joints().position, seed=1)
    times = np.arange(round(SECONDS / TICK_S), dtype=float) * TICK_S
    samples, commands, images = [], [], []
    renderer = Renderer(simulation.world.model)
    for tick, now in enumerate(times):
        if tick % EVERY == 0:
            images.append(simulation.picture(renderer))
        samples.append(simulation.joints())
        command = ramp_velocity(command, excitation.velocity(now, samples[-1].position), arm.max_acceleration, TICK_S)
        simulation.apply(command)
        simulation.step()
        commands.append(command)
    renderer.close()
    focal = 32.0 / np.tan(np.deg2rad(simulation.model.camera(POLICY_CAMERA).fovy[0]) / 2.0)
    matrix = np.array([[focal, 0.0, 31.5], [0.0, focal, 31.5], [0.0, 0.0, 1.0]])
    position, velocity = (np.array([getattr(sample, name) for sample in samples]) for name in ("position", "velocity"))
    return MotionRecord(arm, times, position, velocity, times, np.array(commands), times[::EVERY], np.array(images), matrix)


@cache
def found() -> Dynamics:
    return estimate_dynamics(record(), make_scene(), count=20, iterations=10)


def test_gain_friction_load_and_latency_are_recovered() -> None:
    estimates = found().estimates
    np.testing.assert_allclose(estimates["joint_gain"].value, 0.7, rtol=0.05)
    np.testing.assert_allclose(estimates["joint_friction"].value, 1.6, rtol=0.10)
    np.testing.assert_allclose(estimates["command_delay"].value, 0.03, atol=0.001)
    np.testing.assert_allclose(estimates["payload"].value, 0.15, atol=0.03)
    assert found().residual < 1e-3


def test_what_the_record_does_not_tell_has_a_wide_interval() -> None:
    estimates = found().estimates
    # The arm's own damping is a two-hundredth of its friction; that of the fingers is most of what holds them back.
    assert min(estimates["joint_damping"].interval[:6]) > 10.0 * max(estimates["joint_damping"].interval[6:])


def test_a_short_record_is_refused() -> None:
    whole = record()
    first = replace(whole, times=whole.times[:900], position=whole.position[:900], velocity=whole.velocity[:900])
    with pytest.raises(ConfigError, match=r"The record has 9\.0 s of motion; identification needs at least 20 s"):
        estimate_dynamics(first, make_scene())


def test_a_joint_that_hardly_moved_is_named() -> None:
    whole = record()
    position, velocity = whole.position.copy(), whole.velocity.copy()
    position[:, 4], velocity[:, 4] = position[0, 4], 0.0
    with pytest.raises(ConfigError, match=r"Joint joint_5 hardly moved: over 0\.000 rad"):
        estimate_dynamics(replace(whole, position=position, velocity=velocity), make_scene())


def test_a_number_that_is_not_finite_is_refused() -> None:
    whole = record()
    command = whole.command.copy()
    command[7, 2] = np.nan
    with pytest.raises(ConfigError, match="The record's command holds a number that is not finite"):
        estimate_dynamics(replace(whole, command=command), make_scene())


def test_a_reset_begins_a_new_stretch() -> None:
    whole = record()
    position = whole.position.copy()
    position[1200:] += 0.5
    assert [part.start for part in replace(whole, position=position).stretches()] == [0, 1200]
    assert len(whole.stretches()) == 1


def test_commands_are_averaged_over_a_step_and_delayed_by_any_time() -> None:
    arm = load_arm("j2n6s300")
    times = np.array([0.0, 0.01, 0.02])
    command = np.outer([1.0, 2.0, 4.0], np.ones(len(arm)))
    record = MotionRecord(arm, times, command, command, times, command)
    np.testing.assert_allclose(record.commanded(np.array([0.0, 0.005, 0.03]), 0.01)[:, 0], [1.0, 1.5, 4.0])


@cache
def seen() -> Camera:
    return estimate_camera(record(), make_scene(), count=12, stages=((4, 8, 0.1, 4), (1, 2, 0.5, 3)))


def test_camera_position_and_age_of_the_pictures_are_recovered() -> None:
    true = np.add(world().profile.policy_camera.position, (0.03, -0.02, 0.02))
    assert np.linalg.norm(seen().pose.position - true) < 0.01
    np.testing.assert_allclose(seen().estimates["image_delay"].value, 0.04, atol=0.004)


def test_pictures_without_usable_intrinsics_are_refused() -> None:
    with pytest.raises(ConfigError, match="does not say its camera's intrinsics"):
        field_of_view(replace(record(), camera_matrix=None))
    matrix = np.array([[80.0, 0.0, 20.0], [0.0, 80.0, 31.5], [0.0, 0.0, 1.0]])
    with pytest.raises(ConfigError, match=r"centre 20\.0, 31\.5 are not what the simulator draws"):
        field_of_view(replace(record(), camera_matrix=matrix))


def test_too_few_pictures_are_refused() -> None:
    few = replace(record(), image_times=record().image_times[:15], images=record().images[:15])
    with pytest.raises(ConfigError, match=r"The record has \d+ pictures of the moving arm; the camera's pose needs 20"):
        estimate_camera(few, make_scene())


def test_a_still_background_and_two_colours_explain_a_picture_that_is_made_of_them() -> None:
    rng = np.random.default_rng(0)
    covered = rng.uniform(0.0, 0.5, (6, 50, 2))
    background, colours = rng.uniform(0.0, 255.0, (50, 3)), rng.uniform(0.0, 255.0, (2, 3))
    images = (1.0 - covered.sum(2))[..., None] * background + covered @ colours
    assert np.abs(unexplained(images, covered)[0]).max() < 0.1
    assert np.abs(unexplained(images, covered[::-1])[0]).max() > 5.0


def test_the_profile_is_written_and_gives_the_world_back(tmp_path: Path) -> None:
    path = tmp_path / "my-lab.yaml"
    written = identified_profile(load_profile("randomized"), "my-lab", found().estimates, seen())
    write_profile(path, written, ("a note",))
    profile = load_profile(str(path))
    drawn = draw_variation(profile.ranges, 1)
    np.testing.assert_allclose(drawn.joint_gain[:9], found().estimates["joint_gain"].value, atol=1e-4)
    assert drawn.joint_gain[9:] == (1.0,) * 7
    assert drawn.camera_shift == (0.0, 0.0, 0.0) and drawn.image_noise > 0.0
    simulation = ArmSimulation(build_scene(make_task("reach"), load_arm("j2n6s300"), profile))
    simulation.reset(5)
    camera = simulation.model.camera(POLICY_CAMERA)
    np.testing.assert_allclose(camera.pos, seen().pose.position, atol=1e-4)
    assert abs(camera.quat @ seen().pose.quaternion) > 1.0 - 1e-7
    np.testing.assert_allclose(camera.fovy, seen().pose.fovy, atol=1e-4)


def test_a_copy_of_a_twin_s_file_is_still_held_out(tmp_path: Path) -> None:
    twin = replace(load_profile("twin-1", held_out=True))
    write_profile(tmp_path / "mine.yaml", twin)
    with pytest.raises(ConfigError, match="Profile 'twin-1' is held out"):
        load_profile(str(tmp_path / "mine.yaml"))


def test_a_file_that_is_no_profile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("name: other\n")
    with pytest.raises(ConfigError, match="is no simulator profile: it needs arm_color, description"):
        load_profile(str(path))
    with pytest.raises(ConfigError, match=r"nothing\.yaml cannot be read"):
        load_profile(str(tmp_path / "nothing.yaml"))
