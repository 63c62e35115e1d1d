"""Off-policy actor-critic whose critics know more than the policy (Pinto et al. 2018, arXiv:1710.06542).

Who can tell the reward on an arm knows where the palm is (from the joints) and where the target is (from perception). So while
learning, the critics read that, and not pixels, which takes them a fraction of the steps; the policy goes on seeing what it saw.
Critics learn from the newest steps again and again, and say of every speed of every joint what it is worth; the policy moves to
the better ones, also on what it saw long ago, as in soft actor-critic for discrete actions (Christodoulou 2019,
arXiv:1910.07207). A head on the columns' features learns where palm and target are, from the same knowledge (an auxiliary task,
as in Jaderberg et al. 2016, arXiv:1611.05397). What an operator showed in the policy's place is imitated from the first update
on; the critics learn from it, too. TorchRL's DiscreteSACLoss wants a value for each of the 3^9 actions.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_learner.embedded.actor_critic import UpdateReport
from jaco_learner.embedded.branching import each_of, make_critics, mean_of
from jaco_learner.embedded.corrections import CORRECTED, imitation_loss, mean_over, with_corrections
from jaco_learner.embedded.memory import Chunk, Memory
from jaco_learner.embedded.moments import adam_state, load_adam
from jaco_learner.embedded.privileged import PrivilegedState
from jaco_learner.embedded.settings import KNOWING, Settings
from jaco_learner.embedded.transition import Run, judged_ahead
from jaco_policy.checkpoint import Card
from jaco_policy.progressive import ProgressiveNet
from jaco_tasks.registry import make_task

_TINY = 1e-6


class Asymmetric:
    """Improves a network from its newest steps. The same runs in the same order give the same weights, bit for bit."""

    def __init__(self, network: ProgressiveNet, card: Card, settings: Settings, seed: int) -> None:
        """Raises ConfigError: the network remembers what it saw, which steps that are drawn one by one do not show."""
        if network.initial_state(1) is not None:
            raise ConfigError(
                f"Policy '{card.name}' has an LSTM; learning by '{settings.algorithm}' takes steps one by one: choose the "
                "algorithm actor-critic."
            )
        self.network, self.settings, self.rule, self._seed = network, settings, settings.asymmetric, seed
        rule, spec = self.rule, network.spec
        self._knowledge = PrivilegedState(load_arm(card.arm), len(make_task(card.task).objects))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._critics = make_critics(rule.critics, self._knowledge.size, spec.joints, spec.choices, rule.hidden)
            self._places = _places_head(network, self._knowledge.places, settings.method in KNOWING)
        self._targets = copy.deepcopy(self._critics).requires_grad_(False)
        learned = {f"actor/{name}": parameter for name, parameter in network.learned()}
        learned |= {f"places/{name}": parameter for name, parameter in self._places.named_parameters()}
        self._learned = learned
        self._actor_optimiser = torch.optim.Adam(learned.values(), lr=settings.learning_rate, eps=1e-5)
        self._critic_optimiser = torch.optim.Adam(self._critics.parameters(), lr=rule.critic_rate)
        self._memory = Memory(rule.kept)
        self._taken = 0

    def update(self, runs: Sequence[Run]) -> UpdateReport:
        """Takes `runs` in and makes gradient steps in proportion to them, on draws from what is kept."""
        rule = self.rule
        chunk, ratio = self._chunk(runs)
        if not self._taken:
            for critic in (*each_of(self._critics), *each_of(self._targets)):
                critic.scaling.fit(chunk["state"])
        self._memory.add(chunk)
        new = len(chunk["reward"])
        self._taken += new
        # Nothing but what is saved decides what is drawn, so that a learner that was started again draws the same.
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._taken)
        warming = self._taken <= rule.warm_up
        rounds = max(1, round(new * rule.critic_updates * (rule.warm_up_haste if warming else 1.0)))
        value_loss = sum(self._improve_critics(generator) for _ in range(rounds)) / rounds
        figures = [self._improve_policy(generator, warming) for _ in range(max(1, round(new * rule.policy_updates)))]
        policy_loss, entropy = (sum(each) / len(figures) for each in zip(*figures, strict=True))
        return UpdateReport(new, policy_loss, value_loss, entropy, ratio)

    def _improve_critics(self, generator: torch.Generator) -> float:
        """One step towards r + gamma^n Q'(s', a') in the mean over the policy's actions, within what can be earned."""
        rule = self.rule
        names = ("state", "action", "reward", "discount", "later", "later_probability")
        state, action, reward, discount, later, probability = self._memory.draw(rule.critic_batch, generator, *names)
        with torch.no_grad():
            following = mean_of([critic.of_policy(later, probability) for critic in each_of(self._targets)])
            wanted = (reward + discount * following).clamp(0.0, 1.0 / (1.0 - rule.discount))
        loss = torch.zeros(())
        for critic in each_of(self._critics):
            value, branches = critic.of_action(state, action.long())
            # Speeds that are hardly ever chosen show in no value: what they add stays small.
            loss = loss + (value - wanted).square().mean() + rule.branch_cost * branches.square().sum((-1, -2)).mean()
        self._critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._critic_optimiser.step()
        with torch.no_grad():
            for target, parameter in zip(self._targets.parameters(), self._critics.parameters(), strict=True):
                target.lerp_(parameter, rule.target_rate)
        return float(loss.detach()) / rule.critics

    def _improve_policy(self, generator: torch.Generator, warming: bool) -> tuple[float, float]:
        """One step towards the better speeds, and towards seeing where things are; returns the policy's loss and entropy."""
        rule = self.rule
        names = ("image", "felt", "state", "places", "probability", CORRECTED)
        image, felt, state, places, before, corrected = self._memory.draw(rule.policy_batch, generator, *names)
        own = ~corrected
        logits, seen = self._answer(image, felt)
        log_probability = torch.log_softmax(logits, -1)
        probability = log_probability.exp()
        with torch.no_grad():
            branches = mean_of([critic(state)[1] for critic in each_of(self._critics)])
            advantage = branches - (before * branches).sum(-1, keepdim=True)
            advantage = advantage / (advantage.std() + _TINY)
        entropy = mean_over(-(probability * log_probability).sum((-1, -2)), own)
        strayed = mean_over((before * ((before + _TINY).log() - log_probability)).sum((-1, -2)), own)
        worth = mean_over((probability * advantage).sum((-1, -2)), own)
        policy_loss = rule.stay * strayed - rule.policy_weight * worth - self.settings.entropy * entropy
        sight_loss = (seen - places.flatten(1)).square().sum(-1).mean()
        # While the critics know nothing yet they say nothing to the policy; seeing can begin.
        loss = rule.sight_weight * sight_loss + (0.0 if warming else 1.0) * policy_loss + self._imitation(generator)
        self._actor_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._learned.values(), rule.gradient_norm)
        self._actor_optimiser.step()
        return float(policy_loss.detach()), float(entropy.detach())

    def _imitation(self, generator: torch.Generator) -> Tensor:
        """Returns what not choosing as operators showed costs, 0 where nothing was shown."""
        image, felt, action = self._memory.draw_of(CORRECTED, self.rule.policy_batch, generator, "image", "felt", "action")
        if not len(image):
            return torch.zeros(())
        return self.settings.correction_weight * imitation_loss(self._answer(image, felt)[0], action.long())

    def _answer(self, image: Tensor, felt: Tensor) -> tuple[Tensor, Tensor]:
        """Returns logits (N, joints, choices) and where the features show palm and objects [m], (N, 3 * places)."""
        start = torch.zeros(len(image), 1, dtype=torch.bool)
        output, _, activations = self.network.trace(image[:, None], None, start, felt[:, None])
        seen: Tensor = self._places(torch.cat([each.features for each in activations], 1))
        return output.logits, seen

    def _chunk(self, runs: Sequence[Run]) -> tuple[Chunk, float]:
        """Returns the steps of `runs`, and the mean ratio of the policy's to the acting policy's probability, where known."""
        parts, ratios = zip(*(self._steps_of(run) for run in runs), strict=True)
        known = torch.cat(ratios)
        known = known[~known.isnan()]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}, float(known.mean()) if len(known) else 1.0

    def _steps_of(self, run: Run) -> tuple[Chunk, Tensor]:
        steps = run.transitions
        images = torch.from_numpy(np.stack([*(step.image for step in steps), run.final_image]))
        felt = torch.from_numpy(np.stack([*(step.proprioception for step in steps), run.final_proprioception])).float()
        known = torch.from_numpy(np.stack([*(step.known for step in steps), run.final_known])).float()
        state, places = self._knowledge.states(felt, known)
        with torch.no_grad():
            log_probability = torch.log_softmax(self._answer(images, felt)[0], -1)
        probability = log_probability.exp()
        action = torch.from_numpy(np.stack([step.action for step in steps]))
        acting = [float("nan") if step.log_probability is None else step.log_probability for step in steps]
        chosen = log_probability[:-1].gather(-1, action[..., None]).squeeze(-1).sum(-1)
        later, reward, discount = zip(*judged_ahead(run, self.rule.discount, self.rule.horizon), strict=True)
        rows = torch.tensor(later)
        chunk = {
            "image": images[:-1],
            "felt": felt[:-1],
            "state": state[:-1],
            "places": places[:-1],
            "probability": probability[:-1],
            "action": action.to(torch.uint8),
            "reward": torch.tensor(reward),
            "discount": torch.tensor(discount),
            "later": state[rows],
            "later_probability": probability[rows],
            CORRECTED: torch.full((len(steps),), run.corrected),
        }
        return chunk, (chosen - torch.tensor(acting)).exp()

    @property
    def experience(self) -> tuple[Chunk, ...]:
        """What it has been given and keeps, update by update."""
        return self._memory.chunks

    def remember(self, chunks: Sequence[Chunk]) -> None:
        """Has been given `chunks`, and nothing else."""
        self._memory.restart([with_corrections(chunk) for chunk in chunks])

    def moments(self) -> dict[str, Tensor]:
        """Returns a copy of all that learning goes on from besides weights and experience."""
        held = {f"critics/{name}": tensor for name, tensor in self._critics.state_dict().items()}
        held |= {f"targets/{name}": tensor for name, tensor in self._targets.state_dict().items()}
        held |= {f"seeing/{name}": tensor for name, tensor in self._places.state_dict().items()}
        copies = {name: tensor.detach().clone() for name, tensor in held.items()} | {"taken": torch.tensor(self._taken)}
        moved = adam_state(self._actor_optimiser, [*self._learned])
        return copies | moved | adam_state(self._critic_optimiser, self._critic_names())

    def load_moments(self, moments: dict[str, Tensor]) -> None:
        """Inverse of `moments`."""
        for prefix, module in (("critics/", self._critics), ("targets/", self._targets), ("seeing/", self._places)):
            module.load_state_dict({name: moments[f"{prefix}{name}"] for name in module.state_dict()})
        self._taken = int(moments["taken"])
        moved = {name: tensor for name, tensor in moments.items() if name != "taken"}
        load_adam(self._actor_optimiser, [*self._learned], moved)
        load_adam(self._critic_optimiser, self._critic_names(), moved)

    def _critic_names(self) -> list[str]:
        return [f"critic/{name}" for name, _ in self._critics.named_parameters()]


def _places_head(network: ProgressiveNet, places: int, knowing: bool) -> nn.Linear:
    """Returns a head on all columns' features. `knowing`: it begins as the first column's own head, if that has such a one."""
    first: Any = network.columns[0]
    widths = [network.spec.width, *(spec.width for spec in network.grown)]
    head = nn.Linear(sum(widths), 3 * places)
    if knowing and len(network.spec.auxiliary) == places:
        with torch.no_grad():
            head.weight.zero_()
            head.weight[:, : widths[0]] = first.auxiliary.weight
            head.bias.copy_(first.auxiliary.bias)
    return head
