"""Tracked points and their Jacobians, against finite differences and the model itself."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from jaco_core.arms import Arm, arm_names, load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.kinematics import TRACKED_POINTS, Kinematics, Linkage, arm_spec


@pytest.fixture(scope="module")
def arm() -> Arm:
    return load_arm("j2n6s300")


@pytest.fixture(scope="module")
def kinematics(arm: Arm) -> Kinematics:
    return Kinematics(arm)


@pytest.mark.parametrize("name", arm_names())
def test_every_arm_has_a_model_that_rests_free_of_contact_at_home(name: str) -> None:
    own = load_arm(name)
    model = arm_spec(own).compile()
    assert tuple(model.actuator(index).name for index in range(model.nu)) == own.joint_names
    np.testing.assert_allclose(model.actuator_ctrlrange[:, 1], own.max_velocity)
    limited = np.isfinite(own.lower)
    ranges = np.array([model.joint(joint).range for joint in own.joint_names])
    np.testing.assert_allclose(ranges[limited], np.column_stack([own.lower, own.upper])[limited], atol=1e-3)
    data = mujoco.MjData(model)
    places = [model.joint(joint).qposadr[0] for joint in own.joint_names]
    data.qpos[places] = own.home
    Linkage(model).follow(data)
    mujoco.mj_step(model, data, 500)
    assert data.ncon == 0
    np.testing.assert_allclose(data.qpos[places], own.home, atol=0.02)


def test_gen3_is_as_long_as_its_maker_says() -> None:
    """Straight up, Kinova's URDF puts the arm's end 1.187 m above its base, and the gripper's tool frame 0.12 m further."""
    kinematics = Kinematics(load_arm("gen3"))
    kinematics.update(np.zeros(8))
    assert kinematics.position("palm")[2] == pytest.approx(1.187 + 0.120, abs=1e-3)
    assert np.abs(kinematics.positions[:, :2]).max() < 0.03


def test_gripper_opens_by_what_its_maker_says_and_its_pads_stay_parallel() -> None:
    """Robotiq: 85 mm between the pads when open, next to nothing when closed; the fingers get 14 mm longer meanwhile."""
    model = arm_spec(load_arm("gen3")).compile()
    data, linkage = mujoco.MjData(model), Linkage(model)
    gaps, heights = [], []
    for angle in (0.0, 0.8):
        data.qpos[model.joint("gripper").qposadr] = angle
        linkage.follow(data)
        mujoco.mj_kinematics(model, data)
        gaps.append(np.linalg.norm(data.geom("pad_1").xpos - data.geom("pad_2").xpos) - 2 * model.geom("pad_1").size[0])
        heights.append(data.geom("pad_1").xpos[2])
        np.testing.assert_allclose(data.body("finger_1").xmat.reshape(3, 3)[:, 2], [0.0, 0.0, 1.0], atol=1e-6)
    assert gaps == pytest.approx([0.085, 0.0015], abs=2e-3)
    assert heights[1] - heights[0] == pytest.approx(0.014, abs=1e-3)
    assert model.body("gripper").subtreemass[0] == pytest.approx(0.925)


def test_gripper_s_linkage_follows_its_motor_in_physics() -> None:
    model = arm_spec(load_arm("gen3")).compile()
    data = mujoco.MjData(model)
    data.ctrl[model.actuator("gripper").id] = 0.4
    mujoco.mj_step(model, data, 500)
    angle = data.joint("gripper").qpos[0]
    assert angle == pytest.approx(0.4, abs=0.05)
    followers = [data.joint(name).qpos[0] for name in ("finger_1", "knuckle_2", "finger_2")]
    np.testing.assert_allclose(followers, [-angle, angle, -angle], atol=0.02)


