"""A small policy, runs of a made-up task, and a graph's messages about an episode, for tests of the embedded learner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from jaco_core.arms import load_arm
from jaco_core.ramp import ramp_velocity
from jaco_core.types import ENDED, RUNNING, EpisodeStatus
from jaco_learner.embedded.assembly import Assembler, Judged, PolicyWord
from jaco_learner.embedded.session import LearningSession
from jaco_learner.embedded.transition import Run, Transition
from jaco_policy.checkpoint import Card, Checkpoint, load_checkpoint, save_checkpoint
from jaco_policy.networks import Column, ColumnSpec, joint_log_probability, sample_action
from jaco_policy.progressive import ProgressiveNet
from jaco_tasks.actions import action_speeds

ARM = load_arm("j2n6s300")
SPEEDS = action_speeds(ARM)
PERIOD_NS, TICK_NS = 100_000_000, 10_000_000


def policy(folder: Path, lstm: int = 0, feels: bool = False) -> Checkpoint:
    """Writes an untrained policy and returns it."""
    torch.manual_seed(0)
    joints = {"inputs": 18, "proprioception": 8} if feels else {}
    spec = ColumnSpec(convolutions=((4, 8, 4), (6, 5, 2)), hidden=16, lstm=lstm, **joints)
    column = Column(spec)
    torch.nn.init.orthogonal_(column.policy.weight, 1.0)
    rows = tuple(tuple(row) for row in SPEEDS.tolist())
    save_checkpoint(folder, Card("tiny", "reach", ARM.name, ARM.joint_names, rows, 0.1, spec), column)
    return load_checkpoint(folder, ARM)


def run(episode: int, steps: int = 10, version: int = 1) -> Run:
    """Returns a whole episode in which the first joint's last speed is worth a point."""
    rng = np.random.default_rng(episode)
    images = rng.integers(0, 256, (steps + 1, 64, 64, 3), np.uint8)
    felt = rng.normal(size=(steps + 1, 18))
    known = rng.normal(size=(steps + 1, 12))
    transitions = []
    for step in range(steps):
        action = rng.integers(0, 3, 9)
        stamp = (episode * 100 + step) * PERIOD_NS
        reward = float(action[0] == 2)
        transitions.append(Transition(stamp, episode, step, version, images[step], felt[step], action, -9.0, reward, known[step]))
    return Run(tuple(transitions), images[-1], felt[-1], False, True, known[-1])


def drawn(network: ProgressiveNet, shown: Run) -> Run:
    """Returns `shown` with actions that `network` draws, by torch's own generator, and the rewards of `run`."""
    felt = torch.from_numpy(np.stack([step.proprioception for step in shown.transitions])).float()
    with torch.no_grad():
        output, _ = network(torch.from_numpy(np.stack([step.image for step in shown.transitions])), None, felt)
    actions = sample_action(output.logits)
    chances = joint_log_probability(output.logits, actions)
    transitions = tuple(
        replace(step, action=action.numpy(), log_probability=float(chance), reward=float(action[0] == 2))
        for step, action, chance in zip(shown.transitions, actions, chances, strict=True)
    )
    return replace(shown, transitions=transitions)


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Tells whether both hold the same, bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def straight_and_killed(
    session: Callable[[str], LearningSession], episodes: int, killed_after: int, shown: dict[int, np.ndarray] | None = None
) -> tuple[LearningSession, LearningSession]:
    """Plays `episodes` twice; the second time another session goes on in the same folder after some. Returns the last of each."""
    straight, first = session("straight"), session("killed")
    for learning, played in ((straight, episodes), (first, killed_after)):
        play(learning, 0, played, shown)
    second = session("killed")
    assert second.learner.version == first.learner.version
    play(second, killed_after, episodes, shown)
    return straight, second


def play(learning: LearningSession, first: int, last: int, shown: dict[int, np.ndarray] | None = None, steps: int = 8) -> None:
    """Plays the episodes from `first` to before `last`, and has each learned from."""
    graph = Graph(learning.assembler)
    graph.now_ns *= 1 + first * (steps + 1)
    for episode in range(first, last):
        graph.play(episode, steps=steps, shown=shown)
        learning.advance()


class Graph:
    """Tells an assembler of episodes as a graph would, but for what is told to be left out.

    `omit`: (kind, step) of messages that are not delivered; `applied`: step -> action that the arm's side applies instead;
    `shown`: step -> velocity [rad/s] that an operator has the arm take instead; `judged`: step -> what the supervisor says of it,
    in parts.
    """

    def __init__(self, assembler: Assembler) -> None:
        self.assembler = assembler
        self.now_ns = PERIOD_NS
        self._velocity = np.zeros(9)

    def play(
        self,
        episode: int,
        steps: int = 4,
        omit: frozenset[tuple[str, int]] = frozenset(),
        applied: dict[int, np.ndarray] | None = None,
        shown: dict[int, np.ndarray] | None = None,
        judged: dict[int, tuple[Judged, ...]] | None = None,
        lag_ns: int = 0,
    ) -> list[np.ndarray]:
        """Plays an episode that ends at its time limit; returns the chosen actions. `lag_ns`: of joint states behind images."""
        rng = np.random.default_rng(episode)
        chosen = []
        self._velocity = np.zeros(9)
        for step in range(steps + 1):
            stamp = self.now_ns
            last = step == steps
            told = self.assembler
            status = EpisodeStatus(stamp, "reach", ENDED if last else RUNNING, episode, step, reward=float(step), truncated=last)
            if ("episode", step) not in omit:
                told.add_episode(status)
            if ("image", step) not in omit:
                told.add_image(stamp, np.full((64, 64, 3), episode % 20 * 10 + step, np.uint8))
            if ("joints", step) not in omit:
                told.add_proprioception(stamp + lag_ns, np.full(18, float(step)))
            if ("objects", step) not in omit:
                told.add_objects(stamp, np.array([0.4, 0.1, 0.01 * step]))
            action = rng.integers(0, 3, 9)
            if not last:
                chosen.append(action)
                if ("word", step) not in omit:
                    told.add_word(stamp, PolicyWord(action, -5.0, 1))
            guided = shown is not None and step in shown
            usual = (Judged("operator", 0), Judged("operator", 2)) if guided else (Judged("policy", 0),)
            for part in (judged or {}).get(step, usual) if not last and ("judged", step) not in omit else ():
                told.add_judged(stamp, part)
            target = np.zeros(9) if last else SPEEDS[np.arange(9), (applied or {}).get(step, action)]
            target = shown[step] if shown is not None and guided else target
            for tick in range(10):
                self._velocity = ramp_velocity(self._velocity, target, ARM.max_acceleration, 0.01)
                if ("applied", step) not in omit:
                    told.add_applied(stamp + tick * TICK_NS, stamp, self._velocity)
            self.now_ns += PERIOD_NS
        return chosen
