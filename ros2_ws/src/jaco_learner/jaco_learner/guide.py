"""A guide for reaching: what a controller that knows the simulator's state would do, as labels to imitate while learning begins.

Resolved-rate control by damped least squares (Wampler 1986, IEEE Trans. SMC 16(1)) towards a point above the target, with each
joint's velocity rounded to one of its speeds. It needs no training, and joints that hardly move the palm, whose angles an image
hardly shows, are left at rest.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_sim.envs.batch import BatchEnv

LIFT_M = 0.05
"""The palm is led this far above the target, if nothing else is asked for."""
# The palm is left alone within this distance of where it is led [m].
CLOSE_ENOUGH = 0.03
# Damping [m^2/rad^2]; time in which the remaining way would be made at full precision [s].
DAMPING, TIME_TO_GO = 0.01, 0.3
# A joint moves if it is asked for more than this share of its speed.
THRESHOLD = 0.35
# No joint is led closer to its limits [rad].
LIMIT_MARGIN = 0.2
# A joint whose full speed moves the palm by less than this share of the strongest joint's is left at rest.
_WEAK = 0.5


class Guide:
    """Advises every arm of a batch. The policy's speeds must be three per joint: back, rest, forth."""

    def __init__(self, environment: BatchEnv, lift_m: float = LIFT_M) -> None:
        """`lift_m`: how far above the target the palm is led. Arms that follow badly touch the table less where it is more."""
        scene = environment.scene
        self._lift = (0.0, 0.0, lift_m)
        self._simulations = environment.simulations
        self._arm, self._palm, self._dofs, self._qpos = scene.arm, scene.palm, scene.dofs, scene.qpos
        self._target = next(iter(scene.objects.values()))
        self._jacobian = np.zeros((environment.count, 3, scene.model.nv))

    def advise(self) -> NDArray[np.int8]:
        """Returns action indices, shape (k, n)."""
        data = [simulation.data for simulation in self._simulations]
        for simulation, jacobian in zip(self._simulations, self._jacobian, strict=True):
            mujoco.mj_jacSite(simulation.model, simulation.data, jacobian, None, self._palm)
        position = np.array([each.qpos for each in data])[:, self._qpos]
        target = np.array([each.mocap_pos[self._target] for each in data])
        palm = np.array([each.site_xpos[self._palm] for each in data])
        share = self._share(np.take(self._jacobian, self._dofs, axis=2), target + self._lift - palm)
        share[(share < 0.0) & (position < self._arm.lower + LIMIT_MARGIN)] = 0.0
        share[(share > 0.0) & (position > self._arm.upper - LIMIT_MARGIN)] = 0.0
        return np.asarray(1 + np.sign(share) * (np.abs(share) > THRESHOLD), np.int8)

    def _share(self, jacobian: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the share of each joint's speed that leads the palm to its goal, shape (k, n)."""
        strength = np.linalg.norm(jacobian * self._arm.max_velocity, axis=1)
        strong = strength >= _WEAK * strength.max(axis=1, keepdims=True)
        used = jacobian * strong[:, None, :]
        damped = used @ jacobian.transpose(0, 2, 1) + DAMPING * np.eye(3)
        velocity = np.einsum("kij,ki->kj", used, np.linalg.solve(damped, error[..., None])[..., 0])
        share = velocity / (TIME_TO_GO * self._arm.max_velocity)
        share /= np.maximum(1.0, np.abs(share).max(axis=1, keepdims=True))
        share[np.linalg.norm(error, axis=1) < CLOSE_ENOUGH] = 0.0
        return np.asarray(share)
