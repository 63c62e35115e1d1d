"""Where a ball of known colour and size lies on a table of known height, from one picture, or why that is not known.

The blob's centre gives a ray, and the ray meets the height of the ball's centre in one point. Nothing is guessed: what is too
small, too big, doubled, outside the region or covered by something that is not the arm has no place. Only where the arm itself
stands before the ball, the place at which it was seen last goes on to count, and is marked as hidden.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jaco_camera.calibration import Calibration
from jaco_camera.perception.colour import Blob, ColourRange, find_blobs, merged
from jaco_camera.perception.cover import Cover
from jaco_camera.perception.pose import CameraPose
from jaco_core.types import AMBIGUOUS, COVERED, NOT_SEEN, OUTSIDE, RgbImage, Vector

# Shares of the area [px] that the ball has in the picture at the place where a blob puts it. A few pixels are rough measures.
_NOISE, _WHOLE, _BIGGEST = 0.12, 0.55, 2.0
# A second blob of this share of the first one's area could be the ball just as well.
_RIVAL = 0.4
# Of the ball, this share must be free of the arm for its middle to be where the blob's is; below the other it may well be unseen.
_FREE, _COVERED = 0.9, 0.6
# In radii: blobs so close belong to one ball, and a covered ball shows no farther from where it was.
_ONE_BALL, _SAME_PLACE = 2.0, 1.5


@dataclass(frozen=True)
class BallSpec:
    """A ball of `radius` [m] and `colour` on a table at `table_height` [m].

    It belongs between `lower` and `upper`, x and y [m], base frame.
    """

    radius: float
    colour: ColourRange
    table_height: float
    lower: tuple[float, float]
    upper: tuple[float, float]


@dataclass(frozen=True)
class Sighting:
    """Where the ball's centre is [m], shape (3,), or None with the reason why that is not known, one of MISSING_REASONS.

    `hidden`: the arm covers it, and the place is that where it was seen last. `sentence`: what is wrong, "" when nothing is.
    """

    position: Vector | None
    reason: str = ""
    hidden: bool = False
    sentence: str = ""


@dataclass(frozen=True)
class _Candidate:
    """A blob that could be the ball: where that would be [m], and its area as a share of the ball's."""

    blob: Blob
    position: Vector
    share: float


class BallFinder:
    """Finds one ball in a stream of pictures; remembers where it was seen last."""

    def __init__(self, ball: BallSpec, pose: CameraPose, cover: Cover) -> None:
        self._ball, self._pose, self._cover = ball, pose, cover
        self._last: Vector | None = None

    def find(self, image: RgbImage, seen: Calibration, joints: Vector) -> Sighting:
        """Returns what one picture says. `joints`: the arm's angles in it [rad], shape (n,)."""
        sighting = self._judge(self._candidates(image, seen), joints)
        if not sighting.hidden:
            self._last = sighting.position
        return sighting

    def _judge(self, candidates: list[_Candidate], joints: Vector) -> Sighting:
        if not candidates:
            return self._unseen(joints)
        best, others = candidates[0], candidates[1:]
        if others and others[0].blob.area > _RIVAL * best.blob.area:
            return Sighting(None, AMBIGUOUS, sentence=f"{len(candidates)} things could be the target; leave one on the table.")
        if best.share > _BIGGEST:
            return Sighting(
                None, AMBIGUOUS, sentence=f"Something of the target's colour is {best.share:.1f} times as big as the target."
            )
        free = self._visible(best.position, joints)
        if free < _FREE:
            return self._partly_hidden(best, free)
        if best.share < _WHOLE:
            text = f"Only {best.share:.0%} of the target is to be seen, and it is not the arm that covers it."
            return Sighting(None, NOT_SEEN, sentence=text)
        x, y = best.position[:2]
        lower, upper = self._ball.lower, self._ball.upper
        if not (lower[0] <= x <= upper[0] and lower[1] <= y <= upper[1]):
            text = f"The target lies at ({x:.2f}, {y:.2f}) m, outside ({lower[0]}, {lower[1]}) to ({upper[0]}, {upper[1]}) m."
            return Sighting(None, OUTSIDE, sentence=text)
        return Sighting(best.position)

    def _unseen(self, joints: Vector) -> Sighting:
        if self._last is None:
            return Sighting(None, NOT_SEEN, sentence="The target is not to be seen; put it on the table, in the camera's view.")
        if (free := self._visible(self._last, joints)) < _COVERED:
            return Sighting(self._last, hidden=True, sentence=f"The arm covers {1.0 - free:.0%} of the target.")
        x, y = self._last[:2]
        return Sighting(None, NOT_SEEN, sentence=f"The target has gone from ({x:.2f}, {y:.2f}) m.")

    def _partly_hidden(self, best: _Candidate, free: float) -> Sighting:
        """The middle of a part is not the ball's: what was seen before counts, if it was here."""
        if self._last is not None and np.linalg.norm(best.position - self._last) < _SAME_PLACE * self._ball.radius:
            return Sighting(self._last, hidden=True, sentence=f"The arm covers {1.0 - free:.0%} of the target.")
        return Sighting(None, COVERED, sentence="The arm covers a part of the target, which was not seen there before.")

    def _visible(self, position: Vector, joints: Vector) -> float:
        return self._cover.visible(self._pose.position, position, self._ball.radius, joints)

    def _candidates(self, image: RgbImage, seen: Calibration) -> list[_Candidate]:
        """Returns what could be the ball, the largest first."""
        found: list[_Candidate] = []
        for blob in find_blobs(self._ball.colour.mask(image)):
            candidate = self._candidate(blob, seen)
            if candidate is None:
                continue
            for index, other in enumerate(found):
                apart = np.linalg.norm(candidate.position - other.position)
                joined = self._candidate(merged(blob, other.blob), seen) if apart < _ONE_BALL * self._ball.radius else None
                if joined is not None and joined.share < _BIGGEST:
                    found[index] = joined
                    break
            else:
                found.append(candidate)
        return sorted((one for one in found if one.share >= _NOISE), key=lambda one: -one.blob.area)

    def _candidate(self, blob: Blob, seen: Calibration) -> _Candidate | None:
        position = self._pose.on_height(blob.centre, seen, self._ball.table_height + self._ball.radius)
        if position is None:
            return None
        _, depth = self._pose.project(position, seen)
        focal = math.sqrt(float(seen.matrix[0, 0] * seen.matrix[1, 1]))
        return _Candidate(blob, position, blob.area / (math.pi * (focal * self._ball.radius / depth) ** 2))
