"""Worker processes that fill rollouts together."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from types import SimpleNamespace

import pytest
import torch

from jaco_core.errors import ConfigError, JacoError
from jaco_learner.rollouts import Rollout, RolloutWorkers, WorkerConfig
from jaco_policy.networks import Column, ColumnSpec

_CONFIG = WorkerConfig("reach", "j2n6s300", "nominal", 0.01, 0.0, 0.0, 1.0, environments=2, steps=3, guided=True)
# Numbers of the simulator's state for this arm and task.
_STATE_SIZE = 43


Processes = set[BaseProcess]


@pytest.fixture
def others() -> Processes:
    """Processes of this one that are not the workers'."""
    return set(multiprocessing.active_children())


@pytest.fixture
def workers(others: Processes) -> Iterator[RolloutWorkers]:
    two = RolloutWorkers(2)
    yield two
    two.close()
    assert set(multiprocessing.active_children()) <= others


def test_two_workers_fill_a_rollout_side_by_side_and_the_next_one_elsewhere(workers: RolloutWorkers) -> None:
    column = Column(ColumnSpec(hidden=16))
    workers.begin(_CONFIG, column, _STATE_SIZE, seed=0)
    first = _collected(workers, column)
    assert first.image.shape == (3, 4, 64, 64, 3) and first.state.shape == (4, 4, _STATE_SIZE)
    # Four arms that nobody forgot, each in an episode of its own.
    assert len(first.state[0].unique(dim=0)) == 4 and int(first.image.amax((0, 2, 3, 4)).min()) > 0
    before = first.state.clone()
    second = _collected(workers, column)
    assert torch.equal(first.state, before)
    assert torch.equal(second.state[0], before[-1])


def test_who_waits_for_a_worker_that_died_hears_of_it_and_leaves_nobody_behind(
    workers: RolloutWorkers, others: Processes
) -> None:
    column = Column(ColumnSpec(hidden=16))
    workers.begin(_CONFIG, column, _STATE_SIZE, seed=0)
    _collected(workers, column)
    victim = next(process for process in multiprocessing.active_children() if process not in others)
    victim.kill()
    victim.join()
    with pytest.raises(JacoError, match="has died"):
        _collected(workers, column)


def test_what_is_collected_does_not_depend_on_the_pace_which_is_kept_again_from_the_next_segment_on(
    workers: RolloutWorkers,
) -> None:
    column = Column(ColumnSpec(hidden=16))
    workers.begin(_CONFIG, column, _STATE_SIZE, seed=0)
    # As one does that has waited for another in vain.
    workers._pace.abort()
    alone = _collected(workers, column).state.clone()
    assert workers._pace.broken
    workers.begin(_CONFIG, column, _STATE_SIZE, seed=0)
    assert torch.equal(_collected(workers, column).state, alone)
    assert not workers._pace.broken


def test_too_little_shared_memory_is_told_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=40_000_000))
    Rollout.allocate(2, 4, _STATE_SIZE, 9)
    with pytest.raises(ConfigError, match=r"takes 51.3 MB of shared memory, and .* has 40.0 MB left; .*--shm-size"):
        Rollout.allocate(32, 128, _STATE_SIZE, 9)


def _collected(workers: RolloutWorkers, column: Column) -> Rollout:
    workers.request(column)
    return workers.collect()[0]
