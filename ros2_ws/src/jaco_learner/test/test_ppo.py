"""The update: advantages by hand, and that it learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from jaco_learner.ppo import Ppo
from jaco_learner.recipe import Recipe, load_recipe
from jaco_learner.rollouts import Rollout
from jaco_learner.teacher import Critic
from jaco_policy.networks import Column, ColumnSpec, joint_log_probability, sample_action


def small(**changes: object) -> Recipe:
    return replace(load_recipe("reach"), hidden=32, minibatch=64, learning_rate=3e-3, final_learning_rate=3e-3, **changes)


def make(recipe: Recipe) -> Ppo:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    spec = ColumnSpec(joints=2, hidden=recipe.hidden, lstm=recipe.lstm)
    return Ppo(Column(spec), Critic(4), recipe)


def test_advantages_are_those_of_the_paper() -> None:
    ppo = make(small(discount=0.9, trace=0.5))
    rollout = Rollout.allocate(3, 1, 4, 2)
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
    ppo = make(small(lstm=lstm, entropy=0.0, final_entropy=0.0, imitation=0.0))
    column = ppo.actor
    assert isinstance(column, Column)
    rollout = Rollout.allocate(8, 32, 4, 2, lstm)
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
            output = column.unroll(rollout.image, state, rollout.start)
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


def test_the_guide_is_imitated_first_and_forgotten_later() -> None:
    recipe = small(imitation=2.0, imitation_until=0.5)
    assert [recipe.weights_at(share).imitation for share in (0.0, 0.25, 0.5, 1.0)] == [2.0, 1.0, 0.0, 0.0]
    assert [recipe.weights_at(share).policy for share in (0.0, 0.25, 0.375, 0.5, 1.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    ppo = make(recipe)
    rollout = Rollout.allocate(8, 32, 4, 2)
    rollout.image.random_(generator=torch.Generator().manual_seed(3))
    rollout.advice.fill_(2)
    first = ppo.update(rollout, 0.0)
    for _ in range(10):
        last = ppo.update(rollout, 0.0)
    assert last.imitation < 0.2 * first.imitation
    assert ppo.update(rollout, 0.6).imitation == 0.0


def test_an_action_that_became_likely_in_spite_of_a_bad_outcome_has_a_bounded_weight() -> None:
    ppo = make(small(imitation=0.0, entropy=0.0, final_entropy=0.0))
    rollout = Rollout.allocate(4, 16, 4, 2)
    rollout.log_probability.fill_(-50.0)
    rollout.reward[:, ::2] = 1.0
    rollout.done.fill_(True)
    assert ppo.update(rollout, 1.0).policy_loss < 10.0