@pytest.mark.parametrize(
    ("name", "position", "flange"),
    [
        # Universal Robots' Denavit-Hartenberg parameters, in the frame that ROS calls base_link.
        ("ur5e", [0.0] * 6, [0.425 + 0.3922, 0.1333 + 0.0996, 0.1625 - 0.0997]),
        ("ur5e", [0.0, -np.pi / 2, 0.0, 0.0, 0.0, 0.0], [0.0997, 0.1333 + 0.0996, 0.1625 + 0.425 + 0.3922]),
        # Franka's: straight up, but for the flange's offset and way down.
        ("fr3", [0.0] * 7, [0.088, 0.0, 0.333 + 0.316 + 0.384 - 0.107]),
        ("fr3", [0.0, 0.0, 0.0, -np.pi / 2, 0.0, np.pi / 2, 0.0], [0.0825 + 0.384 + 0.088, 0.0, 0.333 + 0.316 + 0.0825 - 0.107]),
        # Kinova's joint frames in kortex_description: straight up, and with a bent elbow. The Gen3 lite's palm is its tool frame.
        ("gen3_6dof", [0.0] * 6, [0.0, 0.00135, 0.15643 + 0.12838 + 0.41 + 0.20843 + 2 * 0.10593 + 0.0615]),
        ("gen3_6dof", [0.0, 0.0, -np.pi / 2, 0.0, 0.0, 0.0], [0.20843 + 2 * 0.10593 + 0.0615, 0.00135, 0.15643 + 0.12838 + 0.41]),
        ("gen3_lite", [0.0] * 6, [2 * 0.0285, -0.03 + 0.02, 0.12825 + 0.115 + 0.28 + 0.14 + 2 * 0.105 + 0.13]),
        (
            "gen3_lite",
            [0.0, 0.0, np.pi / 2, 0.0, 0.0, 0.0],
            [0.14 + 2 * 0.105 + 0.13, -0.01, 0.52325 - 2 * 0.0285],
        ),
    ],
)
def test_flange_is_where_the_maker_s_figures_put_it(name: str, position: list[float], flange: list[float]) -> None:
    kinematics = Kinematics(load_arm(name))
    kinematics.update(np.array(position))
    np.testing.assert_allclose(kinematics.position("palm"), flange, atol=2e-4)


@pytest.mark.parametrize("name", [point.name for point in TRACKED_POINTS])
def test_jacobians_match_finite_differences(arm: Arm, kinematics: Kinematics, name: str) -> None:
    position = np.clip(arm.home + np.random.default_rng(1).uniform(-0.3, 0.3, len(arm)), arm.lower, arm.upper)
    kinematics.update(position)
    jacobian = kinematics.jacobian(name)
    assert jacobian.shape == (3, len(arm))
    step = 1e-6
    for joint in range(len(arm)):
        offset = np.eye(len(arm))[joint] * step
        kinematics.update(position + offset)
        ahead = kinematics.position(name)
        kinematics.update(position - offset)
        np.testing.assert_allclose((ahead - kinematics.position(name)) / (2 * step), jacobian[:, joint], atol=1e-7)


def test_home_holds_the_hand_over_the_table(arm: Arm, kinematics: Kinematics) -> None:
    kinematics.update(arm.home)
    x, y, z = kinematics.position("palm")
    assert 0.3 < x < 0.5 and abs(y) < 0.05 and 0.2 < z < 0.4
    assert (kinematics.positions[:, 2] > 0.15).all()


def test_the_palm_is_the_model_s_palm_site(arm: Arm, kinematics: Kinematics) -> None:
    model = arm_spec(arm).compile()
    data = mujoco.MjData(model)
    data.qpos[:] = arm.home
    mujoco.mj_kinematics(model, data)
    kinematics.update(arm.home)
    np.testing.assert_allclose(kinematics.position("palm"), data.site("palm").xpos, atol=1e-12)


def test_actuators_are_the_arm_s_joints_in_order_with_their_speeds(arm: Arm) -> None:
    model = arm_spec(arm).compile()
    assert tuple(model.actuator(index).name for index in range(model.nu)) == arm.joint_names
    np.testing.assert_allclose(model.actuator_ctrlrange[:, 1], arm.max_velocity)
    np.testing.assert_allclose(model.actuator_forcerange[:, 1], [30.5] * 3 + [6.8] * 3 + [1.0] * 3)


def test_the_arm_stays_where_it_is_put(arm: Arm) -> None:
    model = arm_spec(arm).compile()
    data = mujoco.MjData(model)
    data.qpos[:] = arm.home
    mujoco.mj_step(model, data, 500)
    np.testing.assert_allclose(data.qpos, arm.home, atol=0.02)


def test_mistakes_are_told(arm: Arm, kinematics: Kinematics) -> None:
    with pytest.raises(ConfigError, match="no tracked point 'knee'; known: elbow, wrist, palm"):
        kinematics.jacobian("knee")
    with pytest.raises(ContractError, match="9 joints and was given 7"):
        kinematics.update(np.zeros(7))
    with pytest.raises(ConfigError, match=f"no simulation model of arm 'other'; known: {', '.join(arm_names())}"):
        arm_spec(replace(arm, name="other"))
