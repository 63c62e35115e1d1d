"""Where the arm's points are, and where an action would bring them: what a critic knows of the arm before it has learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jaco_core.arms import Arm
from jaco_core.kinematics import Kinematics

PALM = "palm"


@dataclass(frozen=True)
class Points:
    """The arm's tracked points at N moments: `position` [m], shape (N, m, 3), and `jacobian` [m/rad], shape (N, m, 3, n)."""

    position: Tensor
    jacobian: Tensor

    def at(self, rows: Tensor) -> Points:
        """Returns the points at some of the moments."""
        return Points(self.position[rows], self.jacobian[rows])


class Motion:
    """The kinematics of an arm with a choice of speeds. `palm`: index of the palm among the tracked points; `count`: of them."""

    def __init__(self, arm: Arm, speeds: Tensor, period_s: float) -> None:
        """`speeds` [rad/s], shape (n, choices); `period_s`: how long an action lasts [s]."""
        self._kinematics = Kinematics(arm)
        self._names = self._kinematics.names
        self._step = speeds.float() * period_s
        self._joints = torch.arange(len(speeds))
        self.palm, self.count = self._names.index(PALM), len(self._names)

    def points(self, felt: Tensor) -> Points:
        """Returns the points for proprioception (N, 2n): joint angles [rad], then velocities."""
        positions, jacobians = [], []
        for angles in felt[:, : len(self._joints)].double().numpy():
            self._kinematics.update(angles)
            positions.append(np.array(self._kinematics.positions))
            jacobians.append(np.stack([self._kinematics.jacobian(name).copy() for name in self._names]))
        return Points(torch.from_numpy(np.stack(positions)).float(), torch.from_numpy(np.stack(jacobians)).float())

    def turn(self, action: Tensor) -> Tensor:
        """Returns by how much an action, indices (N, n), turns each joint [rad], shape (N, n)."""
        return self._step[self._joints, action]

    def after(self, points: Points, turn: Tensor) -> Tensor:
        """Returns where the points are [m], shape (N, m, 3), once the joints have turned, to first order."""
        return points.position + torch.einsum("nmij,nj->nmi", points.jacobian, turn)
