"""The world around the arm: table, target, light and cameras. One source for training, the graph and videos."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaco_core.arms import Arm
from jaco_core.cameras import POLICY, camera_frame
from jaco_core.kinematics import Linkage, arm_spec
from jaco_core.models import arm_model
from jaco_sim.meshes import add_visual_meshes
from jaco_sim.profiles import CameraPose, Light, Profile
from jaco_sim.textures import add_materials
from jaco_sim.variation import MAX_DISTRACTORS
from jaco_tasks.task import Task

POLICY_CAMERA = camera_frame(POLICY)
SCENE_CAMERA = camera_frame("scene")
WRIST_CAMERA = camera_frame("wrist")
TABLE_CENTRE = (0.30, 0.0)
TABLE_HALF_SIZE = (0.62, 0.62, 0.02)
FLOOR_HEIGHT = -0.60
_SEEN_ONLY = {"contype": 0, "conaffinity": 0}
RING_MATERIAL = "light_gray"


@dataclass(frozen=True)
class Scene:
    """A compiled world, shared by all simulations of it. Object positions are those of MuJoCo's mocap bodies."""

    model: Any
    arm: Arm
    task: Task
    profile: Profile

    @property
    def varied(self) -> bool:
        """Tells whether the world differs from episode to episode."""
        return bool(self.profile.ranges)

    @cached_property
    def qpos(self) -> NDArray[np.int64]:
        """Where the arm's joints are in qpos, shape (n,)."""
        return np.array([self.model.joint(name).qposadr[0] for name in self.arm.joint_names])

    @cached_property
    def dofs(self) -> NDArray[np.int64]:
        """Where the arm's joints are in qvel, shape (n,)."""
        return np.array([self.model.joint(name).dofadr[0] for name in self.arm.joint_names])

    @cached_property
    def linkage(self) -> Linkage:
        """The arm's joints that follow others."""
        return Linkage(self.model)

    @cached_property
    def palm(self) -> int:
        """The palm's site."""
        return int(self.model.site("palm").id)

    @cached_property
    def objects(self) -> dict[str, int]:
        """Object name -> mocap index."""
        return {item.name: int(self.model.body(item.name).mocapid[0]) for item in self.task.objects}

    @cached_property
    def link_of_geom(self) -> tuple[str, ...]:
        """The link or thing that each geom belongs to, as contacts name it."""
        links = arm_model(self.arm).links
        bodies = (self.model.body(body).name for body in self.model.geom_bodyid)
        names = (self.model.geom(geom).name for geom in range(self.model.ngeom))
        return tuple(links.get(body, name if body == "world" else body) for body, name in zip(bodies, names, strict=True))


def build_scene(
    task: Task,
    arm: Arm,
    profile: Profile,
    physics_step_s: float = 0.002,
    mesh_fraction: float = 1.0,
    table_margin_m: float = 0.0,
) -> Scene:
    """Returns the compiled world of `task`.

    `mesh_fraction`: share of the arm's triangles that are drawn; collisions always use the full meshes. `table_margin_m`: what
    comes so near the table counts as touching it, and feels nothing yet.

    Raises:
        ConfigError: no model of this arm.
    """
    spec = arm_spec(arm)
    spec.option.timestep = physics_step_s
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for material in spec.materials:
        color = profile.ring_color if material.name.endswith(RING_MATERIAL) else profile.arm_color
        material.rgba = (*color, 1.0)
    add_visual_meshes(spec, mesh_fraction)
    _add_furniture(spec, profile, table_margin_m)
    for item in task.objects:
        body = spec.worldbody.add_body(name=item.name, mocap=True)
        sphere = mujoco.mjtGeom.mjGEOM_SPHERE
        body.add_geom(name=item.name, type=sphere, size=(item.radius, 0, 0), rgba=(*profile.target_color, 1.0), **_SEEN_ONLY)
    _add_camera(spec.worldbody, POLICY_CAMERA, profile.policy_camera)
    _add_camera(spec.worldbody, SCENE_CAMERA, profile.scene_camera)
    _add_wrist_camera(spec, arm, profile.wrist_camera)
    _add_light(spec, profile.light)
    if profile.ranges:
        add_materials(spec)
        _add_distractors(spec)
    return Scene(spec.compile(), arm, task, profile)


