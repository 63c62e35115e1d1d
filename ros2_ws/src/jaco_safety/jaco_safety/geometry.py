"""The links of an arm as balls: a conservative cover that distances are quickly computed from.

MuJoCo collides meshes as their convex hulls. The surface of a link's hulls is cut into triangles and these into as many slices,
across the link, as the arm's file in config/geometry says; each slice gets a ball that contains its triangles whole. So every
point of a link's surface is inside one of its balls: the distance between balls never exceeds that between what they cover.

The balls are Badoiu and Clarkson's approximation of the smallest enclosing ball (SODA 2003). All of it is deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any

import mujoco
import numpy as np
import yaml
from numpy.typing import NDArray

from jaco_core.errors import ConfigError
from jaco_core.kinematics import Linkage
from jaco_core.types import Vector

Matrix = NDArray[np.float64]

# Triangles longer than this are halved [m]: smaller balls, and a few hundred triangles per link.
_LONGEST_EDGE = 0.015
_SIDES = 16
_BALL_STEPS = 100
# A gripper's fingers are covered at so many openings: they move by millimetres from one to the next, within the balls.
_OPENINGS = 9


@dataclass(frozen=True)
class Geometry:
    """What config/geometry says of one arm.

    `links`: per link its bodies and the number of its balls. `fixed`: links that are not held against table and workspace, since
    they cannot leave their place. `watched`: pairs of links that could touch; no other pair comes closer than the self-clearance.
    `sweeps`: link -> the gripper's joint that moves its bodies. Its balls sit on the body before them and cover every opening.
    """

    links: dict[str, tuple[tuple[str, ...], int]]
    fixed: frozenset[str]
    watched: tuple[tuple[str, str], ...]
    sweeps: dict[str, str]


@dataclass(frozen=True)
class Balls:
    """s balls: names of `link` and `body`, `centre` [m] in the body's frame, shape (s, 3), and `radius` [m], shape (s,)."""

    link: tuple[str, ...]
    body: tuple[str, ...]
    centre: Matrix
    radius: Vector


def load_geometry(arm: str) -> Geometry:
    """Returns what config/geometry says of the arm called `arm`.

    Raises:
        ConfigError: there is no such file, or a pair or a fixed link that is none of its links.
    """
    source = files(__package__) / "config" / "geometry" / f"{arm}.yaml"
    if not source.is_file():
        raise ConfigError(f"There is no collision geometry of arm '{arm}'; add jaco_safety/config/geometry/{arm}.yaml.")
    data = yaml.safe_load(source.read_text(encoding="utf-8"))
    links = {name: (tuple(entry["bodies"]), int(entry["balls"])) for name, entry in data["links"].items()}
    watched = tuple((first, second) for first, others in data["watched"].items() for second in others)
    sweeps = dict(data.get("sweeps", {}))
    unknown = {name for pair in watched for name in pair} | set(data["fixed"]) | set(sweeps)
    unknown -= set(links)
    if unknown:
        raise ConfigError(
            f"The collision geometry of arm '{arm}' names {', '.join(sorted(unknown))}; its links: {', '.join(links)}."
        )
    return Geometry(links, frozenset(data["fixed"]), watched, sweeps)


def cover(model: Any, geometry: Geometry) -> Balls:
    """Returns balls that cover the links of the compiled `model` (mujoco.MjModel)."""
    names: list[str] = []
    bodies: list[str] = []
    centres: list[Matrix] = []
    radii: list[float] = []
    for link, (link_bodies, count) in geometry.links.items():
        root = int(model.body(link_bodies[0]).id)
        if link in geometry.sweeps:
            root = int(model.body_parentid[root])
            triangles = _swept_triangles(model, link_bodies, root, geometry.sweeps[link])
        else:
            triangles = np.concatenate([_body_triangles(model, int(model.body(name).id), root) for name in link_bodies])
        for group in _slices(_refined(triangles), count):
            centre, radius = _enclosing_ball(np.unique(group.reshape(-1, 3), axis=0))
            names.append(link)
            bodies.append(model.body(root).name)
            centres.append(centre)
            radii.append(radius)
    return Balls(tuple(names), tuple(bodies), np.array(centres), np.array(radii))


def _body_triangles(model: Any, body: int, root: int) -> Matrix:
    """Returns the hull triangles [m], shape (t, 3, 3), of a body's colliding geoms in the frame of `root`, its weld."""
    parts = []
    for geom in np.flatnonzero((model.geom_bodyid == body) & (model.geom_contype > 0)):
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
        parts.append(_geom_triangles(model, int(geom)) @ rotation.reshape(3, 3).T + model.geom_pos[geom])
    triangles = np.concatenate(parts)
    while body != root:
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.body_quat[body])
        triangles = triangles @ rotation.reshape(3, 3).T + model.body_pos[body]
        body = int(model.body_parentid[body])
    return triangles


