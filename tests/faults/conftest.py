"""Fixtures of the fault tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from jaco_bringup.bench.faults.stage import Stage, stage
from jaco_bringup.bench.measured import RunFailed
from jaco_bringup.domain import take_random_domain


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One graph for all faults that it survives. What is tested begins when it is up: it gets a second try in another domain."""
    with ExitStack() as stack:
        try:
            started = _start(stack, tmp_path_factory)
        except RunFailed as error:
            warnings.warn(f"The graph was started again: {error}", stacklevel=1)
            started = _start(stack, tmp_path_factory)
        yield started


def _start(stack: ExitStack, folders: pytest.TempPathFactory) -> Stage:
    domain = stack.enter_context(take_random_domain())
    return stack.enter_context(stage(folders.mktemp("faults"), domain.number, "reach"))
