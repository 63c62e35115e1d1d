"""Distances of an arm's balls to everything that they must keep away from, and which joint motion shortens them.

Workspace faces, half-spaces and table are planes; keep-out volumes are boxes; the arm itself is pairs of balls. All of them are
computed at once, in one fixed order: planes (per ball), boxes (per ball), pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import Vector
from jaco_safety.chain import Chain, Pose
from jaco_safety.geometry import Balls, Geometry
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import Reason

Matrix = NDArray[np.float64]
Index = NDArray[np.int64]

_TINY = 1e-12


@dataclass(frozen=True)
class Barrier:
    """Something that one part of the arm must keep away from: the reason when it is approached, and when it is crossed."""

    subject: str
    limited: Reason
    outside: Reason


class Distances:
    """Measures k distances of one arm, for the s balls of its links."""

    def __init__(self, chain: Chain, balls: Balls, geometry: Geometry, limits: SafetyLimits) -> None:
        self._chain = chain
        sites = chain.ball_sites
        free = np.array([index for index, link in enumerate(balls.link) if link not in geometry.fixed])
        planes = _planes(limits)
        boxes = np.array(limits.keep_out_boxes, dtype=float).reshape(-1, 6)
        pairs = [(j, i) for i, a in enumerate(balls.link) for j, b in enumerate(balls.link) if (a, b) in geometry.watched]
        self._free, self._free_radius = sites[free], balls.radius[free]
        self._normals = np.array([plane[0] for plane in planes])
        self._turned_normals = np.ascontiguousarray(self._normals.T)
        self._radius_room = balls.radius[free][:, None] + np.array([plane[1] for plane in planes])
        self._box_centre, self._box_half = (boxes[:, 3:] + boxes[:, :3]) / 2.0, (boxes[:, 3:] - boxes[:, :3]) / 2.0
        ball, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        first, self._second = sites[ball], sites[other]
        # The pairs as elements of a matrix: its rows are the balls that come first in a pair, its columns those that come second.
        self._rows, self._columns = np.unique(first), np.unique(self._second)
        self._elements = np.searchsorted(self._rows, first) * len(self._columns) + np.searchsorted(self._columns, self._second)
        self._pair_room = balls.radius[ball] + balls.radius[other] + limits.self_clearance
        self._first_box = len(free) * len(planes)
        self._first_pair = self._first_box + len(free) * len(boxes)
        # Per distance: the ball that it is of, where it shrinks to fastest (planes only), and which joints change it.
        self._ball = np.concatenate([np.repeat(sites[free], len(planes)), np.repeat(sites[free], len(boxes)), first])
        self._towards = np.zeros((len(self._ball), 3))
        self._towards[: self._first_box] = np.tile(-self._normals, (len(free), 1))
        self._changes = chain.moves[self._ball]
        self._changes[self._first_pair :] -= chain.moves[self._second]
        self.barriers: tuple[Barrier, ...] = (
            *(_plane_barrier(balls.link[ball], plane[2]) for ball in free for plane in planes),
            *(
                Barrier(f"keep-out box {number + 1} ({balls.link[ball]})", Reason.KEEP_OUT, Reason.KEEP_OUT_OUTSIDE)
                for ball in free
                for number in range(len(boxes))
            ),
            *(
                Barrier(f"{balls.link[i]} and {balls.link[j]}", Reason.SELF_COLLISION, Reason.SELF_COLLISION_OUTSIDE)
                for j, i in pairs
            ),
        )

    def at(self, pose: Pose) -> Vector:
        """Returns the distances less the clearances [m], shape (k,); negative where a clearance is not kept."""
        free = pose.centres.take(self._free, axis=0)
        planes = free @ self._turned_normals
        planes -= self._radius_room - pose.origin @ self._turned_normals
        # |a - b|^2 = |a|^2 + |b|^2 - 2 a b, for all rows and columns at once, is quicker than picking the pairs first.
        rows, columns = pose.centres.take(self._rows, axis=0), pose.centres.take(self._columns, axis=0)
        apart = rows @ (-2.0 * columns.T)
        apart += (rows * rows).sum(axis=1)[:, None]
        apart += (columns * columns).sum(axis=1)
        pairs = apart.take(self._elements)
        np.sqrt(np.maximum(pairs, 0.0, out=pairs), out=pairs)
        pairs -= self._pair_room
        if not len(self._box_half):
            return np.concatenate([planes.ravel(), pairs])
        return np.concatenate([planes.ravel(), self._box_distances(free + pose.origin).ravel(), pairs])

    def _box_distances(self, points: Matrix) -> Matrix:
        """Returns the distances [m], shape (b, number of boxes), of the free balls at `points` to the keep-out boxes."""
        result = np.empty((len(points), len(self._box_half)))
        for number, (centre, half) in enumerate(zip(self._box_centre, self._box_half, strict=True)):
            outside = np.abs(points - centre) - half
            beyond = np.maximum(outside, 0.0)
            distance = np.sqrt(np.einsum("ij,ij->i", beyond, beyond))
            inside = distance == 0.0
            if inside.any():
                distance[inside] = outside[inside].max(axis=1)
            result[:, number] = distance - self._free_radius
        return result

    def approach(self, pose: Pose, index: Index) -> Matrix:
        """Returns by how much the distances at `index`, shape (r,), ascending, shrink per joint angle [m/rad], shape (r, n).

        A joint that moves both balls of a pair does not change their distance, and one that moves the first alone changes it by
        as much as it moves that ball along the line between the two.
        """
        towards = self._towards.take(index, axis=0)
        balls = self._ball.take(index)
        centres = pose.centres.take(balls, axis=0)
        first_pair = int(index.searchsorted(self._first_pair))
        if first_pair < len(index):
            apart = pose.centres.take(self._second.take(index[first_pair:] - self._first_pair), axis=0) - centres[first_pair:]
            towards[first_pair:] = apart / np.maximum(np.sqrt((apart * apart).sum(axis=1)), _TINY)[:, None]
        if len(self._box_half):
            boxes = slice(int(index.searchsorted(self._first_box)), first_pair)
            if boxes.start < boxes.stop:
                number = (index[boxes] - self._first_box) % len(self._box_half)
                towards[boxes] = -self._box_normals(centres[boxes] + pose.origin, number)
        rows: Matrix = self._chain.along(pose, centres, towards) * self._changes.take(index, axis=0)
        return rows

    def _box_normals(self, points: Matrix, box: Index) -> Matrix:
        """Returns the outward unit directions, shape (r, 3), from each point's box to the point."""
        offset = points - self._box_centre[box]
        outside = np.abs(offset) - self._box_half[box]
        beyond = np.maximum(outside, 0.0)
        inside = (beyond == 0.0).all(axis=1)
        beyond[inside] = outside[inside] == outside[inside].max(axis=1, keepdims=True)
        directed = np.copysign(beyond, offset)
        result: Matrix = directed / np.maximum(np.linalg.norm(directed, axis=1, keepdims=True), _TINY)
        return result


def _planes(limits: SafetyLimits) -> list[tuple[Vector, float, str]]:
    """Returns inward normal, height with clearance [m] and name of every plane."""
    planes: list[tuple[Vector, float, str]] = []
    for axis, name in enumerate("xyz"):
        unit = np.eye(3)[axis]
        planes.append((-unit, -limits.workspace_upper[axis], f"upper {name}"))
        planes.append((unit, limits.workspace_lower[axis], f"lower {name}"))
    for number, (x, y, z, height) in enumerate(limits.half_spaces):
        planes.append((np.array([x, y, z]), height, f"half-space {number + 1}"))
    planes.append((np.array([0.0, 0.0, 1.0]), limits.table_height + limits.table_clearance, "table"))
    return planes


def _plane_barrier(link: str, plane: str) -> Barrier:
    if plane == "table":
        return Barrier(link, Reason.TABLE, Reason.TABLE_OUTSIDE)
    return Barrier(f"{link} at {plane}", Reason.WORKSPACE, Reason.WORKSPACE_OUTSIDE)
