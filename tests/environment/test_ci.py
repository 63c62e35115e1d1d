"""What a hosted run does is what `./jaco test` does."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def steps_of(job: str) -> list[dict[str, Any]]:
    """The steps of a job of the workflow."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    steps: list[dict[str, Any]] = workflow["jobs"][job]["steps"]
    return steps


def test_ci_calls_jaco_test() -> None:
    assert (ROOT / ".ci/run").read_text().splitlines()[-1] == "exec ./jaco test"
    assert ".ci/run" in [step.get("run") for step in steps_of("bare-machine")]


def test_ros_image_runs_the_unit_tests() -> None:
    assert any(step.get("run", "").startswith("./jaco test unit") for step in steps_of("ros-image"))


def test_hooks_come_from_the_environment_alone() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    for hook in hooks["repos"][0]["hooks"]:
        assert hook["entry"].startswith(".venv/bin/")


def test_compose_services_are_commands_of_jaco() -> None:
    services = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
    assert services["sim"]["command"] == ["sim"]
    assert services["real"]["command"][:2] == ["up", "real"]
    assert all(service["network_mode"] == "host" for service in services.values())
