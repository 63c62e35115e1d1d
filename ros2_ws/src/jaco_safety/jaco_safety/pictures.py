"""A camera that sends the same picture again under new stamps: so does one of a still scene, so only the arm's motion counts."""

from __future__ import annotations

from jaco_safety.reasons import Evidence, Reason


class PictureWatch:
    """Adds up for how long the arm has visibly moved since the picture changed last."""

    def __init__(self, age: float, speed: float) -> None:
        """`age`: longest motion under one picture [s]; `speed`: palm or elbow faster than this are visible motion [m/s]."""
        self._age, self._speed = age, speed
        self._digest: int | None = None
        self._moved = 0.0

    def note(self, digest: int) -> None:
        """A picture came in; `digest` stands for its pixels."""
        if digest != self._digest:
            self._digest, self._moved = digest, 0.0

    def move(self, speed: float, seconds: float) -> None:
        """The fastest of palm and elbow went at `speed` [m/s] for `seconds`."""
        if speed > self._speed:
            self._moved += seconds

    def forget(self) -> None:
        """No picture has come in yet."""
        self._digest, self._moved = None, 0.0

    @property
    def frozen(self) -> Evidence | None:
        """Evidence when the picture has stayed the same under the arm's motion for too long; before the first always None."""
        if self._digest is None or self._moved <= self._age:
            return None
        return Evidence(Reason.FROZEN_IMAGES, "camera", self._moved, self._age, "s")
