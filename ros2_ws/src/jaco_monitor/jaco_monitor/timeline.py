"""A run as moments: all that belongs to one camera picture, matched by stamp."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np

from jaco_core.types import WAITING, RgbImage, Vector, frozen_vector
from jaco_monitor.recording import Recording, stamp_ns

TOPICS = ("/camera/image_raw", "/joint_states", "/scene", "/safety/status", "/episode/state")


@dataclass(frozen=True)
class Moment:
    """One camera picture, uint8, shape (height, width, 3), with the joints [rad], shape (n,), and objects [m] of its time."""

    stamp_ns: int
    picture: RgbImage
    joint_position: Vector
    objects: dict[str, Vector]
    episode: int
    step: int
    reward: float
    episode_return: float
    success: bool
    ended: bool
    safety_state: int | None
    safety_reason: str


def read_moments(recording: Recording, episodes: int) -> list[Moment]:
    """Returns the moments of the first `episodes` episodes: one for each picture that the task judged."""
    found = _collect(recording, episodes)
    pictures, joints, scenes, safety = (_Track(found[topic]) for topic in TOPICS[:-1])
    moments = []
    for stamp, state in found["/episode/state"]:
        picture, joint_state = pictures.at(stamp), joints.at(stamp)
        if picture is None or joint_state is None or stamp_ns(picture.header) != stamp:
            continue
        scene, status = scenes.at(stamp), safety.at(stamp)
        moments.append(
            Moment(
                stamp,
                _rgb(picture),
                frozen_vector(joint_state.position),
                {} if scene is None else _objects(scene),
                state.episode,
                state.step,
                state.reward,
                state.episode_return,
                state.success,
                state.terminated or state.truncated,
                None if status is None else int(status.state),
                "" if status is None else status.reason,
            )
        )
    return moments


class _Track:
    """Messages of one topic in the order of their stamps."""

    def __init__(self, messages: list[tuple[int, Any]]) -> None:
        messages.sort(key=lambda pair: pair[0])
        self._stamps = [stamp for stamp, _ in messages]
        self._messages = [message for _, message in messages]

    def at(self, stamp: int) -> Any:
        """Returns the last message that is not later than `stamp` [ns], None before the first."""
        index = bisect_right(self._stamps, stamp)
        return self._messages[index - 1] if index else None


def _collect(recording: Recording, episodes: int) -> dict[str, list[tuple[int, Any]]]:
    """Returns stamps and messages by topic. Stops reading once the wanted episodes are over."""
    found: dict[str, list[tuple[int, Any]]] = {topic: [] for topic in TOPICS}
    seen: set[int] = set()
    judged: set[int] = set()
    for item in recording.messages(TOPICS):
        stamp = stamp_ns(item.message.header)
        if item.topic == "/episode/state":
            if item.message.phase == WAITING or stamp in judged:
                continue
            seen.add(item.message.episode)
            judged.add(stamp)
            if len(seen) > episodes:
                break
        found[item.topic].append((stamp, item.message))
    return found


def _rgb(message: Any) -> RgbImage:
    rows = np.frombuffer(bytes(message.data), np.uint8).reshape(message.height, message.step)
    image = rows[:, : 3 * message.width].reshape(message.height, message.width, 3)
    return np.ascontiguousarray(image[:, :, ::-1]) if message.encoding == "bgr8" else image


def _objects(scene: Any) -> dict[str, Vector]:
    positions = [(pose.position.x, pose.position.y, pose.position.z) for pose in scene.object_poses]
    return {name: frozen_vector(position) for name, position in zip(scene.object_names, positions, strict=True)}
