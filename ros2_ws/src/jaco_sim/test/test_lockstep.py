"""The barrier: what a tick waits for, in any order of arrival."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from jaco_core.types import ENDED, FINISHED, RUNNING, WAITING, EpisodeStart, EpisodeStatus, VelocityCommand
from jaco_sim.lockstep import Barrier

T = 500


def command(stamp: int, policy_stamp: int = 0) -> VelocityCommand:
    return VelocityCommand(stamp, ("a",), np.zeros(1), policy_stamp_ns=policy_stamp)


def verdict(stamp: int, phase: int = RUNNING) -> EpisodeStatus:
    return EpisodeStatus(stamp, "reach", phase)


def test_a_state_tick_waits_for_the_command_that_answers_it() -> None:
    barrier = Barrier()
    barrier.open(T, image=False)
    barrier.offer_command(command(T - 10))
    assert barrier.missing == ("/arm/command (supervisor)",)
    barrier.offer_command(command(T))
    assert barrier.missing == () and barrier.set_aside == 1


def test_an_image_tick_waits_for_the_policys_answer_to_that_image() -> None:
    barrier = Barrier()
    barrier.open(T, image=True)
    barrier.offer_command(command(T, policy_stamp=T - 100))
    barrier.offer_episode(verdict(T))
    assert len(barrier.missing) == 1 and "policy's answer" in barrier.missing[0]
    barrier.offer_command(command(T, policy_stamp=T))
    assert barrier.missing == ()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    barrier = Barrier()
    barrier.open(T, image=True)
    offers = [
        lambda: barrier.offer_command(command(T, T)),
        lambda: barrier.offer_episode(verdict(T, ENDED)),
        lambda: barrier.offer_reset(EpisodeStart(9, 0.2)),
    ]
    for position, index in enumerate(order):
        assert (barrier.missing == ()) == (position == 3)
        offers[index]()
    assert barrier.missing == ()
    assert barrier.take()[1] == EpisodeStart(9, 0.2)


@pytest.mark.parametrize("phase", [WAITING, ENDED])
def test_an_episode_that_has_to_begin_waits_for_its_reset(phase: int) -> None:
    barrier = Barrier()
    barrier.open(T, image=True)
    barrier.offer_command(command(T, T))
    barrier.offer_episode(verdict(T, phase))
    assert barrier.missing == ("the reset of the episode (task)",)


def test_the_last_episodes_end_needs_no_reset() -> None:
    barrier = Barrier()
    barrier.open(T, image=True)
    barrier.offer_command(command(T, T))
    barrier.offer_episode(verdict(T, ENDED))
    barrier.offer_episode(verdict(T, FINISHED))
    assert barrier.missing == () and barrier.finished


def test_a_reset_is_carried_out_once() -> None:
    barrier = Barrier()
    barrier.open(T, image=False)
    barrier.offer_reset(EpisodeStart(4))
    barrier.offer_command(command(T))
    assert barrier.take()[1] == EpisodeStart(4)
    barrier.open(T + 10, image=False)
    barrier.offer_command(command(T + 10))
    assert barrier.take()[1] is None
