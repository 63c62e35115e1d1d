"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jaco_bringup.bench.faults.stage import Stage, stage
from jaco_core.domain import take_random_domain


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One graph for all faults that it survives."""
    folder: Path = tmp_path_factory.mktemp("faults")
    with take_random_domain() as domain, stage(folder, domain.number, "reach") as running:
        yield running
