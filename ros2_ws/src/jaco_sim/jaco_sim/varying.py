"""Puts an episode's variation into the arrays of a compiled model. Nothing is compiled again."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import mujoco
import numpy as np

from jaco_core.models import arm_model
from jaco_sim.scene import POLICY_CAMERA, RING_MATERIAL, TABLE_CENTRE, Scene, distractor_name, looking
from jaco_sim.textures import material_name
from jaco_sim.variation import MAX_DISTRACTORS, SHAPES, Triple, Variation

# What an episode may change. The rest of the model is shared in content with the scene's own.
_TOUCHED = (
    *("geom_type", "geom_size", "geom_pos", "geom_sameframe", "geom_rbound", "geom_rgba", "geom_matid", "geom_group"),
    *("light_pos", "light_dir", "light_diffuse", "light_ambient", "cam_pos", "cam_quat", "cam_fovy"),
    *("dof_frictionloss", "dof_damping", "actuator_gainprm", "actuator_biasprm", "body_mass", "body_gravcomp"),
)
_TYPES = {
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}
# Half sizes of a shape as shares of the sphere's radius: about as large to look at.
_PROPORTIONS = {"sphere": (1.0, 0.0, 0.0), "box": (0.85, 0.85, 0.85), "cylinder": (0.9, 0.9, 0.0), "ellipsoid": (1.2, 0.8, 1.0)}
_HIDDEN, _SHOWN = 5, 0
# MuJoCo takes this grey for "no colour given" and shows the material's instead.
_UNSAID = (0.5, 0.5, 0.5, 1.0)


def vary(scene: Scene, model: Any, data: Any, variation: Variation, seed: int) -> None:
    """Makes `model`, a copy of the scene's, the world of the episode with `seed`. `data` is used and must be reset afterwards."""
    for name in _TOUCHED:
        getattr(model, name)[:] = getattr(scene.model, name)
    _looks(scene, model, variation)
    _distractors(scene, model, variation, seed)
    _light(scene, model, variation)
    _camera(scene, model, variation)
    _dynamics(scene, model, variation)
    mujoco.mj_setConst(model, data)


def _looks(scene: Scene, model: Any, variation: Variation) -> None:
    for item in scene.task.objects:
        geom = model.geom(item.name).id
        _shape(model, geom, variation.target_shape, variation.target_scale * item.radius)
        # Its body is as high as the ball that the task thinks of; whatever its shape, it stands on the table.
        model.geom_pos[geom] = (0.0, 0.0, _height(model, geom) - item.radius)
        _paint(model, geom, variation.target_color)
    _paint(model, model.geom("table").id, variation.table_color)
    _paint(model, model.geom("floor").id, variation.floor_color)
    _cover(model, model.geom("table").id, variation.table_texture)
    _cover(model, model.geom("floor").id, variation.floor_texture)
    links = arm_model(scene.arm).links
    for geom in range(model.ngeom):
        if model.body(int(model.geom_bodyid[geom])).name not in links:
            continue
        material = int(scene.model.geom_matid[geom])
        if variation.arm_texture != "plain":
            # A pattern's material is white: the colour that the arm's own material gave must be said now.
            model.geom_rgba[geom] = scene.model.mat_rgba[material]
            _cover(model, geom, variation.arm_texture)
        ring = scene.model.mat(material).name.endswith(RING_MATERIAL)
        _paint(model, geom, variation.ring_color if ring else variation.arm_color)


