"""Joints that follow others, as a gripper's linkage makes them: MuJoCo's joint equalities.

Physics keeps them by itself. Whoever puts joint angles into a model without stepping it must let the others follow.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np


class Linkage:
    """The followers in one compiled model (`mujoco.MjModel`); there may be none."""

    def __init__(self, model: Any) -> None:
        rows = np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_JOINT)
        self._followers = model.jnt_qposadr[model.eq_obj1id[rows]]
        self._leaders = model.jnt_qposadr[model.eq_obj2id[rows]]
        self._offset, self._ratio = np.array(model.eq_data[rows, 0]), np.array(model.eq_data[rows, 1])

    def follow(self, data: Any) -> None:
        """Puts the followers in `data` (`mujoco.MjData`) where the joints that they follow have them."""
        if len(self._followers):
            data.qpos[self._followers] = self._offset + self._ratio * data.qpos[self._leaders]
