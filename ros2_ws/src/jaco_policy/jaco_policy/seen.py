"""What all the cameras of a policy saw when its own camera's image was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaco_core.cameras import POLICY, camera_topics
from jaco_core.errors import ContractError
from jaco_core.sync import StampBuffer
from jaco_core.types import RgbImage
from jaco_core.units import NS_PER_S
from jaco_core.views import View, put_together
from jaco_policy.camera_contract import CameraContract

Arrived = Callable[[], Iterable[tuple[Any, dict[str, Any]]]]
"""Gives the Image messages that have come since it was last called, each with what is known of it."""

_OWN = camera_topics(POLICY).image


@dataclass(frozen=True)
class Stream:
    """Pictures, or depth, of one camera. `read` returns a message's pixels, shape (h, w, ...); it raises ContractError."""

    topic: str
    arrived: Arrived
    read: Callable[[Any], NDArray[Any]]
    messages: StampBuffer[Any] = field(default_factory=StampBuffer)

    def take(self) -> None:
        """Takes in what has come."""
        for message, _ in self.arrived():
            stamp = message.header.stamp
            self.messages.add(int(stamp.sec) * NS_PER_S + int(stamp.nanosec), message)

    def pixels(self, message: Any) -> NDArray[Any]:
        """Returns the pixels of `message`, shape (h, w, ...).

        Raises:
            ContractError: it is encoded otherwise or damaged.
        """
        try:
            return self.read(message)
        except ContractError as error:
            raise ContractError(f"{self.topic}: {error}") from None


def streams_of(camera: CameraContract) -> tuple[tuple[str, bool], ...]:
    """Returns the topics that the policy reads beside its own camera's images, and whether each is one of depth."""
    topics = [camera_topics(name) for name in (POLICY, *camera.further)]
    images = tuple((each.image, False) for each in topics[1:])
    return (*images, *((each.depth, True) for each in topics)) if camera.depth else images


class Seen:
    """The newest pictures of the further cameras and the newest depth, read when an image asks for them."""

    def __init__(self, camera: CameraContract, streams: Sequence[Stream], tolerance_ns: int) -> None:
        """`streams`: as `streams_of` lists them; `tolerance_ns`: how far from an image's stamp what belongs to it may be."""
        self._camera, self._streams, self._tolerance_ns = camera, tuple(streams), tolerance_ns
        self.missing: tuple[str, ...] = ()

    def at(self, stamp_ns: int, image: RgbImage) -> NDArray[np.uint8] | None:
        """Returns the policy's picture for its own camera's `image` of `stamp_ns`, uint8, shape (64, 64, channels).

        None where a view is not there yet, or none comes near enough; `missing` are the topics of those then.

        Raises:
            ContractError: one of them is encoded otherwise, damaged or of another size.
        """
        if not self._streams:
            return image
        found: list[Any] = []
        for stream in self._streams:
            stream.take()
            found.append(stream.messages.match(stamp_ns, self._tolerance_ns))
        self.missing = tuple(stream.topic for stream, message in zip(self._streams, found, strict=True) if message is None)
        if self.missing:
            return None
        pixels = [stream.pixels(message) for stream, message in zip(self._streams, found, strict=True)]
        for topic, each in zip((_OWN, *(stream.topic for stream in self._streams)), (image, *pixels), strict=True):
            self._require_size(topic, each)
        images = [image, *pixels[: len(self._camera.further)]]
        depths = pixels[len(self._camera.further) :]
        if not self._camera.depth:
            return put_together([View(each) for each in images])
        return put_together([View(*view) for view in zip(images, depths, strict=True)])

    def _require_size(self, topic: str, pixels: NDArray[Any]) -> None:
        width, height = self._camera.width, self._camera.height
        if pixels.shape[:2] != (height, width):
            given = f"{pixels.shape[1]} x {pixels.shape[0]}"
            raise ContractError(f"{topic} sends {given} pixels, the policy reads {width} x {height}.")

    def passed(self, stamp_ns: int) -> bool:
        """Tells whether what is missing never will be there: its stream is beyond `stamp_ns`."""
        return any(stream.messages.passed(stamp_ns) for stream in self._streams if stream.topic in self.missing)
