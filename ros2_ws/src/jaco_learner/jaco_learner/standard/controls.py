"""What an algorithm's action is, and which joint velocities it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium
import numpy as np
from numpy.typing import NDArray

from jaco_tasks.actions import action_velocity


class Control(Protocol):
    """How actions of `rows` rows per arm become joint velocities."""

    @property
    def rows(self) -> int:
        """Rows of a batch that stand for one arm."""

    @property
    def space(self) -> gymnasium.Space[Any]:
        """The actions of one row."""

    def velocity(self, action: NDArray[Any]) -> NDArray[np.float64]:
        """Returns joint velocities [rad/s], shape (k, n), for the actions of k arms, k * rows of them."""


@dataclass(frozen=True)
class Choices:
    """Per joint an index into its `speeds` [rad/s], shape (n, choices): action (k, n)."""

    speeds: NDArray[np.float64]
    rows: int = 1

    @property
    def space(self) -> gymnasium.Space[Any]:
        """Returns the joints' choices."""
        joints, choices = self.speeds.shape
        return gymnasium.spaces.MultiDiscrete([choices] * joints)

    def velocity(self, action: NDArray[Any]) -> NDArray[np.float64]:
        return action_velocity(self.speeds, action)


@dataclass(frozen=True)
class Velocities:
    """Per joint a share of its fastest speed, -1..1: action (k, n)."""

    speeds: NDArray[np.float64]
    rows: int = 1

    @property
    def space(self) -> gymnasium.Space[Any]:
        """Returns the joints' shares."""
        return gymnasium.spaces.Box(-1.0, 1.0, (len(self.speeds),), np.float32)

    def velocity(self, action: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(action * self.speeds[:, -1])


@dataclass(frozen=True)
class JointByJoint:
    """Each joint is a row of its own, which chooses one of its speeds: action (k * n,).

    DQN knows a single choice, and 9 joints with 3 speeds each would make 19,683. So every joint is an agent that sees what its
    arm sees, with its own number, and earns what its arm earns: independent Q-learning with shared weights (Tan 1993, ICML;
    Tampuu et al. 2017, PLoS ONE 12(4), arXiv:1511.08779).
    """

    speeds: NDArray[np.float64]

    @property
    def rows(self) -> int:
        """How many joints an arm has."""
        return len(self.speeds)

    @property
    def space(self) -> gymnasium.Space[Any]:
        """Returns the choices of one joint."""
        return gymnasium.spaces.Discrete(self.speeds.shape[1])

    def velocity(self, action: NDArray[Any]) -> NDArray[np.float64]:
        return action_velocity(self.speeds, np.reshape(action, (-1, self.rows)))
