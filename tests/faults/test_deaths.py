"""Faults that a graph does not survive: deaths, and weights that are not what their card says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fault_check import check

from jaco_bringup.bench.faults.bench import play
from jaco_bringup.bench.faults.matrix import BY_NAME
from jaco_bringup.bench.faults.stage import fault_graph
from jaco_bringup.policies import find_policy
from jaco_bringup.runner import Runner
from jaco_core.domain import take_random_domain

ON_THEIR_OWN = ("policy_killed", "supervisor_killed", "manager_killed")


@pytest.mark.parametrize("name", ON_THEIR_OWN)
def test_a_death_leads_to_rest_before_the_run_ends(tmp_path: Path, name: str) -> None:
    with take_random_domain() as domain:
        results = play([BY_NAME[name]], domain.number, "reach", lambda fault, figures: None)
    check(BY_NAME[name], results[name])


def test_corrupt_weights_never_move_the_arm(tmp_path: Path) -> None:
    folder = tmp_path / "corrupt"
    shutil.copytree(find_policy("reach"), folder)
    weights = folder / "policy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100] + bytes(100))
    with take_random_domain() as domain:
        runner = Runner(fault_graph({"policy": str(folder)}), tmp_path / "run", domain.number)
        outcome = runner.run(lambda: False)
    assert outcome.code != 0
    log = (tmp_path / "run" / "log.txt").read_text()
    assert "sha256" in log
    assert "The graph is up" not in log
