"""The arm's robot description (URDF), written from its links."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from jaco_core.arms import Arm, Joint
from jaco_core.types import Vector
from jaco_monitor.markers.links import Link, Pose, Visual

# Kinova publishes torques for the actuators, not for these axes as a controller may use them; nothing here is simulated with it.
EFFORT = 30.0


def robot_description(arm: Arm, links: tuple[Link, ...]) -> str:
    """Returns the URDF of `arm` with the frames of `links`. Meshes are given as file:// addresses on this machine."""
    robot = ElementTree.Element("robot", name=arm.name)
    ElementTree.SubElement(robot, "link", name=arm.base_frame)
    joints = {joint.name: joint for joint in arm.joints}
    for link in links:
        element = ElementTree.SubElement(robot, "link", name=link.name)
        for visual in link.visuals:
            _add_visual(element, visual)
        _add_joint(robot, link, joints.get(link.joint))
    ElementTree.indent(robot)
    return ElementTree.tostring(robot, encoding="unicode", xml_declaration=True)


def _add_visual(link: ElementTree.Element, visual: Visual) -> None:
    element = ElementTree.SubElement(link, "visual")
    geometry = ElementTree.SubElement(element, "geometry")
    if visual.mesh is not None:
        ElementTree.SubElement(geometry, "mesh", filename=visual.mesh.as_uri())
    else:
        ElementTree.SubElement(geometry, "cylinder", radius=f"{visual.radius:.6g}", length=f"{visual.length:.6g}")
    material = ElementTree.SubElement(element, "material", name=" ".join(f"{part:.2f}" for part in visual.color))
    ElementTree.SubElement(material, "color", rgba=_numbers(visual.color))


def _add_joint(robot: ElementTree.Element, link: Link, joint: Joint | None) -> None:
    name = joint.name if joint is not None else f"{link.parent}_to_{link.name}"
    element = ElementTree.SubElement(robot, "joint", name=name, type=_kind(joint))
    ElementTree.SubElement(element, "parent", link=link.parent)
    ElementTree.SubElement(element, "child", link=link.name)
    ElementTree.SubElement(element, "origin", xyz=_numbers(link.origin.translation), rpy=_numbers(roll_pitch_yaw(link.origin)))
    if joint is None:
        return
    ElementTree.SubElement(element, "axis", xyz="0 0 1")
    bounds = {"lower": f"{joint.lower:.6g}", "upper": f"{joint.upper:.6g}"} if math.isfinite(joint.upper) else {}
    ElementTree.SubElement(element, "limit", {**bounds, "velocity": f"{joint.max_velocity:.6g}", "effort": f"{EFFORT:.6g}"})


def _kind(joint: Joint | None) -> str:
    if joint is None:
        return "fixed"
    return "revolute" if math.isfinite(joint.upper) else "continuous"


def roll_pitch_yaw(pose: Pose) -> tuple[float, float, float]:
    """Returns the rotation as URDF wants it [rad]: about the fixed axes x, then y, then z."""
    w, x, y, z = pose.rotation
    pitch = math.asin(max(-1.0, min(1.0, 2.0 * (w * y - z * x))))
    if abs(abs(pitch) - 0.5 * math.pi) < 1e-6:
        # Gimbal lock: roll and yaw turn about the same axis, and one of them does all of it.
        return 2.0 * math.atan2(x, w), pitch, 0.0
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    yaw = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return roll, pitch, yaw


def _numbers(values: Vector | tuple[float, ...]) -> str:
    return " ".join(f"{float(value):.9g}" for value in values)
