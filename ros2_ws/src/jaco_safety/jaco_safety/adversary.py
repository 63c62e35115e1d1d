"""Proposals that try to talk the filter past a limit. Each adversary is a function of what an attacker could know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_safety.barriers import Barriers, Surroundings
from jaco_safety.filter import VelocityFilter
from jaco_safety.replays import TICKS_PER_STEP, replay

_GREEDY_TRIES = 3


@dataclass
class Attack:
    """One attack in progress. `last`: the proposal before; `victim`: what it picked on at its start; `velocity`: of the arm.

    `position`: of the joints [rad], shape (n,); `top_speed`: of palm and elbow [m/s], None in full mode.
    `script`: proposals that were drawn at its start [rad/s], shape (steps, n).
    """

    arm: Arm
    barriers: Barriers
    filter: VelocityFilter
    rng: np.random.Generator
    tick: int
    last: Vector
    victim: int
    velocity: Vector
    position: Vector
    top_speed: float | None
    script: list[Vector] = field(default_factory=list)

    def look(self) -> Surroundings:
        """Returns what bounds the arm's motion where it is."""
        return self.barriers.at(self.position, top_speed=self.top_speed)


Adversary = Callable[[Attack], Vector]


def _full_speed(attack: Attack, direction: Vector, share: float = 1.0) -> Vector:
    """Returns `share` of every joint's top speed, with the signs of `direction`, shape (n,)."""
    return np.asarray(share * attack.arm.max_velocity * np.sign(direction), dtype=np.float64)


def _random(attack: Attack) -> Vector:
    return attack.rng.uniform(-2.0, 2.0, len(attack.arm)) * attack.arm.max_velocity


def _smooth(attack: Attack) -> Vector:
    """Changes slowly: most of it passes unchanged, right up to a limit."""
    top = 0.95 * attack.arm.max_velocity
    return np.clip(attack.last + 0.01 * attack.rng.normal(size=len(attack.arm)), -top, top)


def _bang_bang(attack: Attack) -> Vector:
    """Full speed one way or the other, switched at random times."""
    if attack.rng.random() > 0.08:
        return attack.last
    return _full_speed(attack, attack.rng.choice([-1.0, 0.0, 1.0], len(attack.arm)))


def _joint_limits(attack: Attack) -> Vector:
    """Runs every joint into its end, and back."""
    if attack.tick % 150:
        return attack.last
    return _full_speed(attack, attack.rng.choice([-1.0, 1.0], len(attack.arm)), 2.0)


def _chatter(attack: Attack) -> Vector:
    """Reverses every few ticks, in step with the jerk limit."""
    sign = 1.0 if (attack.tick // (1 + attack.victim % 7)) % 2 else -1.0
    return _full_speed(attack, np.where(attack.rng.random(len(attack.arm)) < 0.9, sign, -sign), 1.5)


def _nearest_barrier(attack: Attack) -> Vector:
    """Pushes against whatever is nearest."""
    around = attack.look()
    if not len(around.near):
        return _bang_bang(attack)
    row = int(around.distance[around.near].argmin())
    return _full_speed(attack, around.approach[row])


def _one_barrier(attack: Attack) -> Vector:
    """Pushes against one of the near barriers, tangentially jittering: slides along it."""
    around = attack.look()
    if not len(around.near):
        return _bang_bang(attack)
    row = attack.victim % len(around.near)
    jitter = _full_speed(attack, attack.rng.choice([-1.0, 1.0], len(attack.arm)), 0.7)
    return _full_speed(attack, around.approach[row]) + jitter


def _self_collision(attack: Attack) -> Vector:
    """Drives the arm into itself: against the nearest pair of links."""
    around = attack.look()
    first = around.near[-1] if len(around.near) else -1
    if first < 0 or attack.rng.random() < 0.02:
        return _bang_bang(attack)
    pairs = [i for i, index in enumerate(around.near) if attack.barriers.barriers[index].limited.value == "self_collision"]
    if not pairs:
        return _joint_limits(attack)
    row = min(pairs, key=lambda i: float(around.distance[around.near[i]]))
    return _full_speed(attack, around.approach[row], 1.5)


def _speed(attack: Attack) -> Vector:
    """Makes palm or elbow as fast as it gets, in a direction that turns with time."""
    angle = 0.01 * attack.tick + attack.victim
    direction = np.array([np.cos(angle), np.sin(angle), np.sin(0.3 * angle)])
    return _full_speed(attack, direction @ attack.look().speed_jacobian[attack.victim % 2])


def _greedy(attack: Attack) -> Vector:
    """Of a few proposals takes the one whose filtered answer comes closest to anything."""
    around = attack.look()
    candidates = [_nearest_barrier(attack), attack.last]
    candidates += [_full_speed(attack, attack.rng.choice([-1.0, 1.0], len(attack.arm))) for _ in range(_GREEDY_TRIES)]

    def margin(proposal: Vector) -> float:
        answer = attack.filter.apply(proposal, attack.velocity, 0.01, around).velocity
        return float(attack.barriers.distance(around.position + 0.2 * answer).min())

    return min(candidates, key=margin)


def _replayed(attack: Attack) -> Vector:
    """Proposes what a shipped policy did, as it did or disturbed, one recording after another."""
    step = attack.tick // TICKS_PER_STEP
    while step >= len(attack.script):
        attack.script += list(replay(attack.arm, attack.rng))
    return attack.script[step]


def _unbounded(attack: Attack) -> Vector:
    return attack.rng.choice([-1e308, -1e3, 0.0, 1e3, 1e308], len(attack.arm))


ADVERSARIES: Mapping[str, Adversary] = MappingProxyType(
    {
        "random": _random,
        "smooth": _smooth,
        "bang-bang": _bang_bang,
        "joint limits": _joint_limits,
        "chatter": _chatter,
        "nearest barrier": _nearest_barrier,
        "one barrier": _one_barrier,
        "self-collision": _self_collision,
        "speed": _speed,
        "greedy": _greedy,
        "replayed policy": _replayed,
        "unbounded": _unbounded,
    }
)
