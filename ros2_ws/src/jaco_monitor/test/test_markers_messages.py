from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time
from visualization_msgs.msg import Marker

from jaco_core.types import SceneSample
from jaco_monitor.markers import messages
from jaco_monitor.markers.links import Link, Pose

STAMP = Time(sec=3, nanosec=4)


def test_a_box_has_twelve_edges_along_the_axes() -> None:
    marker = messages.box((0, 0, 0), (1, 2, 3), "base", STAMP)
    points = [np.array([point.x, point.y, point.z]) for point in marker.points]
    edges = [second - first for first, second in zip(points[::2], points[1::2], strict=True)]
    assert len(edges) == 12
    assert sorted(float(np.abs(edge).sum()) for edge in edges) == [1.0] * 4 + [2.0] * 4 + [3.0] * 4


def test_a_transform_names_both_frames_and_orders_the_quaternion() -> None:
    pose = Pose(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 0.0, 0.0]))
    message = messages.transform(Link("hand", "wrist", pose), pose, STAMP)
    assert (message.header.frame_id, message.child_frame_id, message.header.stamp) == ("wrist", "hand", STAMP)
    turn = message.transform.rotation
    assert (turn.w, turn.x, turn.y, turn.z) == (0.0, 1.0, 0.0, 0.0)
    assert message.transform.translation.z == 3.0


def test_markers_do_not_replace_each_other() -> None:
    drawn = [
        messages.skeleton([np.zeros(3)], (255, 0, 0), "base", STAMP),
        messages.sphere(0, np.zeros(3), 0.03, "base", STAMP),
        messages.sphere(1, np.zeros(3), 0.03, "base", STAMP),
        messages.caption("HOLD", (0, 0, 0), (255, 0, 0), "base", STAMP),
    ]
    assert len({(marker.ns, marker.id) for marker in drawn}) == len(drawn)
    assert drawn[1].scale.x == 0.06
    assert drawn[3].text == "HOLD"
    assert all(marker.color.a == 1.0 and marker.header.frame_id == "base" for marker in drawn)


def test_an_object_is_drawn_where_it_is_seen_otherwise_where_it_was_and_else_named() -> None:
    scene = SceneSample(
        0, {"target": np.zeros(3), "cup": np.ones(3)}, hidden=("cup",), missing={"box": "not_seen", "pin": "ambiguous"}
    )
    target, cup, box, pin = messages.scene_objects(scene, 0.03, "base", STAMP)
    assert target.type == cup.type == Marker.SPHERE and target.color != cup.color
    assert (box.text, pin.text) == ("box: not seen", "pin: ambiguous") and box.pose != pin.pose
    drawn = (target, cup, box, pin)
    assert len({(marker.ns, marker.id) for marker in drawn}) == 4 and all(marker.lifetime.sec > 0 for marker in drawn)
