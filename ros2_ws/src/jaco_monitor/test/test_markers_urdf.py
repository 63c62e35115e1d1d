from __future__ import annotations

import math
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.kinematics import Kinematics
from jaco_monitor.markers.links import Pose, arm_links
from jaco_monitor.markers.urdf import robot_description, roll_pitch_yaw

ARM = load_arm("j2n6s300")
TEXT = robot_description(ARM, arm_links(ARM))


def test_another_reader_of_urdf_gets_the_same_arm() -> None:
    """MuJoCo reads URDF too: the palm must come out where the kinematics have it."""
    root = ElementTree.fromstring(TEXT)
    for link in root.iter("link"):  # MuJoCo wants shapes by bare file name and masses, neither of which concerns frames
        for visual in link.findall("visual"):
            link.remove(visual)
        inertial = ElementTree.SubElement(link, "inertial")
        ElementTree.SubElement(inertial, "mass", value="1")
        ElementTree.SubElement(inertial, "inertia", ixx="1", iyy="1", izz="1", ixy="0", ixz="0", iyz="0")
    extension = ElementTree.SubElement(root, "mujoco")
    ElementTree.SubElement(extension, "compiler", fusestatic="false")
    model = mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding="unicode"))
    data = mujoco.MjData(model)
    position = ARM.home + 0.1
    for name, angle in zip(ARM.joint_names, position, strict=True):
        data.qpos[model.joint(name).qposadr[0]] = angle
    mujoco.mj_kinematics(model, data)
    kinematics = Kinematics(ARM)
    kinematics.update(position)
    np.testing.assert_allclose(data.body("palm").xpos, kinematics.position("palm"), atol=1e-4)
    np.testing.assert_allclose(data.body("b_5").xpos, kinematics.position("wrist"), atol=1e-4)


def test_joints_have_the_arm_s_limits() -> None:
    joints = {joint.get("name"): joint for joint in ElementTree.fromstring(TEXT).iter("joint")}
    assert joints["joint_1"].get("type") == "continuous"
    second = joints["joint_2"]
    limit = second.find("limit")
    assert limit is not None
    assert second.get("type") == "revolute"
    assert float(limit.get("lower", "nan")) == pytest.approx(ARM.lower[1], abs=1e-4)
    assert float(limit.get("velocity", "nan")) == pytest.approx(ARM.max_velocity[1])


def test_meshes_are_addresses_of_files() -> None:
    addresses = [mesh.get("filename", "") for mesh in ElementTree.fromstring(TEXT).iter("mesh")]
    assert addresses
    assert all(address.startswith("file:///") and address.endswith(".stl") for address in addresses)


@pytest.mark.parametrize("pitch", [0.0, 0.5 * math.pi, -0.5 * math.pi, 0.3])
def test_roll_pitch_yaw_gives_the_rotation_back(pitch: float) -> None:
    expected = _rotation(0.4, pitch, -1.2)
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, expected.ravel())
    np.testing.assert_allclose(_rotation(*roll_pitch_yaw(Pose(np.zeros(3), quaternion))), expected, atol=1e-6)


def _rotation(roll: float, pitch: float, yaw: float) -> np.ndarray:
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle), math.sin(angle)) for angle in (roll, pitch, yaw))
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)
