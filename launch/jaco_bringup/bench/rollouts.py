"""Records what a policy proposes, for `jaco bench safety` to replay: `python3 -m jaco_bringup.bench.rollouts POLICY FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_bringup.policies import find_policy
from jaco_core.arms import load_arm
from jaco_policy.checkpoint import load_checkpoint
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene

_EPISODES = 24
# As held-out as those of jaco_bringup.bench.minimality.
_FIRST_SEED = 2**62 + 2**32


@torch.inference_mode()
def proposals(policy: str) -> NDArray[np.int8]:
    """Returns the policy's likeliest proposals [% of the joints' top speeds], shape (episodes, steps, joints).

    Raises:
        JacoError: there is no such policy, or it is none for its arm.
    """
    folder = find_policy(policy)
    arm = load_arm("j2n6s300")
    checkpoint = load_checkpoint(folder, arm)
    scene = make_scene(checkpoint.card.task, checkpoint.card.arm, checkpoint.card.randomisation)
    speeds, joints = checkpoint.card.speeds, np.arange(len(arm))
    shares: list[NDArray[np.float64]] = []
    camera = checkpoint.card.camera
    environment = BatchEnv(scene, _EPISODES, 0, restart=False, cameras=camera.further, depth=camera.depth)
    try:
        step = environment.reset([_FIRST_SEED + index for index in range(_EPISODES)])
        state = checkpoint.column.initial_state(_EPISODES)
        for _ in range(scene.task.max_steps):
            felt = torch.from_numpy(environment.joints).float()
            output, state = checkpoint.column(torch.from_numpy(step.image), state, felt)
            action = output.logits.argmax(-1).numpy()
            shares.append(speeds[joints, action] / arm.max_velocity)
            step = environment.step(action)
    finally:
        environment.close()
    return np.rint(100.0 * np.stack(shares, axis=1)).astype(np.int8)


if __name__ == "__main__":
    torch.set_num_threads(1)
    np.savez_compressed(Path(sys.argv[2]), percent=proposals(sys.argv[1]))
