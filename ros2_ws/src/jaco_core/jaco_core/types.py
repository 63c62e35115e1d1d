"""Plain data that travels between pure code and the ROS edge. Arrays are copied on the way in and read-only."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaco_core.errors import ContractError

Vector = NDArray[np.float64]
RgbImage = NDArray[np.uint8]
DepthImage = NDArray[np.uint16]
"""Depth along the optical axis [mm], shape (height, width); 0 where it is not known, as in REP 118."""


def frozen_vector(values: ArrayLike) -> Vector:
    """Returns a read-only float64 copy, shape (n,), of `values`."""
    vector = np.array(values, dtype=np.float64)
    if vector.ndim != 1:
        vector = vector.reshape(-1)
    vector.setflags(write=False)
    return vector


@dataclass(frozen=True)
class JointSample:
    """Measured joints: `position` [rad], `velocity` [rad/s], `effort` [N m] or empty; shape (n,), in the order of `names`."""

    stamp_ns: int
    names: tuple[str, ...]
    position: Vector
    velocity: Vector
    effort: Vector = field(default_factory=lambda: frozen_vector(()))

    def __post_init__(self) -> None:
        for label in ("position", "velocity", "effort"):
            object.__setattr__(self, label, frozen_vector(getattr(self, label)))
        count = len(self.names)
        if len(self.position) != count or len(self.velocity) != count or len(self.effort) not in (0, count):
            raise ContractError(
                f"A joint sample names {count} joints and gives {len(self.position)} positions, "
                f"{len(self.velocity)} velocities and {len(self.effort)} efforts; the lengths must agree."
            )

    def ordered(self, names: tuple[str, ...]) -> JointSample:
        """Returns the same sample with exactly the joints `names`, in that order.

        Raises:
            ContractError: a name is missing.
        """
        if names == self.names:
            return self
        missing = [name for name in names if name not in self.names]
        if missing:
            raise ContractError(f"The joint state lacks {', '.join(missing)}; it has {', '.join(self.names)}.")
        index = [self.names.index(name) for name in names]
        effort = self.effort[index] if len(self.effort) else self.effort
        return JointSample(self.stamp_ns, names, self.position[index], self.velocity[index], effort)


@dataclass(frozen=True)
class VelocityCommand:
    """A joint velocity that answers the observation of `stamp_ns`. `velocity` [rad/s], shape (n,), in the order of `names`."""

    stamp_ns: int
    names: tuple[str, ...]
    velocity: Vector
    sequence: int = 0
    policy_version: int = 0
    policy_stamp_ns: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "velocity", frozen_vector(self.velocity))

    def require(self, names: tuple[str, ...]) -> None:
        """Checks that this is a finite command for exactly the joints `names`.

        Raises:
            ContractError: other joints, another number of velocities, or one that is not finite.
        """
        if self.names != names or len(self.velocity) != len(names) or not np.all(np.isfinite(self.velocity)):
            raise ContractError(
                f"Expected {len(names)} finite speeds for {', '.join(names)}; got {self.velocity} for {', '.join(self.names)}."
            )


@dataclass(frozen=True)
class WrenchSample:
    """What pushes the tool from outside: `force` [N] and `torque` [N m], shape (3,), in the directions of `frame`."""

    stamp_ns: int
    frame: str
    force: Vector
    torque: Vector

    def __post_init__(self) -> None:
        for label in ("force", "torque"):
            object.__setattr__(self, label, frozen_vector(getattr(self, label)))


@dataclass(frozen=True)
class EpisodeStart:
    """Where an episode is asked to begin: drawn with `seed`, the palm at most `furthest_m` [m] from the task's first object.

    0: the task's own starts.
    """

    seed: int
    furthest_m: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.furthest_m < math.inf:
            raise ContractError(
                f"An episode starts within a finite distance of its target, or anywhere for 0 m; got {self.furthest_m} m."
            )

    @property
    def bound(self) -> float:
        """The largest distance [m]; infinite for the task's own starts."""
        return self.furthest_m or math.inf


@dataclass(frozen=True)
class EpisodeStatus:
    """What the task makes of the observation of `stamp_ns`. `phase` is one of the PHASES."""

    stamp_ns: int
    task: str
    phase: int
    episode: int = 0
    step: int = 0
    seed: int = 0
    reward: float = 0.0
    episode_return: float = 0.0
    terminated: bool = False
    truncated: bool = False
    success: bool = False
    reason: str = ""
    furthest_m: float = 0.0
    """How far from the task's first object it was to begin at most [m]; 0: the task's own starts."""


WAITING, RUNNING, ENDED, FINISHED, PAUSED = range(5)
PHASES = ("WAITING", "RUNNING", "ENDED", "FINISHED", "PAUSED")


@dataclass(frozen=True)
class SceneSample:
    """Object positions [m] in the arm's base frame, each shape (3,), and pairs in contact as "a|b".

    `hidden`: names of the objects that the arm covers in this image; their position is where they were seen last.
    `missing`: the objects whose place is not known, with the reason, one of MISSING_REASONS.
    """

    stamp_ns: int
    objects: dict[str, Vector]
    contacts: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)


NOT_SEEN, AMBIGUOUS, OUTSIDE, COVERED = MISSING_REASONS = ("not_seen", "ambiguous", "outside", "covered")
