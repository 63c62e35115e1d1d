"""Which joint state and which scene belong to an image, by their stamps, whatever order they come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from jaco_core.sync import StampBuffer
from jaco_core.types import SceneSample

# Images that may wait for what belongs to them.
_CAPACITY = 10

J = TypeVar("J")


@dataclass(frozen=True)
class Observed(Generic[J]):
    """The image of `stamp_ns` with its joint state and scene; None for what it has not and will not have."""

    stamp_ns: int
    joints: J | None
    scene: SceneSample | None


class Observations(Generic[J]):
    """Images wait here, oldest first, until it is known what belongs to them. `J`: a joint state, in whatever form."""

    def __init__(self, tolerance_ns: int) -> None:
        """`tolerance_ns`: largest time between an image and what belongs to it; 0: the very same stamp."""
        self._tolerance_ns = tolerance_ns
        self._waiting: list[int] = []
        self.joints: StampBuffer[J] = StampBuffer()
        self.scenes: StampBuffer[SceneSample] = StampBuffer()

    def add_image(self, stamp_ns: int) -> None:
        """An image of `stamp_ns` was published; the same again is the same."""
        if stamp_ns not in self._waiting:
            self._waiting = [*self._waiting[1 - _CAPACITY :], stamp_ns]

    @property
    def waiting(self) -> bool:
        """Tells whether an image waits."""
        return bool(self._waiting)

    def drop(self) -> list[int]:
        """Forgets the images that wait, and returns their stamps."""
        dropped, self._waiting = self._waiting, []
        return dropped

    def take(self) -> Observed[J] | None:
        """Returns the oldest image that waits, once what belongs to it has come or cannot come any more; else None."""
        if not self._waiting:
            return None
        stamp_ns = self._waiting[0]
        joints = self.joints.match(stamp_ns, self._tolerance_ns)
        scene = self.scenes.match(stamp_ns, self._tolerance_ns)
        lost = (joints is None and self.joints.passed(stamp_ns)) or (scene is None and self.scenes.passed(stamp_ns))
        if (joints is None or scene is None) and not lost:
            return None
        self._waiting.pop(0)
        return Observed(stamp_ns, joints, scene)
