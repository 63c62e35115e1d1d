"""What the simulated physics says about every limit, measured without the filter's own view of the arm.

Distances are those of MuJoCo's collision shapes (the hulls of the meshes), positions and velocities those of its state. A margin
is what is left of a limit, negative when it is broken.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.models import arm_model
from jaco_core.types import Vector
from jaco_safety.geometry import Geometry
from jaco_safety.limits import SafetyLimits

# Distances beyond this are not measured exactly [m].
_FAR = 0.05
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Margins:
    """What is left of each limit, by the names in jaco_safety.catalogue, at one tick."""

    left: dict[str, float]

    @property
    def broken(self) -> list[str]:
        return [name for name, left in self.left.items() if left < -_ROUNDING]


class Truth:
    """Measures the margins of one arm in its physics (`model`, with a geom "table")."""

    def __init__(self, arm: Arm, limits: SafetyLimits, geometry: Geometry, model: Any) -> None:
        # The Kinova model turns MuJoCo's own convex collision code off; distances by the older library are wrong by centimetres.
        self._arm, self._limits, self._model = arm, limits, copy(model)
        self._model.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_NATIVECCD)
        self._qpos = np.array([model.joint(name).qposadr[0] for name in arm.joint_names])
        self._dofs = np.array([model.joint(name).dofadr[0] for name in arm.joint_names])
        self._points = [(model.body(p.body).id, np.array(p.offset)) for p in arm_model(arm).points if p.name in ("palm", "elbow")]
        self._is_palm = [p.name == "palm" for p in arm_model(arm).points if p.name in ("palm", "elbow")]
        self._arm_joints = np.array([joint.kind != "finger" for joint in arm.joints])
        link_of = {model.body(body).id: link for link, (bodies, _) in geometry.links.items() for body in bodies}
        links = [link_of.get(int(body), "") for body in model.geom_bodyid]
        self._free = np.array([g for g, link in enumerate(links) if link and link not in geometry.fixed])
        watched = {frozenset(pair) for pair in geometry.watched}
        self._pairs = np.array(
            [(a, b) for a in range(model.ngeom) for b in range(a) if frozenset((links[a], links[b])) in watched], dtype=int
        )
        self._table = int(model.geom("table").id)
        self._planes = [(-np.eye(3)[i], -limits.workspace_upper[i], "workspace") for i in range(3)]
        self._planes += [(np.eye(3)[i], limits.workspace_lower[i], "workspace") for i in range(3)]
        self._planes += [(np.array(plane[:3]), plane[3], "half_space") for plane in limits.half_spaces]
        self._planes += [(np.array([0.0, 0.0, 1.0]), limits.table_height + limits.table_clearance, "table")]
        self._normals = np.array([plane[0] for plane in self._planes])
        self._heights = np.array([plane[1] for plane in self._planes])
        boxes = np.array(limits.keep_out_boxes, dtype=float).reshape(-1, 6)
        self._box_centre, self._box_half = (boxes[:, 3:] + boxes[:, :3]) / 2.0, (boxes[:, 3:] - boxes[:, :3]) / 2.0
        self._hulls = {int(geom): _hull_points(model, int(geom)) for geom in self._free}
        self._keep_outs = [g for g in range(model.ngeom) if model.geom(g).name.startswith("keep_out_")]
        self._jacobian = np.zeros((3, model.nv))

    def measure(self, data: Any, fastest: Vector, mean_acceleration: Vector, top_speed: float | None) -> Margins:
        """Returns the margins at the end of a tick.

        Args:
            data: the physics (mujoco.MjData), with positions brought up to date.
            fastest: highest joint speeds during the tick [rad/s], shape (n,).
            mean_acceleration: over the tick [rad/s^2], shape (n,).
            top_speed: of palm and elbow [m/s]; None: full mode.
        """
        arm, limits = self._arm, self._limits
        position, velocity = data.qpos[self._qpos], data.qvel[self._dofs]
        left = {
            "position": float(np.minimum(position - arm.lower, arm.upper - position).min()),
            "velocity": float((arm.max_velocity - fastest).min()),
            "acceleration": float((arm.max_acceleration + limits.acceleration_tolerance - np.abs(mean_acceleration)).min()),
            "torque": float((np.array(limits.torque_limits) - np.abs(data.qfrc_actuator[self._dofs])).min()),
        }
        for (body, offset), is_palm in zip(self._points, self._is_palm, strict=True):
            point = data.xpos[body] + data.xmat[body].reshape(3, 3) @ offset
            mujoco.mj_jac(self._model, data, self._jacobian, None, point, body)
            jacobian = self._jacobian[:, self._dofs]
            speed = math.hypot(*jacobian.dot(velocity).tolist())
            top = top_speed if top_speed is not None else (limits.tool_speed if is_palm else limits.elbow_speed)
            left["tool_speed" if is_palm else "elbow_speed"] = top - speed
            if is_palm:
                arm_only = jacobian[:, self._arm_joints]
                smallest = math.sqrt(max(float(np.linalg.eigvalsh(arm_only.dot(arm_only.T))[0]), 0.0))
                share = max(limits.singular_share, min(1.0, smallest / limits.singular_value)) if limits.singular_value else 1.0
                left["singularity"] = top * share - speed
        self._measure_planes(data, left)
        self._measure_pairs(data, left)
        return Margins(left)

    def _measure_planes(self, data: Any, left: dict[str, float]) -> None:
        """Half-spaces by the hulls' corners; those are only looked at where a geom's bounding ball comes near."""
        centres, radius = data.geom_xpos[self._free], self._model.geom_rbound[self._free]
        room = centres @ self._normals.T - self._heights - radius[:, None]
        nearest = room.min(axis=0)
        for plane, (normal, height, name) in enumerate(self._planes):
            value = float(nearest[plane])
            if value < _FAR:
                value = self._lowest(data, normal, room[:, plane] + height) - height
            left[name] = min(left.get(name, np.inf), value)
        for geom in self._keep_outs:
            offset = np.abs(centres - data.geom_xpos[geom]) - self._model.geom_size[geom]
            room_box = np.linalg.norm(np.maximum(offset, 0.0), axis=1) - radius
            near = np.flatnonzero(room_box < _FAR)
            values = [mujoco.mj_geomDistance(self._model, data, geom, int(self._free[row]), _FAR, None) for row in near] or [
                float(room_box.min())
            ]
            left["keep_out"] = min(left.get("keep_out", np.inf), *values)

    def _measure_pairs(self, data: Any, left: dict[str, float]) -> None:
        centres, radius = data.geom_xpos, self._model.geom_rbound
        first, second = self._pairs[:, 0], self._pairs[:, 1]
        room = np.linalg.norm(centres[first] - centres[second], axis=1) - radius[first] - radius[second]
        near = np.flatnonzero(room < _FAR)
        values = [mujoco.mj_geomDistance(self._model, data, int(first[row]), int(second[row]), _FAR, None) for row in near] or [
            float(room.min())
        ]
        left["self_collision"] = min(values) - self._limits.self_clearance

    def _lowest(self, data: Any, normal: Vector, bound: Vector) -> float:
        """Returns how far along `normal` the hulls of the free geoms reach down [m]; `bound`: those of their bounding balls."""
        lowest = math.inf
        for row in np.argsort(bound).tolist():
            if bound[row] >= lowest:
                break
            geom = int(self._free[row])
            turned = data.geom_xmat[geom].reshape(3, 3).T.dot(normal)
            lowest = min(lowest, float(self._hulls[geom].dot(turned).min() + data.geom_xpos[geom].dot(normal)))
        return lowest


def _hull_points(model: Any, geom: int) -> NDArray[np.float64]:
    """Returns points of the geom, in its own frame, that no part of it lies beyond in any direction (to 1 mm)."""
    kind, size = model.geom_type[geom], model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[geom])
        vertices: NDArray[np.float64] = model.mesh_vert[model.mesh_vertadr[mesh] :][: model.mesh_vertnum[mesh]].astype(float)
        # MuJoCo's graph of the hull: counts of its vertices and faces, where each vertex's edges are, and which vertex it is.
        graph = model.mesh_graph[model.mesh_graphadr[mesh] :]
        corners: NDArray[np.float64] = vertices[graph[2 + graph[0] : 2 + 2 * graph[0]]]
        return corners
    turn = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        rings = [(size[0], -size[1]), (size[0], size[1])]
    else:
        rise = np.linspace(0.0, np.pi / 2, 9)
        rings = [(size[0] * np.cos(a), sign * (size[1] + size[0] * np.sin(a))) for a in rise for sign in (-1.0, 1.0)]
    return np.concatenate([np.column_stack([r * np.cos(turn), r * np.sin(turn), np.full(32, z)]) for r, z in rings])
