"""Who publishes on a topic."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from jaco_core.ros.endpoints import UNNAMED, publisher_names


def test_publishers_are_named_and_one_without_a_name_yet_is_said_to_be_so() -> None:
    names = ["supervisor", "_NODE_NAME_UNKNOWN_", "rival", ""]
    node: Any = SimpleNamespace(get_publishers_info_by_topic=lambda topic: [SimpleNamespace(node_name=name) for name in names])
    assert publisher_names(node, "/arm/command") == [UNNAMED, UNNAMED, "rival", "supervisor"]
