"""RViz's markers and transforms from plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, TransformStamped
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker

from jaco_core.types import SceneSample, Vector
from jaco_monitor.markers.links import Link, Pose
from jaco_monitor.palette import Color

OBJECT_COLOR: Color = (220, 30, 30)
HIDDEN_COLOR: Color = (230, 170, 20)
MISSING_COLOR: Color = (170, 0, 30)
# Over the table, where an object that is not seen is named [m].
MISSING_PLACE = (0.42, 0.0, 0.05)
LIFETIME_S = 2
BOX_COLOR: Color = (110, 150, 190)


def transform(link: Link, pose: Pose, stamp: Time) -> TransformStamped:
    """Returns the transform of `link` in its parent's frame."""
    message = TransformStamped(child_frame_id=link.name)
    message.header.stamp = stamp
    message.header.frame_id = link.parent
    place, turn = message.transform.translation, message.transform.rotation
    place.x, place.y, place.z = map(float, pose.translation)
    turn.w, turn.x, turn.y, turn.z = map(float, pose.rotation)
    return message


def skeleton(points: Iterable[NDArray[np.float64]], color: Color, frame: str, stamp: Time) -> Marker:
    """Returns a line through `points` [m], each shape (3,)."""
    marker = _marker("arm", 0, Marker.LINE_STRIP, color, frame, stamp)
    marker.scale.x = 0.015
    marker.points = [_point(point) for point in points]
    return marker


def scene_objects(scene: SceneSample, radius: float, frame: str, stamp: Time) -> list[Marker]:
    """Returns the objects of a scene: where they are seen, in another colour where they were seen last, and a word on the others.

    What is not said again vanishes after LIFETIME_S.
    """
    drawn: list[Marker] = []
    for index, (name, place) in enumerate(scene.objects.items()):
        drawn.append(sphere(index, place, radius, frame, stamp, HIDDEN_COLOR if name in scene.hidden else OBJECT_COLOR))
    for index, (name, reason) in enumerate(scene.missing.items()):
        text = f"{name}: {reason.replace('_', ' ')}"
        marker = caption(text, (MISSING_PLACE[0], MISSING_PLACE[1], MISSING_PLACE[2] + 0.08 * index), MISSING_COLOR, frame, stamp)
        marker.ns, marker.id = "objects", len(scene.objects) + index
        drawn.append(marker)
    for marker in drawn:
        marker.lifetime = Duration(sec=LIFETIME_S)
    return drawn


def sphere(index: int, position: Vector, radius: float, frame: str, stamp: Time, color: Color = OBJECT_COLOR) -> Marker:
    """Returns an object of the scene at `position` [m], shape (3,)."""
    marker = _marker("objects", index, Marker.SPHERE, color, frame, stamp)
    marker.pose.position = _point(position)
    marker.scale.x = marker.scale.y = marker.scale.z = 2.0 * radius
    return marker


def box(lower: Sequence[float], upper: Sequence[float], frame: str, stamp: Time) -> Marker:
    """Returns the edges of the box between two corners [m]."""
    marker = _marker("workspace", 0, Marker.LINE_LIST, BOX_COLOR, frame, stamp)
    marker.scale.x = 0.004
    corners = list(product(*zip(lower, upper, strict=True)))
    for first, second in product(corners, corners):
        if first < second and sum(a != b for a, b in zip(first, second, strict=True)) == 1:
            marker.points += [_point(first), _point(second)]
    return marker


def caption(text: str, position: Sequence[float], color: Color, frame: str, stamp: Time) -> Marker:
    """Returns `text` at `position` [m], always facing the reader."""
    marker = _marker("verdict", 0, Marker.TEXT_VIEW_FACING, color, frame, stamp)
    marker.pose.position = _point(position)
    marker.scale.z = 0.06
    marker.text = text
    return marker


def _marker(namespace: str, index: int, kind: int, color: Color, frame: str, stamp: Time) -> Marker:
    marker = Marker(ns=namespace, id=index, type=kind, action=Marker.ADD)
    marker.header.frame_id = frame
    marker.header.stamp = stamp
    marker.pose.orientation.w = 1.0
    marker.color = ColorRGBA(**{name: part / 255.0 for name, part in zip("rgb", color, strict=True)}, a=1.0)
    return marker


def _point(position: Any) -> Point:
    return Point(x=float(position[0]), y=float(position[1]), z=float(position[2]))