def _distractors(scene: Scene, model: Any, variation: Variation, seed: int) -> None:
    if not scene.varied:
        return
    rng = np.random.default_rng(np.random.SeedSequence((seed, crc32(b"distractors/where"))))
    for index in range(MAX_DISTRACTORS):
        # All are drawn, shown or not, so that another number of them leaves the others where they are.
        radius, angle, distance = rng.uniform((0.02, -np.pi, 0.25), (0.05, np.pi, 0.55))
        shape, color = SHAPES[int(rng.integers(len(SHAPES)))], rng.uniform(0.0, 0.9, 3)
        # Never red: that is what the policy looks for.
        color[0] = min(color[0], max(color[1], color[2]))
        geom = model.geom(distractor_name(index)).id
        _shape(model, geom, shape, radius)
        place = (TABLE_CENTRE[0] + distance * np.cos(angle), TABLE_CENTRE[1] + distance * np.sin(angle))
        model.geom_pos[geom] = (*place, _height(model, geom))
        _paint(model, geom, (float(color[0]), float(color[1]), float(color[2])))
        model.geom_group[geom] = _SHOWN if index < int(variation.distractors) else _HIDDEN


def _light(scene: Scene, model: Any, variation: Variation) -> None:
    lamp, light = model.light("lamp").id, scene.profile.light
    position = np.add(light.position, variation.light_shift)
    model.light_pos[lamp] = position
    direction = np.subtract(light.look_at, position)
    model.light_dir[lamp] = direction / np.linalg.norm(direction)
    model.light_diffuse[lamp] = np.multiply(light.diffuse, variation.light_tint) * variation.light_brightness
    model.light_ambient[lamp] = np.multiply(light.ambient, variation.light_tint) * variation.ambient_brightness


def _camera(scene: Scene, model: Any, variation: Variation) -> None:
    camera, pose = model.camera(POLICY_CAMERA).id, scene.profile.policy_camera
    position, target = np.add(pose.position, variation.camera_shift), np.add(pose.look_at, variation.camera_aim_shift)
    half = np.deg2rad(variation.camera_roll) / 2.0
    quaternion = np.zeros(4)
    mujoco.mju_mulQuat(quaternion, looking(position, target), np.array([np.cos(half), 0.0, 0.0, np.sin(half)]))
    model.cam_pos[camera], model.cam_quat[camera] = position, quaternion
    model.cam_fovy[camera] = pose.fovy + variation.camera_fovy_change


def _dynamics(scene: Scene, model: Any, variation: Variation) -> None:
    count, dofs = len(scene.arm), scene.dofs
    model.dof_frictionloss[dofs] *= variation.joint_friction[:count]
    model.dof_damping[dofs] *= variation.joint_damping[:count]
    gain = np.array(variation.joint_gain[:count])
    model.actuator_gainprm[:, 0] *= gain
    model.actuator_biasprm[:, 2] *= gain
    hand = model.body(arm_model(scene.arm).hand).id
    mass = scene.model.body_mass[hand]
    model.body_mass[hand] = mass + variation.payload
    # The arm compensates its own weight and does not know of the load's.
    model.body_gravcomp[hand] *= mass / (mass + variation.payload)


def _shape(model: Any, geom: int, shape: str, radius: float) -> None:
    model.geom_type[geom] = _TYPES[shape]
    model.geom_size[geom] = np.multiply(_PROPORTIONS[shape], radius)
    model.geom_rbound[geom] = 2.0 * radius
    # Without this MuJoCo takes the body's frame for the geom's and never looks at geom_pos.
    model.geom_sameframe[geom] = 0


def _height(model: Any, geom: int) -> float:
    """Returns half the height of a shape that stands upright [m]."""
    row = {_TYPES["sphere"]: 0, _TYPES["cylinder"]: 1}.get(int(model.geom_type[geom]), 2)
    return float(model.geom_size[geom, row])


def _paint(model: Any, geom: int, color: Triple | None) -> None:
    if color is None:
        return
    model.geom_rgba[geom, :3] = color
    if np.array_equal(model.geom_rgba[geom], _UNSAID):
        model.geom_rgba[geom, 0] += 1e-3


def _cover(model: Any, geom: int, texture: str) -> None:
    if texture != "plain":
        model.geom_matid[geom] = model.mat(material_name(texture)).id
