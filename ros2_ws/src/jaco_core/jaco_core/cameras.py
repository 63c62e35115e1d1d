"""What cameras are called, and what follows from a camera's name: its topics and its frame.

The camera `policy` is the one that the policy acts on, and whose freshness the supervisor judges. Its topics are those of a graph
with one camera; those of a further camera `wrist` begin with /wrist_camera.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from jaco_core.errors import ConfigError

POLICY = "policy"


@dataclass(frozen=True)
class CameraTopics:
    """The topics of one camera. Depth is aligned to the image: seen through the same lens, from the same place."""

    image: str
    info: str
    depth: str
    depth_info: str


def camera_topics(name: str) -> CameraTopics:
    """Returns the topics of the camera called `name`."""
    space = "/camera" if name == POLICY else f"/{camera_frame(name)}"
    depth = f"{space}/aligned_depth_to_color"
    return CameraTopics(f"{space}/image_raw", f"{space}/camera_info", f"{depth}/image_raw", f"{depth}/camera_info")


def camera_frame(name: str) -> str:
    """Returns the frame of that camera's pictures, axes as in OpenCV: right, down, forward; a further one's node has it too."""
    return f"{name}_camera"


def further_cameras(names: Iterable[str]) -> tuple[str, ...]:
    """Returns the names of further cameras, without empty ones: an empty list of texts cannot be a parameter in ROS.

    Raises:
        ConfigError: a name that a topic cannot have, the policy's, or one that comes twice.
    """
    found = tuple(name for name in names if name)
    for index, name in enumerate(found):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ConfigError(f"A camera cannot be called '{name}': a name is lower-case letters, digits and _, a letter first.")
        if name == POLICY or name in found[:index]:
            raise ConfigError(f"There is a camera '{name}' already; each further camera needs a name of its own.")
    return found
