"""What the safety filter costs the shipped policy: its return with and without, and how much passes unchanged."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.policies import find_policy
from jaco_core.arms import load_arm
from jaco_core.types import EpisodeStatus
from jaco_policy.checkpoint import Checkpoint, load_checkpoint
from jaco_safety.barriers import Barriers
from jaco_safety.filter import VelocityFilter
from jaco_safety.forces import ForceMonitor
from jaco_safety.limits import load_limits
from jaco_safety.reasons import Verdict
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import TICK_S, make_scene

EPISODES = 100
_BATCH = 25
# As held-out as those of jaco_learner.evaluate: training draws below.
_FIRST_SEED = 2**62


class FilteredEnv(BatchEnv):
    """The environment that the policy was trained in, with the safety filter where training has a plain velocity ramp."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        arm = self.scene.arm
        self._limits = load_limits(arm.name)
        self._barriers = Barriers(arm, self._limits)
        self._filter = VelocityFilter(arm, self._limits, self._barriers)
        self._changes = np.zeros_like(self._command)
        self._forces = [ForceMonitor(arm, self._limits, self._barriers.chain) for _ in range(self.count)]
        self.verdicts: Counter[str] = Counter()
        self.altered = 0

    def _move(self, velocity: NDArray[np.float64]) -> None:
        for _ in range(self._ticks):
            # What the filter passes depends on where the arm got to.
            self._command = self.following(velocity)
            for simulation, command in zip(self.simulations, self._command, strict=True):
                simulation.apply(command)
                simulation.step()

    def following(self, velocity: NDArray[np.float64]) -> NDArray[np.float64]:
        commands = np.zeros_like(self._command)
        for index, simulation in enumerate(self.simulations):
            joints, previous = simulation.joints(), self._command[index]
            if not previous.any() and not joints.velocity.any():
                self._forces[index].begin()
                self._changes[index] = 0.0
            outside = self._forces[index].update(joints.position, joints.velocity, joints.effort, TICK_S)
            around = self._barriers.at(joints.position, effort=joints.effort, outside_torque=outside, heading=previous)
            filtered = self._filter.apply(velocity[index], previous, TICK_S, around, self._changes[index])
            touched = self._forces[index].contact()
            self.verdicts["false contact" if touched is not None else filtered.evidence.key] += 1
            if filtered.evidence.verdict is Verdict.PASS:
                self.altered += filtered.velocity.tobytes() != np.asarray(velocity[index], dtype=np.float64).tobytes()
            self._changes[index] = filtered.velocity - previous
            commands[index] = filtered.velocity
        return commands


def measure(policy: str) -> dict[str, Figure]:
    """Returns the mean return of 100 episodes with and without the filter, their ratio, and the verdicts per tick."""
    checkpoint = load_checkpoint(find_policy(policy), load_arm("j2n6s300"))
    torch.set_num_threads(1)
    scene = make_scene(checkpoint.card.task, checkpoint.card.arm, checkpoint.card.randomisation)
    sees: dict[str, Any] = {"cameras": checkpoint.card.camera.further, "depth": checkpoint.card.camera.depth}
    bare, filtered = BatchEnv(scene, _BATCH, 0, restart=False, **sees), FilteredEnv(scene, _BATCH, 0, restart=False, **sees)
    try:
        without, with_filter = _returns(bare, checkpoint), _returns(filtered, checkpoint)
    finally:
        bare.close()
        filtered.close()
    ticks = filtered.verdicts.total()
    shares = {
        f"share_{key.replace(':', '_').replace(' ', '_')}": count / ticks for key, count in sorted(filtered.verdicts.items())
    }
    return {
        "episodes": EPISODES,
        "return_without": without,
        "return_with": with_filter,
        "return_ratio": with_filter / without,
        "passed_but_altered": filtered.altered,
        **shares,
    }


@torch.inference_mode()
def _returns(environment: BatchEnv, checkpoint: Checkpoint) -> float:
    """Returns the policy's mean return over the episodes, taking the likeliest action each time."""
    statuses: list[EpisodeStatus] = []
    for first in range(0, EPISODES, environment.count):
        step = environment.reset([_FIRST_SEED + first + index for index in range(environment.count)])
        state = checkpoint.column.initial_state(environment.count)
        for _ in range(environment.scene.task.max_steps):
            felt = torch.from_numpy(environment.joints).float()
            output, state = checkpoint.column(torch.from_numpy(step.image), state, felt)
            step = environment.step(output.logits.argmax(-1).numpy())
        statuses += environment.statuses
    return float(np.mean([status.episode_return for status in statuses]))
