"""Training: this project beside Stable-Baselines3's PPO, on the same environments and network, by the same recipe.

Same: frames per update, environments, minibatches, epochs, optimiser, discount, world. This project does more with each frame:
an auxiliary head, a critic on the state, a guide. The environments of Stable-Baselines3 are the same batch, all in its process.
Both draw as the recipe's first stage does, a share of the arm's triangles: with all of them both would mostly wait for pictures.
"""

from __future__ import annotations

import torch

from jaco_bringup.bench.throughput.subjects import Work
from jaco_learner.memory import keep_freed_memory
from jaco_learner.ppo import Ppo
from jaco_learner.recipe import Recipe, load_recipe
from jaco_learner.rollouts import RolloutWorkers, WorkerConfig
from jaco_learner.teacher import Critic
from jaco_policy.networks import Column, ColumnSpec
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.scene import Scene
from jaco_sim.simulation import make_scene

RECIPE = "reach"
_PROGRESS = 0.1


def own_training() -> Work:
    """Frames that this project trains on, the guide included: a segment at a time, since a run's workers wait at its end only."""
    torch.set_num_threads(1)
    keep_freed_memory()
    recipe = load_recipe(RECIPE)
    state_size = BatchEnv(_scene(recipe), 1, 0, render=False).state_size
    actor = Column(_sizes(recipe))
    ppo = Ppo(actor, Critic(state_size), recipe)
    workers = RolloutWorkers(recipe.workers)
    stage = recipe.stages[0]
    margins = recipe.margin_m, recipe.table_margin_m
    world = (recipe.task, recipe.arm, recipe.profile, recipe.physics_step_s, *margins, stage.mesh_fraction)
    workers.begin(WorkerConfig(*world, recipe.environments // recipe.workers, recipe.steps, True), actor, state_size, seed=0)

    def work() -> int:
        workers.request(actor)
        for left in reversed(range(recipe.segment)):
            rollout, _ = workers.collect()
            if left:
                workers.request(actor)
            ppo.update(rollout, _PROGRESS)
        return recipe.segment * recipe.environments * recipe.steps

    return work


def sb3_training() -> Work:
    """Frames that Stable-Baselines3's PPO trains on, with its own settings for all that the recipe does not name."""
    from stable_baselines3 import PPO

    from jaco_learner.standard.controls import Choices
    from jaco_learner.standard.environment import ArmVecEnv
    from jaco_learner.standard.features import PixelFeatures

    recipe = load_recipe(RECIPE)
    batch = BatchEnv(_scene(recipe), recipe.environments, seed=0)
    environment = ArmVecEnv(batch, Choices(batch.speeds), pixels=True)
    model = PPO(
        "MlpPolicy",
        environment,
        learning_rate=recipe.learning_rate,
        n_steps=recipe.steps,
        batch_size=recipe.minibatch,
        n_epochs=recipe.epochs,
        gamma=recipe.discount,
        gae_lambda=recipe.trace,
        clip_range=recipe.clip,
        ent_coef=recipe.entropy,
        max_grad_norm=recipe.gradient_norm,
        policy_kwargs={
            "features_extractor_class": PixelFeatures,
            "features_extractor_kwargs": {"spec": _sizes(recipe)},
            "net_arch": [],
            "optimizer_kwargs": {"eps": 1e-5},
        },
        device="cpu",
        seed=0,
    )
    frames = recipe.segment * recipe.environments * recipe.steps

    def work() -> int:
        model.learn(frames, reset_num_timesteps=False)
        return frames

    return work


def _sizes(recipe: Recipe) -> ColumnSpec:
    return ColumnSpec(
        convolutions=recipe.convolutions,
        hidden=recipe.hidden,
        lstm=recipe.lstm,
        residual=recipe.residual,
        spatial_softmax=recipe.spatial_softmax,
    )


def _scene(recipe: Recipe) -> Scene:
    return make_scene(
        recipe.task,
        recipe.arm,
        recipe.profile,
        recipe.physics_step_s,
        recipe.stages[0].mesh_fraction,
        margin_m=recipe.margin_m,
        table_margin_m=recipe.table_margin_m,
    )
