"""Bad input: one clear sentence, a non-zero exit, nothing half-started."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from graph_program import Program

from jaco_bringup.policies import find_policy
from jaco_core.domain import RosDomain

Start: TypeAlias = Callable[..., Program]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A copy of the shipped policy, to be damaged."""
    return Path(shutil.copytree(find_policy("reach"), tmp_path / "policy"))


def refused(program: Program, sentence: str) -> None:
    assert program.wait() == 2
    lines = [line for line in program.text().splitlines() if line.strip()]
    assert len(lines) == 1 and sentence in lines[0], program.text()
    assert not program.nodes()


def test_an_unknown_task(start: Start) -> None:
    refused(start("sim", "--task", "juggle"), "'juggle'; choices: conveyor, reach")


def test_a_missing_policy(start: Start) -> None:
    refused(start("sim", "--policy", "nowhere"), "no policy 'nowhere'; known: reach")


def test_a_policy_without_weights(start: Start, policy: Path) -> None:
    (policy / "policy.safetensors").unlink()
    refused(start("sim", "--policy", str(policy)), "has no policy.safetensors")


def test_damaged_weights(start: Start, policy: Path) -> None:
    weights = policy / "policy.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    refused(start("sim", "--policy", str(policy)), "sha256")


def test_a_card_for_another_arm(start: Start, policy: Path) -> None:
    card = policy / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"arm": "gen3"}))
    refused(start("sim", "--policy", str(policy)), "is for arm 'gen3'")


def test_a_taken_domain(start: Start, domain: RosDomain, tmp_path: Path) -> None:
    program = start("sim", "--run-dir", str(tmp_path / "run"))
    with RosDomain(domain.number):
        assert program.wait() == 2
    assert f"ROS domain {domain.number} is taken" in program.text() and not program.nodes()


def test_a_folder_with_an_older_run_is_left_alone(start: Start, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{}")
    refused(start("sim", "--run-dir", str(tmp_path)), "is not empty")


def test_a_camera_that_does_not_open_ends_the_real_graph(start: Start, tmp_path: Path) -> None:
    program = start("up", "real", "--camera", str(tmp_path / "no-such-video.mp4"))
    assert program.wait() not in (0, 130)
    assert "no-such-video.mp4" in program.text()
    program.wait_for_no_nodes()
