"""Several cameras on the real graph: each is a process with topics of its own, and /camera is the policy's alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

from jaco_bringup.graph import Graph, real_graph
from jaco_bringup.runner import Outcome, Runner
from jaco_core.cameras import camera_topics
from jaco_core.domain import RosDomain
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest

START_TIMEOUT_S = 60.0


def stills(folder: Path, red: int, depth_mm: int) -> Path:
    """Fills a folder with pictures that tell whose they are, and their depth."""
    folder.mkdir()
    for index in range(4):
        image = np.full((64, 64, 3), index, np.uint8)
        image[..., 2] = red  # OpenCV writes blue, green, red
        cv2.imwrite(str(folder / f"{index}.png"), image)
        cv2.imwrite(str(folder / f"{index}.depth.png"), np.full((64, 64), depth_mm + index, np.uint16))
    return folder


def cameras_alone(graph: Graph) -> Graph:
    """Returns the graph with nothing but its cameras and their manager."""
    nodes = tuple(node for node in graph.nodes if node.name.endswith("camera"))
    names = tuple(node.name for node in nodes)
    manager = replace(graph.node("manager"), parameters={"nodes": names, "restarting": (names[0],)})
    return replace(graph, nodes=(*nodes, manager))


def test_each_camera_publishes_its_own_pictures_and_depth_and_where_it_is(tmp_path: Path, domain: RosDomain) -> None:
    (tmp_path / "pose.yaml").write_text("position: [0.0, 0.1, -0.1]\nquaternion: [0.0, 0.0, 0.0, 1.0]\n")
    wrist = stills(tmp_path / "wrist", 200, 300)
    file = tmp_path / "cameras.yaml"
    file.write_text(f"wrist: {{source: '{wrist}', loop: true, depth: true, pose: pose.yaml, parent_frame: hand}}\n")
    own = stills(tmp_path / "own", 100, 900)
    graph = cameras_alone(real_graph({"camera": str(own), "loop": True, "depth": True, "cameras": str(file)}))
    runner = Runner(graph, tmp_path, domain.number)
    with GraphUnderTest(domain.number) as ears:
        topics = [camera_topics(name) for name in ("policy", "wrist")]
        images = [ears.collect(Image, entry.image, qos.STATE) for entry in topics]
        depths = [ears.collect(Image, entry.depth, qos.STATE) for entry in topics]
        infos = [ears.collect(CameraInfo, entry.info, qos.STATE) for entry in topics]
        frames = ears.collect(TFMessage, "/tf_static", qos.INPUT)
        runner.start()
        try:
            ears.until(
                lambda: runner.poll() is not None or (all((*images, *depths, *infos)) and len(frames) >= 2),
                "all",
                START_TIMEOUT_S,
            )
            over: Outcome | None = runner.poll()
        finally:
            runner.stop()
    assert over is None, over.sentence
    for (first, *_), red in zip(images, (100, 200), strict=True):
        assert convert.image_from_message(first)[0, 0, 0] == red
    for (first, *_), depth in zip(depths, (900, 300), strict=True):
        assert depth <= convert.depth_from_message(first)[0, 0] < depth + 4
    assert [first.header.frame_id for first, *_ in infos] == ["camera", "wrist_camera"]
    told = {place.child_frame_id: place.header.frame_id for message in frames for place in message.transforms}
    assert told == {"camera": "base", "wrist_camera": "hand"}
