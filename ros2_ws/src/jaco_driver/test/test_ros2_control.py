"""Set-ups from files, and velocities as what a controller takes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.ros.interfaces import interface
from jaco_driver.feedback import Measured
from jaco_driver.ros2_control.arm import Ros2ControlArm
from jaco_driver.ros2_control.commands import Array, PositionStyle, Trajectory, TrajectoryStyle, VelocityStyle
from jaco_driver.ros2_control.robots import load_robot, robot_names

ARM = load_arm("gen3")
MS = 1_000_000
SPEED = 0.2 * ARM.max_velocity


@pytest.mark.parametrize("name", robot_names())
def test_every_shipped_set_up_loads(name: str) -> None:
    robot = load_robot(name)
    assert robot.command_topic.startswith(f"/{robot.controller}/")
    for entry in robot.status:
        assert entry.good and entry.type.count("/") == 2


def test_what_is_given_replaces_the_file() -> None:
    robot = load_robot("kortex", controller="my_controller", command_interface="position", joint_prefix="")
    assert robot.command_topic == "/my_controller/commands"
    assert robot.joint_prefix == load_robot("kortex").joint_prefix


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no ros2_control robot 'r2d2'.*franka, generic, kortex, ur"):
        load_robot("r2d2")
    with pytest.raises(ConfigError, match="'command_interface' of a ros2_control robot is 'effort'; choices: velocity"):
        load_robot("generic", command_interface="effort")
    with pytest.raises(ConfigError, match="must not be /joint_states"):
        load_robot("generic", joint_states="/joint_states")
    (tmp_path / "mine.yaml").write_text("controller: c\ncommand_interface: velocity\nspeed: 3\n")
    with pytest.raises(ConfigError, match=r"cannot be read: .*speed"):
        load_robot(str(tmp_path / "mine.yaml"))


def test_a_gripper_of_another_controller_is_measured_and_never_moved() -> None:
    robot = load_robot("kortex", joint_prefix="left_")
    assert robot.state_names(ARM) == (*(f"left_joint_{n}" for n in range(1, 8)), "left_robotiq_85_left_knuckle_joint")
    assert robot.driven(ARM).joint_names == ARM.joint_names[:7]
    whole = load_robot("generic")
    assert whole.driven(ARM) is ARM and whole.state_names(ARM) == ARM.joint_names
    with pytest.raises(ConfigError, match="Arm 'ur5e' has 0 fingers"):
        robot.state_names(load_arm("ur5e"))


def test_commands_to_a_controller_without_the_gripper_leave_it_out() -> None:
    sent: list[Any] = []
    arm = Ros2ControlArm(ARM, load_robot("kortex"), lambda: None, 0.15, 1.0, lambda: 0)  # type: ignore[arg-type,return-value]
    arm._controller = SimpleNamespace(send=sent.append)  # type: ignore[assignment]
    measured = Measured(ARM.home, np.zeros(8), np.zeros(0))
    arm.begin(measured)
    applied = arm.command(SPEED, measured)
    assert np.array_equal(applied[:7], SPEED[:7]) and applied[7] == 0.0
    assert all(len(point.position) == len(point.velocity) == 7 for command in sent for point in command.points)


def test_interfaces_are_looked_up_by_name_and_missing_ones_are_told() -> None:
    assert interface("std_msgs/msg/Bool").__name__ == "Bool"
    with pytest.raises(ConfigError, match="ROS package nobody_msgs with nobody_msgs/msg/Thing is not installed"):
        interface("nobody_msgs/msg/Thing")
    with pytest.raises(ConfigError, match="package std_msgs has no std_msgs/msg/Boole"):
        interface("std_msgs/msg/Boole")
    with pytest.raises(ConfigError, match="'Bool' is no interface type"):
        interface("Bool")


def test_velocities_go_as_they_are_and_rest_is_zero() -> None:
    style = VelocityStyle(ARM)
    assert isinstance(begin := style.begin(ARM.home, 0), Array) and not begin.values.any()
    assert isinstance(move := style.move(SPEED, ARM.home, 0), Array) and np.array_equal(move.values, SPEED)
    assert isinstance(rest := style.rest(), Array) and not rest.values.any()


def test_positions_are_carried_along_and_kept_at_rest() -> None:
    style, position = PositionStyle(ARM), ARM.home
    style.begin(position, 0)
    for tick in range(1, 51):
        command = style.move(SPEED, position, tick * 10 * MS)
        assert isinstance(command, Array)
        position = command.values
    assert np.allclose(position, ARM.home + 0.49 * SPEED)
    assert isinstance(rest := style.rest(), Array) and np.array_equal(rest.values, position)


def test_target_waits_for_an_arm_that_does_not_come_along() -> None:
    style = PositionStyle(ARM)
    style.begin(ARM.home, 0)
    for tick in range(1, 300):
        command = style.move(SPEED, ARM.home, tick * 10 * MS)
    assert isinstance(command, Array)
    assert np.all(np.abs(command.values - ARM.home) <= 0.2 * ARM.max_velocity + 1e-9)


def test_target_stays_within_the_joints_limits() -> None:
    style, position = PositionStyle(ARM), ARM.home
    style.begin(position, 0)
    for tick in range(1, 2000):
        command = style.move(ARM.max_velocity, position, tick * 10 * MS)
        assert isinstance(command, Array)
        position = command.values
    assert np.all(position <= ARM.upper) and np.any(position == ARM.upper)


def test_late_command_moves_the_target_no_farther_than_a_few_ticks() -> None:
    style = PositionStyle(ARM)
    style.begin(ARM.home, 0)
    style.move(SPEED, ARM.home, 10 * MS)
    late = style.move(SPEED, ARM.home, 5000 * MS)
    assert isinstance(late, Array)
    assert np.allclose(late.values, ARM.home + 0.05 * SPEED)


def test_trajectory_goes_on_a_moment_and_ends_at_rest() -> None:
    style = TrajectoryStyle(ARM)
    style.begin(ARM.home, 0)
    style.move(SPEED, ARM.home, 10 * MS)
    command = style.move(SPEED, ARM.home, 20 * MS)
    assert isinstance(command, Trajectory)
    ahead, end = command.points
    assert np.allclose(ahead.position, ARM.home + 0.11 * SPEED) and np.array_equal(ahead.velocity, SPEED)
    assert end.seconds == 0.3 and not end.velocity.any()
    assert np.all(np.abs(end.position - ahead.position) <= 0.101 * SPEED)
    rest = style.rest()
    assert isinstance(rest, Trajectory) and not rest.points[-1].velocity.any()
    assert np.all(np.abs(rest.points[-1].position - ARM.home) <= 0.07 * SPEED)
