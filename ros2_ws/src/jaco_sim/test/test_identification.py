"""Identification recovers what a synthetic world hides, and refuses records that say nothing. No twin is involved."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.ramp import ramp_velocity
from jaco_sim.identification.dynamics import Dynamics, estimate_dynamics
from jaco_sim.identification.excitation import Excitation
from jaco_sim.identification.record import MotionRecord
from jaco_sim.profiles import load_profile
from jaco_sim.scene import Scene, build_scene
from jaco_sim.simulation import TICK_S, ArmSimulation, make_scene
from jaco_sim.variation import parse_ranges
from jaco_tasks.registry import make_task

HIDDEN = {
    "joint_gain": 0.7,
    "joint_friction": 1.6,
    "payload": 0.15,
    "command_delay": 0.03,
}
SECONDS = 25.0


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
    samples, commands = [], []
    for now in times:
        samples.append(simulation.joints())
        command = ramp_velocity(command, excitation.velocity(now, samples[-1].position), arm.max_acceleration, TICK_S)
        simulation.apply(command)
        simulation.step()
        commands.append(command)
    position, velocity = (np.array([getattr(sample, name) for sample in samples]) for name in ("position", "velocity"))
    return MotionRecord(arm, times, position, velocity, times, np.array(commands))


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
