"""The update: advantages by hand, and that it learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from jaco_learner.ppo import Ppo
from jaco_learner.recipe import Recipe, load_recipe
from jaco_learner.rollouts import Rollout
from jaco_policy.networks import Column, ColumnSpec, joint_log_probability, sample_action


def small(**changes: object) -> Recipe:
    return replace(load_recipe("reach"), hidden=32, minibatch=64, learning_rate=3e-3, final_learning_rate=3e-3, **changes)


def make(recipe: Recipe) -> Ppo:
    torch.manual_seed(0)
    spec = ColumnSpec(joints=2, hidden=recipe.hidden, lstm=recipe.lstm)
    return Ppo(Column(spec), 4, recipe)


def test_advantages_are_those_of_the_paper() -> None:
    ppo = make(small(discount=0.9, trace=0.5))
    rollout = Rollout.allocate(3, 1, 4, ppo.column.spec)
    rollout.state.normal_(generator=torch.Generator().manual_seed(1))
    rollout.reward[:, 0] = torch.tensor([1.0, 0.0, 2.0])
    rollout.done[1, 0] = True
    with torch.no_grad():
        value = ppo.critic(rollout.state)[:, 0]
    delta = [1.0 + 0.9 * value[1] - value[0], 0.0 - value[1], 2.0 + 0.9 * value[3] - value[2]]
    expected = torch.stack([delta[0] + 0.45 * delta[1], delta[1], delta[2]])
    advantage, returns = ppo.advantages(rollout)
    torch.testing.assert_close(advantage[:, 0], expected)
    torch.testing.assert_close(returns[:, 0], expected + value[:3])


@pytest.mark.parametrize("lstm", [0, 16])
def test_it_learns_to_read_an_image(lstm: int) -> None:
    """The bright half of the image says which of three speeds earns a reward, and where the palm is."""
    ppo = make(small(lstm=lstm, entropy=0.0, final_entropy=0.0))
    rollout = Rollout.allocate(8, 32, 4, ppo.column.spec)
    generator = torch.Generator().manual_seed(2)
    rollout.done.fill_(True)
    rollout.start.fill_(True)
    rewards = []
    for _ in range(25):
        right = torch.rand(8, 32, generator=generator) < 0.5
        rollout.image.zero_()
        rollout.image[..., 32:, :][right] = 255
        rollout.image[..., :32, :][~right] = 255
        rollout.position[..., 0] = torch.where(right, 0.3, -0.3).unsqueeze(-1)
        with torch.no_grad():
            state = (torch.zeros(32, lstm), torch.zeros(32, lstm)) if lstm else None
            output = ppo.column.unroll(rollout.image, state, rollout.start)
        action = sample_action(output.logits)
        rollout.action.copy_(action.view(8, 32, 2))
        rollout.log_probability.copy_(joint_log_probability(output.logits, action).view(8, 32))
        good = torch.where(right, 2, 0)
        rollout.reward.copy_((rollout.action[..., 0] == good).float())
        rewards.append(float(rollout.reward.mean()))
        report = ppo.update(rollout, 0.0)
    assert rewards[0] < 0.5
    assert rewards[-1] > 0.9
    assert report.palm_error < 0.1
