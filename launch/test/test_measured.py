"""Runs that are measured end by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from jaco_bringup.bench.measured import RunFailed, run_quietly
from jaco_bringup.graph import Graph, NodeSpec
from jaco_core.domain import take_random_domain


def test_run_whose_driver_latches_a_fault_is_over_and_says_why(tmp_path: Path, dummies: str) -> None:
    nodes = (NodeSpec("manager", dummies, "patient"), NodeSpec("driver", dummies, "latched"))
    with take_random_domain() as domain, pytest.raises(RunFailed) as failed:
        run_quietly(Graph("test", nodes), tmp_path, domain)
    assert str(failed.value) == "The graph 'test' cannot go on, its driver is in fault: The base is gone."
