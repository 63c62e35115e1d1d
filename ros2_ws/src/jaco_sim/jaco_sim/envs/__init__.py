"""Gymnasium environments of the simulated arm. Importing this package registers them."""

from __future__ import annotations

import gymnasium

from jaco_tasks.registry import task_names

for _task in task_names():
    _id = f"jaco/{_task.capitalize()}-v0"
    if _id not in gymnasium.registry:
        # The task counts its own steps, so gymnasium's time limit stays off.
        gymnasium.register(_id, entry_point="jaco_sim.envs.single:ArmEnv", kwargs={"task": _task})
