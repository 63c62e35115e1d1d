"""Distances of an arm's balls to everything that they must keep away from, and which joint motion shortens them.

Workspace faces, half-spaces and table are planes; keep-out volumes are boxes; the arm itself is pairs of balls. All of them are
computed at once, in one fixed order: planes (per ball), pairs, balls (per box).
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
_ONES = np.ones(3)


@dataclass(frozen=True)
class Barrier:
    """Something that one part of the arm must keep away from: the reason when it is approached, and when it is crossed."""

    subject: str
    limited: Reason
    outside: Reason


class Distances:
    """Measures k distances of one arm, for the s balls of its links. Not thread-safe."""

    def __init__(self, chain: Chain, balls: Balls, geometry: Geometry, limits: SafetyLimits) -> None:
        self._chain = chain
        sites = chain.ball_sites
        free = np.array([index for index, link in enumerate(balls.link) if link not in geometry.fixed])
        planes = _planes(limits)
        boxes = np.array(limits.keep_out_boxes, dtype=float).reshape(-1, 6)
        pairs = [(j, i) for i, a in enumerate(balls.link) for j, b in enumerate(balls.link) if (a, b) in geometry.watched]
        ball, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        first, self._second = sites[ball], sites[other]
        # Of boxes all x, then all y, then all z: numpy is quick along rows that are long.
        self._free, self._box_lower, self._box_upper = sites[free], boxes[:, :3].T.copy(), boxes[:, 3:].T.copy()
        self._first_pair = len(free) * len(planes)
        self._first_box = self._first_pair + len(pairs)
        self._firsts = np.array([self._first_pair, self._first_box])
        self._make_product(planes, first, len(chain.moves))
        # What is taken off: radii, clearances and the margin.
        self._room = np.concatenate(
            [
                np.repeat(balls.radius[free], len(planes)),
                balls.radius[ball] + balls.radius[other] + limits.self_clearance,
                np.tile(balls.radius[free], len(boxes)),
            ]
        )
        self._room += limits.distance_margin
        # Per distance: the ball that it is of, where it shrinks to fastest (planes only), and which joints change it.
        self._ball = np.concatenate([np.repeat(sites[free], len(planes)), first, np.tile(sites[free], len(boxes))])
        self._towards = np.zeros((len(self._ball), 3))
        self._towards[: self._first_pair] = np.tile([-plane[0] for plane in planes], (len(free), 1))
        self._changes = chain.moves[self._ball]
        self._changes[self._first_pair : self._first_box] -= chain.moves[self._second]
        self.barriers: tuple[Barrier, ...] = (
            *(_plane_barrier(balls.link[ball], plane[2]) for ball in free for plane in planes),
            *(
                Barrier(f"{balls.link[i]} and {balls.link[j]}", Reason.SELF_COLLISION, Reason.SELF_COLLISION_OUTSIDE)
                for j, i in pairs
            ),
            *(
                Barrier(f"keep-out box {number + 1} ({balls.link[ball]})", Reason.KEEP_OUT, Reason.KEEP_OUT_OUTSIDE)
                for number in range(len(boxes))
                for ball in free
            ),
        )

    def _make_product(self, planes: list[tuple[Vector, float, str]], first: Index, count: int) -> None:
        """Prepares the matrix product that heights over planes and squared distances of pairs are elements of.

        Rows (x, y, z, 1, |c|^2) of all `count` centres; columns (normal, -height, 0) of the planes, then (-2 c, |c|^2, 1) of the
        balls that come second in a pair: |a - b|^2 = |a|^2 + |b|^2 - 2 a b.
        """
        second = np.unique(self._second)
        self._rows, self._columns = np.ones((count, 5)), np.zeros((5, len(planes) + len(second)))
        self._columns[:4, : len(planes)] = np.array([[*plane[0], -plane[1]] for plane in planes]).T
        self._columns[4, len(planes) :] = 1.0
        self._pair_columns, self._second_balls = self._columns[:, len(planes) :], second
        width = self._columns.shape[1]
        heights = self._free[:, None] * width + np.arange(len(planes))
        squares = first * width + len(planes) + np.searchsorted(second, self._second)
        self._elements = np.concatenate([heights.ravel(), squares])

    def at(self, centres: Matrix) -> Vector:
        """Returns the distances less clearances and margin [m], shape (k,); negative where these are not kept.

        `centres`: of all balls and points of the chain [m], shape (s, 3).
        """
        rows, columns = self._rows, self._pair_columns
        rows[:, :3] = centres
        rows[:, 4] = (centres * centres).dot(_ONES)
        second = rows.take(self._second_balls, axis=0)
        np.multiply(second[:, :3].T, -2.0, out=columns[:3])
        columns[3] = second[:, 4]
        distances: Vector = np.empty(len(self._room))
        product = rows.dot(self._columns)
        # Told how to treat what is out of range, numpy does not make another copy first.
        product.take(self._elements, out=distances[: self._first_box], mode="clip")
        pairs = distances[self._first_pair : self._first_box]
        np.sqrt(np.maximum(pairs, 0.0, out=pairs), out=pairs)
        if self._first_box < len(distances):
            distances[self._first_box :] = self._box_distances(centres.T.take(self._free, axis=1))
        distances -= self._room
        return distances

    def _box_distances(self, points: Matrix) -> Vector:
        """Returns the distances [m], shape (number of boxes x b,), of `points`, shape (3, b), to the keep-out boxes."""
        seen, lower, upper = points[:, None], self._box_lower[:, :, None], self._box_upper[:, :, None]
        beyond = seen - np.minimum(np.maximum(seen, lower), upper)
        beyond *= beyond
        distance: Matrix = np.sqrt(beyond[0] + beyond[1] + beyond[2])
        if not distance.all():
            inside = distance == 0.0
            distance[inside] = np.maximum(lower - seen, seen - upper).max(axis=0)[inside]
        return distance.ravel()

    def approach(self, pose: Pose, distances: Vector, index: Index) -> Matrix:
        """Returns by how much the `distances` at `index`, shape (r,), ascending, shrink per joint angle [m/rad], shape (r, n).

        A joint that moves both balls of a pair does not change their distance, and one that moves the first alone changes it by
        as much as it moves that ball along the line between the two.
        """
        towards = self._towards.take(index, axis=0)
        centres = pose.centres.take(self._ball.take(index), axis=0)
        first_pair, first_box = index.searchsorted(self._firsts).tolist()
        if first_pair < first_box:
            pairs = index[first_pair:first_box]
            apart = pose.centres.take(self._second.take(pairs - self._first_pair), axis=0) - centres[first_pair:first_box]
            length = distances.take(pairs) + self._room.take(pairs)
            towards[first_pair:first_box] = apart / np.maximum(length, _TINY)[:, None]
        if first_box < len(index):
            number = (index[first_box:] - self._first_box) // len(self._free)
            towards[first_box:] = -self._box_normals(centres[first_box:], number)
        rows: Matrix = self._chain.along(pose, centres, towards)
        rows *= self._changes.take(index, axis=0)
        return rows

    def _box_normals(self, points: Matrix, box: Index) -> Matrix:
        """Returns the outward unit directions, shape (r, 3), from each point's box to the point."""
        lower, upper = self._box_lower[:, box].T, self._box_upper[:, box].T
        directed = points - np.minimum(np.maximum(points, lower), upper)
        inside = ~directed.any(axis=1)
        if inside.any():
            # Out through the nearest face.
            below, above = (lower - points)[inside], (points - upper)[inside]
            depth = np.maximum(below, above)
            nearest = depth == depth.max(axis=1, keepdims=True)
            directed[inside] = np.where(nearest, np.where(above >= below, 1.0, -1.0), 0.0)
        result: Matrix = directed / np.maximum(np.sqrt((directed * directed).dot(_ONES)), _TINY)[:, None]
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
