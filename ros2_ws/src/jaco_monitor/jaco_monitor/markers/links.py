"""The arm as a tree of links, read from its MuJoCo model: for transforms and for the robot description."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.kinematics import arm_spec, kinova_model_folder
from jaco_core.types import Vector, frozen_vector

MESH_FOLDER = "meshes_decimated"


@dataclass(frozen=True)
class Pose:
    """`translation` [m], shape (3,), and `rotation`, a unit quaternion (w, x, y, z), in the parent's frame."""

    translation: Vector
    rotation: Vector

    def __post_init__(self) -> None:
        object.__setattr__(self, "translation", frozen_vector(self.translation))
        rotation = np.asarray(self.rotation, dtype=np.float64)
        object.__setattr__(self, "rotation", frozen_vector(rotation / np.linalg.norm(rotation)))


IDENTITY = Pose(np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]))


@dataclass(frozen=True)
class Visual:
    """What is drawn of a link, in its own frame: a mesh, or a cylinder (`radius`, `length` [m]) where `mesh` is None."""

    mesh: Path | None
    radius: float
    length: float
    color: tuple[float, float, float, float]


@dataclass(frozen=True)
class Link:
    """A link in its parent's frame with its joint at zero. `joint` turns it about its z axis; "" where it is fixed."""

    name: str
    parent: str
    origin: Pose
    joint: str = ""
    visuals: tuple[Visual, ...] = ()


def arm_links(arm: Arm) -> tuple[Link, ...]:
    """Returns the links of `arm`, parents first. The first hangs on `arm.base_frame`; `arm.tool_frame` is one of them.

    Raises:
        ConfigError: there is no model of this arm.
    """
    spec = arm_spec(arm)
    model: Any = spec.compile()
    meshes = {mesh.name: kinova_model_folder() / MESH_FOLDER / mesh.file for mesh in spec.meshes}
    links = []
    for body in spec.bodies:
        if body.name == "world":
            continue
        parent = arm.base_frame if body.parent.name == "world" else body.parent.name
        joint = body.joints[0].name if body.joints else ""
        visuals = _visuals(body, model, meshes)
        # Where the hand was attached is settled only in the compiled model.
        compiled = model.body(body.name)
        links.append(Link(body.name, parent, Pose(compiled.pos, compiled.quat), joint, visuals))
    tool = model.site(arm.tool_frame)
    return (*links, Link(arm.tool_frame, model.body(tool.bodyid[0]).name, Pose(tool.pos, tool.quat)))


def link_poses(links: tuple[Link, ...], angles: dict[str, float]) -> list[Pose]:
    """Returns each link's pose in its parent's frame, for the joint angles [rad] by name."""
    poses = []
    for link in links:
        half = 0.5 * angles[link.joint] if link.joint else 0.0
        rotation = np.empty(4)
        mujoco.mju_mulQuat(rotation, link.origin.rotation, np.array([np.cos(half), 0.0, 0.0, np.sin(half)]))
        poses.append(Pose(link.origin.translation, rotation))
    return poses


def base_positions(links: tuple[Link, ...], poses: list[Pose], base: str) -> dict[str, NDArray[np.float64]]:
    """Returns where each link's origin is in the frame `base` [m], shape (3,), from its pose in its parent's frame."""
    world: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {base: (np.zeros(3), IDENTITY.rotation)}
    for link, pose in zip(links, poses, strict=True):
        position, rotation = world[link.parent]
        offset, turned = np.empty(3), np.empty(4)
        mujoco.mju_rotVecQuat(offset, pose.translation, rotation)
        mujoco.mju_mulQuat(turned, rotation, pose.rotation)
        world[link.name] = (position + offset, turned)
    return {link.name: world[link.name][0] for link in links}


def _visuals(body: Any, model: Any, meshes: dict[str, Path]) -> tuple[Visual, ...]:
    """Returns what the model shows of `body`. Its visible shapes lie in the body's own frame, where a URDF wants them."""
    found = []
    first = int(model.body(body.name).geomadr[0])
    for index, geom in enumerate(body.geoms):
        radius, half_length, _ = model.geom_size[first + index]
        red, green, blue, alpha = map(float, model.mat_rgba[model.geom_matid[first + index]])
        color = (red, green, blue, alpha)
        if geom.type == mujoco.mjtGeom.mjGEOM_MESH:
            found.append(Visual(meshes[geom.meshname], 0.0, 0.0, color))
        elif geom.type == mujoco.mjtGeom.mjGEOM_CYLINDER:
            found.append(Visual(None, float(radius), 2.0 * float(half_length), color))
    return tuple(found)
