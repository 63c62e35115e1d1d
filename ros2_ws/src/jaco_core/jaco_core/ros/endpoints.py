"""Who is at the other end of a topic."""

from __future__ import annotations

from rclpy.node import Node

UNNAMED = "a node whose name is not known yet"
"""Stands for a node of which the middleware has told an endpoint, but not yet the name: that may come a moment later."""

# What rmw's endpoint information has until the name has come.
_UNKNOWN_TO_RMW = ("", "_NODE_NAME_UNKNOWN_")


def publisher_names(node: Node, topic: str) -> list[str]:
    """Returns the name of the node of every publisher on `topic`, sorted; `UNNAMED` for a name that has not come yet."""
    names = (info.node_name for info in node.get_publishers_info_by_topic(topic))
    return sorted(UNNAMED if name in _UNKNOWN_TO_RMW else name for name in names)