def _add_furniture(spec: Any, profile: Profile, table_margin_m: float) -> None:
    box = mujoco.mjtGeom.mjGEOM_BOX
    x, y = TABLE_CENTRE
    table, floor = (*profile.table_color, 1.0), (*profile.floor_color, 1.0)
    place = (x, y, -TABLE_HALF_SIZE[2])
    # Across its gap a contact is listed and has no force.
    spec.worldbody.add_geom(name="table", type=box, size=TABLE_HALF_SIZE, pos=place, rgba=table, gap=table_margin_m)
    spec.worldbody.add_geom(name="floor", type=box, size=(8.0, 8.0, 0.01), pos=(0.0, 0.0, FLOOR_HEIGHT), rgba=floor, **_SEEN_ONLY)
    sky, gradient = mujoco.mjtTexture.mjTEXTURE_SKYBOX, mujoco.mjtBuiltin.mjBUILTIN_GRADIENT
    colors = {"rgb1": (0.75, 0.82, 0.90), "rgb2": (0.35, 0.42, 0.50)}
    spec.add_texture(name="sky", type=sky, builtin=gradient, width=64, height=384, **colors)


def distractor_name(index: int) -> str:
    """Returns the name of the geom of a thing that means nothing."""
    return f"distractor_{index}"


def _add_distractors(spec: Any) -> None:
    """Adds things to see, out of sight until an episode shows them."""
    for index in range(MAX_DISTRACTORS):
        sphere = mujoco.mjtGeom.mjGEOM_SPHERE
        spec.worldbody.add_geom(name=distractor_name(index), type=sphere, size=(0.03, 0, 0), pos=(0, 0, 1), group=5, **_SEEN_ONLY)


def _add_camera(body: Any, name: str, pose: CameraPose) -> None:
    body.add_camera(name=name, pos=pose.position, quat=looking(pose.position, pose.look_at), fovy=pose.fovy)


def _add_wrist_camera(spec: Any, arm: Arm, pose: CameraPose) -> None:
    """Adds a camera that moves with the hand. `pose` counts from the palm, z away from the hand."""
    palm = next(point for point in arm_model(arm).points if point.name == "palm")
    # Arms differ in whether their last link's z axis points out of the hand or into it.
    turn = (1.0, 1.0, 1.0) if palm.offset[2] >= 0.0 else (1.0, -1.0, -1.0)
    position, target = (np.add(palm.offset, np.multiply(turn, point)) for point in (pose.position, pose.look_at))
    place, aim = (tuple(float(value) for value in point) for point in (position, target))
    _add_camera(spec.body(palm.body), WRIST_CAMERA, CameraPose(place, aim, pose.fovy))  # type: ignore[arg-type]


def looking(position: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Returns the orientation (w, x, y, z) of an upright camera at `position` that looks at `target` along its -z axis."""
    backward = np.subtract(position, target)
    right = np.cross((0.0, 0.0, 1.0), backward)
    right /= np.linalg.norm(right)
    backward /= np.linalg.norm(backward)
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.column_stack((right, np.cross(backward, right), backward)).ravel())
    return quaternion


def _add_light(spec: Any, light: Light) -> None:
    direction = np.subtract(light.look_at, light.position)
    spec.worldbody.add_light(
        name="lamp",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=light.position,
        dir=direction,
        diffuse=light.diffuse,
        ambient=light.ambient,
        specular=(0.0, 0.0, 0.0),
    )
    # Round things are drawn with fewer facets than MuJoCo's default: a ring of 28 x 16 costs as much as a link.
    spec.visual.quality.numslices, spec.visual.quality.numstacks, spec.visual.quality.numquads = 16, 6, 1
    # One lamp lights the scene: the viewer's headlight would move with the camera.
    spec.visual.headlight.active = 0
