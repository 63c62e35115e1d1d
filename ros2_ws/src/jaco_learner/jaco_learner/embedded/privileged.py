"""What is known of the arm and its task while learning, beside what the policy sees: the state that critics read."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from jaco_core.arms import Arm
from jaco_core.kinematics import Kinematics
from jaco_core.types import Vector

PALM = "palm"


class PrivilegedState:
    """Puts states together from what an arm measures and what tells the task's reward: where the palm and the objects are.

    `size`: of a state; `places`: of palm and objects together. A state holds the sine and cosine of the joint angles, joint
    velocities [rad/s], the velocity that was applied before [rad/s], palm and objects [m], and the objects as seen from the palm.
    """

    def __init__(self, arm: Arm, objects: int) -> None:
        self._kinematics = Kinematics(arm)
        self._joints, self._objects = len(arm), objects
        self.places = 1 + objects
        self.size = 4 * len(arm) + 3 * (self.places + objects)

    def states(self, felt: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Returns states (N, size) and places [m] (N, places, 3), the palm first.

        `felt`, (N, 2n): joint angles, then velocities. `known`, (N, n + 3 * objects): applied velocities, then objects.
        """
        joints = self._joints
        angles, objects = felt[:, :joints], known[:, joints:].view(len(known), self._objects, 3)
        palm = torch.from_numpy(np.stack([self._palm(each) for each in angles.double().numpy()])).float()
        places = torch.cat((palm[:, None], objects), 1)
        way = (objects - palm[:, None]).flatten(1)
        parts = (angles.sin(), angles.cos(), felt[:, joints:], known[:, :joints], places.flatten(1), way)
        return torch.cat(parts, 1), places

    def _palm(self, angles: Vector) -> Vector:
        self._kinematics.update(angles)
        return self._kinematics.position(PALM)
