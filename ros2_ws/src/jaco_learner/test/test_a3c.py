"""A3C's parts: the paper's equations by hand, the auxiliary tasks, and that it learns what needs a memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from a3c_support import Memory, small
from torch.nn.utils import parameters_to_vector

from jaco_core.errors import ConfigError
from jaco_learner.a3c.auxiliary import CLASSES, FURTHEST, NEAREST, LoopClosure, depth_classes
from jaco_learner.a3c.environment import ArmEnvironment
from jaco_learner.a3c.recipe import load_a3c_recipe
from jaco_learner.a3c.rmsprop import SharedRmsProp
from jaco_learner.a3c.speed_up import SpeedUp
from jaco_learner.a3c.update import advantages
from jaco_learner.a3c.worker import Worker, make_network


def test_advantages_are_the_papers_n_step_returns_less_the_values() -> None:
    reward = torch.tensor([[1.0], [0.0], [2.0], [0.5]])
    done = torch.tensor([[False], [True], [False], [False]])
    value = torch.tensor([[0.3], [0.6], [0.2], [0.9], [5.0]])
    last = 0.5 + 0.9 * 5.0
    returns = torch.tensor([[1.0 + 0.9 * 0.0], [0.0], [2.0 + 0.9 * last], [last]])
    torch.testing.assert_close(advantages(reward, done, value, 0.9, trace=1.0), returns - value[:-1])
    one_step = torch.tensor([[1.0 + 0.9 * 0.6], [0.0], [2.0 + 0.9 * 0.9], [last]])
    torch.testing.assert_close(advantages(reward, done, value, 0.9, trace=0.0), one_step - value[:-1])


def test_rmsprop_is_that_of_the_paper_and_its_memory_is_shared() -> None:
    optimiser = SharedRmsProp(torch.tensor([1.0, -2.0]), decay=0.9, epsilon=0.01)
    gradients = torch.tensor([[0.5, 0.0], [-1.0, 2.0]])
    weights, squares = np.array([1.0, -2.0]), np.zeros(2)
    for number, gradient in enumerate(gradients, start=1):
        optimiser.step(gradient, 0.1)
        squares = 0.9 * squares + 0.1 * gradient.numpy() ** 2
        # Corrected for its start at zero: the first step is not ten times too long.
        weights = weights - 0.1 * gradient.numpy() / np.sqrt(squares / (1.0 - 0.9**number) + 0.01)
    np.testing.assert_allclose(optimiser.weights.numpy(), weights, rtol=1e-6)
    assert optimiser.weights.is_shared() and optimiser.squares.is_shared()


def test_depth_classes_go_from_near_to_far() -> None:
    depth = np.full((2, 64, 64), NEAREST - 0.1, np.float32)
    depth[1] = FURTHEST + 100.0
    depth[1, :, 32:] = NEAREST + 0.35 * (FURTHEST - NEAREST)
    classes = depth_classes(depth).reshape(2, 8, 8)
    assert (classes[0] == 0).all()
    assert (classes[1, :, :4] == CLASSES - 1).all() and (classes[1, :, 4:] == 3).all()


def test_a_loop_is_closed_where_the_palm_comes_back_from_afar() -> None:
    loops = LoopClosure(2, longest=10)
    ways = np.zeros((6, 2, 3), np.float32)
    # The first one goes 10 cm away and back, the second only 4 cm; then the first begins anew at the same place.
    ways[:5, 0, 0] = [0.0, 0.05, 0.1, 0.05, 0.01]
    ways[:5, 1, 0] = [0.0, 0.02, 0.04, 0.02, 0.01]
    fresh = np.zeros((6, 2), bool)
    fresh[0], fresh[5, 0] = True, True
    closed = [loops.look(palm, begins).tolist() for palm, begins in zip(ways, fresh, strict=True)]
    assert closed == [[False, False]] * 4 + [[True, False], [False, False]]


def test_the_schedules_of_a_recipe() -> None:
    recipe = replace(
        load_a3c_recipe("reach_a3c"), near_starts_m=0.2, near_starts_until=0.5, learning_rate=0.1, final_learning_rate=0.0
    )
    assert [recipe.start_distance_at(share) for share in (0.0, 0.25, 0.5)] == [0.2, pytest.approx(0.45), float("inf")]
    assert recipe.learning_rate_at(0.5) == pytest.approx(0.05)
    first = recipe.stages[0].frames / recipe.frames
    assert (recipe.stage_at(0.0), recipe.stage_at(first + 1e-6), recipe.stage_at(1.0)) == (0, 1, 1)
    assert replace(recipe, near_starts_until=0.0).start_distance_at(0.0) == float("inf")
    with pytest.raises(ConfigError, match=r"near_starts_until must lie in \[0, 1\), got 1"):
        replace(recipe, near_starts_until=1.0)
    with pytest.raises(ConfigError, match="'reach' is not for A3C"):
        load_a3c_recipe("reach")


def test_the_speed_up_compares_one_worker_with_all() -> None:
    speed_up = SpeedUp(workers=2, frames=100)
    for second in range(12):
        assert speed_up.alone == (second < 11)
        speed_up.note(float(second), 0, 10)
    assert speed_up.figures() is None
    for half in range(30):
        speed_up.note(20.0 + half / 2.0 * 1.1, half % 2, 10)
    figures = speed_up.figures()
    assert figures is not None and figures["speed_up"] == pytest.approx(1.82, abs=0.01)
    assert not SpeedUp(workers=1, frames=100).alone


def test_it_learns_from_pixels_what_needs_a_memory() -> None:
    """Chance earns a third. Without the LSTM the second picture says nothing, and no policy earns more than a half."""
    recipe = small(steps=4, learning_rate=3e-3, entropy=0.0, depth_weight=0.3, closure_weight=0.3)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = make_network(recipe, 9, 3)
    optimiser = SharedRmsProp(parameters_to_vector(network.parameters()), recipe.decay, recipe.epsilon)
    worker = Worker(recipe, Memory(recipe, 1.0, seed=1), network)
    earned, losses = [], []
    for _ in range(200):
        gradient, report = worker.improve(optimiser.weights, 0.0)
        optimiser.step(gradient, recipe.learning_rate)
        earned.append(np.mean([status.episode_return for status in report.ended]))
        losses.append(report.losses)
    assert np.mean(earned[:10]) < 0.5
    assert np.mean(earned[-20:]) > 0.85
    assert losses[-1].depth < 0.3 * losses[0].depth and losses[-1].closure < 0.3 * losses[0].closure


def test_the_arms_show_what_the_heads_learn_and_start_near_at_first() -> None:
    recipe = small(environments=6, depth_weight=1.0, closure_weight=1.0, near_starts_m=0.2, near_starts_until=0.5)
    environment = ArmEnvironment(recipe, 1.0, seed=3)
    try:
        seen = environment.reset()
        batch = environment._batch
        near = batch.reset()
        distance = np.linalg.norm(near.palm - near.target, axis=1)
        assert seen.image.shape == (6, 64, 64, 3) and seen.fresh.all() and not seen.closed.any()
        # The arm stands between the camera and the floor, which is far behind it.
        assert 1 < len(np.unique(seen.depth)) <= CLASSES and seen.depth.max() == CLASSES - 1
        assert (distance > 0.1).all() and (distance <= 0.2 + 1e-6).all()
        seen = environment.step(np.ones((6, 9), np.int64), progress=0.9)
        assert not seen.fresh.all() and seen.depth.shape == (6, 64)
        anywhere = batch.reset()
        assert np.linalg.norm(anywhere.palm - anywhere.target, axis=1).max() > 0.25
    finally:
        environment.close()
