"""What is timed: each subject sets itself up and returns a function that does a little work and says how many steps that was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Work = Callable[[], int]

# As in the recipe `reach`, which draws COARSE of the arm's triangles in its first stage and all of them in its last.
ENVIRONMENTS, PHYSICS_STEP_S = 64, 0.01
FULL, COARSE = 1.0, 0.2


def pixel_environment(mesh_fraction: float = FULL) -> Work:
    """Steps of the training environment with random actions, pictures included."""
    from jaco_learner.memory import keep_freed_memory
    from jaco_sim.envs.batch import BatchEnv

    # As the workers of a training do.
    keep_freed_memory()
    environment = BatchEnv(_scene(mesh_fraction), ENVIRONMENTS, seed=0)
    environment.reset(stagger=True)
    joints, choices = environment.speeds.shape
    rng = np.random.default_rng(0)

    def work() -> int:
        environment.step(rng.integers(choices, size=(ENVIRONMENTS, joints)))
        return ENVIRONMENTS

    return work


def bare_renderer(mesh_fraction: float = FULL) -> Work:
    """Pictures of the same scene with the same settings by MuJoCo's own functions: nothing moves, nothing is decided."""
    import mujoco

    from jaco_sim.envs.pictures import IMAGE_SIZE
    from jaco_sim.rendering import Renderer
    from jaco_sim.scene import POLICY_CAMERA
    from jaco_sim.simulation import ArmSimulation

    world = _scene(mesh_fraction)
    simulations = [ArmSimulation(world) for _ in range(ENVIRONMENTS)]
    for seed, simulation in enumerate(simulations):
        simulation.reset(seed)
    # The project's renderer sets context and flags; what is timed is MuJoCo alone.
    prepared = Renderer(world.model, IMAGE_SIZE, IMAGE_SIZE)
    scene, context, option, camera = prepared._scene, prepared._context, prepared._option, prepared._camera
    camera.fixedcamid = world.model.camera(POLICY_CAMERA).id
    rectangle, pixels = mujoco.MjrRect(0, 0, IMAGE_SIZE, IMAGE_SIZE), np.empty((IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    everything = mujoco.mjtCatBit.mjCAT_ALL.value
    data = [simulation.data for simulation in simulations]

    def work() -> int:
        for entry in data:
            mujoco.mjv_updateScene(world.model, entry, option, None, camera, everything, scene)
            mujoco.mjr_render(rectangle, scene, context)
            mujoco.mjr_readPixels(pixels, None, rectangle, context)
        return ENVIRONMENTS

    return work


def dm_control() -> Work:
    """Steps of dm_control's own reaching task from vision with the same arm, with random actions."""
    from dm_control import manipulation

    environment = manipulation.load("reach_site_vision", seed=0)
    specification: Any = environment.action_spec()
    rng = np.random.default_rng(0)
    environment.reset()

    def work() -> int:
        if environment.step(rng.uniform(specification.minimum, specification.maximum)).last():
            environment.reset()
        return 1

    return work


def _scene(mesh_fraction: float) -> Any:
    from jaco_sim.simulation import make_scene

    return make_scene(physics_step_s=PHYSICS_STEP_S, mesh_fraction=mesh_fraction)
