"""Tells the expert's steps from the learner's, and rewards the learner where it cannot: in the order of the paper's equations.

Ho & Ermon 2016 (arXiv:1606.03476): D learns to tell them apart by cross-entropy, and the learner's cost is the logarithm of the
probability that a step is its own. With D the probability that it is the expert's, the reward is -log(1 - D), never negative.

A reward that is never negative is also one for not ending an episode (one that is never positive, for ending it), which nobody
showed. So every episode lasts as long as the task lets it: from an early end on it stays in an absorbing state (Kostrikov et al.
2019, arXiv:1809.02925), marked by an input of its own, which D judges as any other. Where the expert never ends early, D learns
that nobody but the learner is there, and being there is worth next to nothing; where it does, as much as D makes of it.
"""

from __future__ import annotations

import torch
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torch import Tensor, nn
from torch.nn.functional import one_hot, softplus
from torchrl.objectives import GAILLoss

from jaco_learner.adversarial.visits import Visits
from jaco_learner.teacher import Scaling


class Discriminator(nn.Module):
    """The probability that a step is the expert's, of what was seen and what was done there."""

    def __init__(self, state_size: int, joints: int, choices: int, hidden: int) -> None:
        super().__init__()
        self._choices = choices
        self.scaling = Scaling(state_size)
        inputs = state_size + 1 + joints * choices
        self.layers = nn.Sequential(
            nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1)
        )

    def forward(self, seen: Tensor, done: Tensor) -> Tensor:
        """Returns the probability, shape (B, 1), for what `inputs` returns."""
        return torch.sigmoid(self._logit(seen, done))

    def inputs(self, visits: Visits, index: Tensor) -> tuple[Tensor, Tensor]:
        """Returns states on their scale and the absorbing state's mark, (B, s + 1), and actions, (B, n * choices).

        `index`, shape (B,): which of the visits; what is beyond them is the absorbing state, in which nothing is done.
        """
        inside = index < len(visits.lost)
        which = index.clamp_max(len(visits.lost) - 1)
        seen = torch.cat((self.scaling(visits.state[which]) * inside[:, None], ~inside[:, None]), dim=1)
        done = one_hot(visits.action[which].long(), self._choices).flatten(1) * inside[:, None]
        return seen, done.float()

    def draw(self, visits: Visits, size: int) -> tuple[Tensor, Tensor]:
        """Returns `inputs` for `size` steps, those in the absorbing state among them, drawn by torch's generator."""
        return self.inputs(visits, torch.randint(len(visits.lost) + visits.absorbed, (size,)))

    @torch.no_grad()
    def reward(self, visits: Visits, discount: float) -> Tensor:
        """Returns the reward of each visit, shape (N,); with an early end's come those of the absorbing state after it."""
        count = len(visits.lost)
        # -log(1 - sigmoid(x)); the last is the absorbing state's.
        reward = softplus(self._logit(*self.inputs(visits, torch.arange(count + 1)))).squeeze(1)
        powers = discount ** torch.arange(1, int(visits.lost.max()) + 1, dtype=torch.float64)
        after = torch.cat((torch.zeros(1, dtype=torch.float64), powers.cumsum(0))).float()
        return reward[:-1] + after[visits.lost] * reward[-1]

    def _logit(self, seen: Tensor, done: Tensor) -> Tensor:
        logit: Tensor = self.layers(torch.cat((seen, done), dim=-1))
        return logit


def gail_loss(discriminator: Discriminator, gradient_penalty: float) -> GAILLoss:
    """Returns TorchRL's loss for `discriminator`, with the penalty of Gulrajani et al. 2017 (arXiv:1704.00028), as in DAC."""
    network = TensorDictModule(discriminator, in_keys=["observation", "action"], out_keys=["d_logits"])
    return GAILLoss(network, use_grad_penalty=True, gp_lambda=gradient_penalty)


def told_apart(loss: GAILLoss, expert: tuple[Tensor, Tensor], learner: tuple[Tensor, Tensor]) -> Tensor:
    """Returns the loss of telling a batch of the expert's inputs from as many of the learner's."""
    names = ("observation", "action", "collector_observation", "collector_action")
    batch = TensorDict(dict(zip(names, (*expert, *learner), strict=True)), [len(expert[0])])
    value: Tensor = loss(batch)["loss"]
    return value