def _swept_triangles(model: Any, bodies: tuple[str, ...], root: int, joint: str) -> Matrix:
    """Returns the hull triangles [m], shape (t, 3, 3), of `bodies` in the frame of the body `root`, over the range of `joint`."""
    data, linkage = mujoco.MjData(model), Linkage(model)
    found = []
    lower, upper = model.joint(joint).range
    for angle in np.linspace(lower, upper, _OPENINGS):
        data.qpos[model.joint(joint).qposadr] = angle
        linkage.follow(data)
        mujoco.mj_kinematics(model, data)
        turned = data.xmat[root].reshape(3, 3)
        for name in bodies:
            body = int(model.body(name).id)
            world = _body_triangles(model, body, body) @ data.xmat[body].reshape(3, 3).T + data.xpos[body]
            found.append((world - data.xpos[root]) @ turned)
    return np.concatenate(found)


def _geom_triangles(model: Any, geom: int) -> Matrix:
    """Returns triangles in the geom's frame whose hull contains the geom.

    Raises:
        ConfigError: a shape that no arm has had so far.
    """
    kind, size = model.geom_type[geom], model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[geom])
        graph = model.mesh_graph[model.mesh_graphadr[mesh] :]
        vertex_count, face_count = int(graph[0]), int(graph[1])
        first = 2 + 2 * vertex_count + vertex_count + 3 * face_count
        faces = graph[first : first + 3 * face_count].reshape(-1, 3)
        vertices = model.mesh_vert[model.mesh_vertadr[mesh] :][: model.mesh_vertnum[mesh]].astype(float)
        triangles: Matrix = vertices[faces]
        return triangles
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return _prism(size[0], [(-size[1], 1.0), (size[1], 1.0)])
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        # A stack of rings around the capsule; the half-spheres' rings are scaled so that the facets stay outside.
        angles = np.linspace(0.0, np.pi / 2, 5)
        grow = 1.0 / np.cos(np.pi / 16)
        bottom = [(-size[1] - size[0] * grow * np.sin(angle), grow * np.cos(angle)) for angle in angles[::-1]]
        return _prism(size[0], bottom + [(-height, scale) for height, scale in bottom[::-1]])
    raise ConfigError(
        f"The geom '{model.geom(geom).name}' is neither mesh nor cylinder nor capsule; extend jaco_safety.geometry."
    )


def _prism(radius: float, rings: list[tuple[float, float]]) -> Matrix:
    """Returns the closed surface through rings at heights [m], each a polygon around a circle of `radius` times its scale."""
    angles = 2.0 * np.pi * np.arange(_SIDES) / _SIDES
    around = radius / np.cos(np.pi / _SIDES)
    layers = [np.column_stack([around * k * np.cos(angles), around * k * np.sin(angles), np.full(_SIDES, z)]) for z, k in rings]
    triangles = []
    for low, high in pairwise(layers):
        for i in range(_SIDES):
            j = (i + 1) % _SIDES
            triangles += [(low[i], low[j], high[j]), (low[i], high[j], high[i])]
    for layer in (layers[0], layers[-1]):
        triangles += [(layer.mean(axis=0), layer[i], layer[(i + 1) % _SIDES]) for i in range(_SIDES)]
    return np.array(triangles)


def _refined(triangles: Matrix) -> Matrix:
    """Returns the same surface, shape (t, 3, 3), with every edge at most `_LONGEST_EDGE` long: long ones are halved."""
    done: list[Matrix] = []
    while len(triangles):
        edges = np.linalg.norm(np.roll(triangles, -1, axis=1) - triangles, axis=2)
        fine = edges.max(axis=1) <= _LONGEST_EDGE
        done.append(triangles[fine])
        coarse, longest = triangles[~fine], edges[~fine].argmax(axis=1)
        rows = np.arange(len(coarse))
        a, b, c = (coarse[rows, (longest + k) % 3] for k in range(3))
        middle = 0.5 * (a + b)
        triangles = np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
    return np.concatenate(done)


def _slices(triangles: Matrix, count: int) -> list[Matrix]:
    """Returns the triangles in at most `count` groups: slices of equal thickness across the longest extent."""
    points = triangles.mean(axis=1)
    _, axes = np.linalg.eigh(np.cov(points.T))
    along = points @ axes[:, -1]
    edges = np.linspace(along.min(), along.max(), count + 1)[1:-1]
    label = np.searchsorted(edges, along)
    return [triangles[label == k] for k in range(count) if (label == k).any()]


def _enclosing_ball(points: Matrix) -> tuple[Vector, float]:
    """Returns a ball around `points`, shape (p, 3): the smallest one to a few per mille, and always around all of them."""
    centre = points.mean(axis=0)
    for step in range(_BALL_STEPS):
        farthest = points[np.argmax(((points - centre) ** 2).sum(axis=1))]
        centre = centre + (farthest - centre) / (step + 2)
    return centre, float(np.sqrt(((points - centre) ** 2).sum(axis=1).max()))
