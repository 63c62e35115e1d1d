"""Bad input: one sentence, another exit code than 0, and nothing started."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jaco_bringup.cli import BAD_INPUT
from jaco_bringup.commands import sim as sim_command
from jaco_bringup.commands.sim import SimOptions
from jaco_core.arms import load_arm
from jaco_core.domain import RosDomain
from jaco_core.errors import JacoError

OPTIONS = SimOptions(
    episodes=1,
    seed=0,
    task="reach",
    policy="",
    profile="nominal",
    realtime=False,
    report=True,
    domain=None,
    run_dir=None,
    quiet=True,
)


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of an undamaged policy that has learned nothing."""
    from jaco_policy.checkpoint import Card, save_checkpoint
    from jaco_policy.networks import Column, ColumnSpec

    arm = load_arm("j2n6s300")
    speeds = tuple((-0.5 * joint.max_velocity, 0.0, 0.5 * joint.max_velocity) for joint in arm.joints)
    spec = ColumnSpec(joints=len(arm), choices=3)
    folder = tmp_path_factory.mktemp("untrained")
    save_checkpoint(folder, Card("untrained", "reach", arm.name, arm.joint_names, speeds, 0.1, spec), Column(spec))
    return folder


@pytest.fixture
def policy(untrained: Path, tmp_path: Path) -> Path:
    """Returns a copy of the policy, to be damaged."""
    return Path(shutil.copytree(untrained, tmp_path / "policy"))


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("a graph was started")

    monkeypatch.setattr(sim_command, "run_graph", fail)


def refusal(**changes: object) -> str:
    """Returns the sentence with which `jaco sim` refuses OPTIONS with `changes`."""
    with pytest.raises(JacoError) as refused:
        sim_command.run(replace(OPTIONS, **changes))  # type: ignore[arg-type]
    return str(refused.value)


def change_card(folder: Path, **changes: object) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_unknown_task_profile_and_policy(policy: Path) -> None:
    assert "Argument 'task' is 'juggle'; choices: conveyor, reach" in refusal(policy=str(policy), task="juggle")
    assert "Argument 'profile' is 'moon'" in refusal(policy=str(policy), profile="moon")
    assert "There is no policy 'nobody'" in refusal(policy="nobody")


@pytest.mark.parametrize("file", ["card.json", "policy.safetensors"])
def test_missing_file_of_a_checkpoint(policy: Path, file: str) -> None:
    (policy / file).unlink()
    assert file in refusal(policy=str(policy))


def test_corrupt_checkpoint(policy: Path) -> None:
    weights = policy / "policy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "sha256" in refusal(policy=str(policy))


def test_card_for_another_arm_and_another_task(policy: Path) -> None:
    change_card(policy, arm="gen3")
    assert "'gen3'" in refusal(policy=str(policy))
    change_card(policy, arm="j2n6s300", task="lift")
    assert "is for task 'lift', not for 'reach'" in refusal(policy=str(policy))


def test_taken_domain_and_full_run_folder(policy: Path, tmp_path: Path) -> None:
    with RosDomain(99):
        assert "ROS domain 99 is taken" in refusal(policy=str(policy), domain=99)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert "is not empty" in refusal(policy=str(policy), domain=99, run_dir=tmp_path / "full")
    RosDomain(99).release()


def jaco(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jaco_bringup.cli", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("arguments", [("sim", "--task", "juggle"), ("bench", "warp"), ("up", "sim", "--policy", "nobody")])
def test_refusals_are_one_line_on_stderr(arguments: tuple[str, ...]) -> None:
    result = jaco(*arguments)
    assert result.returncode == BAD_INPUT
    assert result.stderr.startswith("jaco: ") and len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_help_needs_nothing_that_takes_long_to_import() -> None:
    look = "import sys; from jaco_bringup.cli import app; app(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0 and "Run episodes in simulation" in result.stdout
    for heavy in ("torch", "mujoco", "rclpy", "cv2", "matplotlib"):
        assert f"'{heavy}'" not in result.stdout
