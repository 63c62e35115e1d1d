"""The house's floors: who may import whom, and where ROS may be imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {
    "jaco_interfaces": 0,
    "jaco_core": 1,
    "jaco_tasks": 2,
    "jaco_safety": 2,
    "jaco_camera": 2,
    "jaco_policy": 2,
    "jaco_sim": 3,
    "jaco_driver": 3,
    "jaco_learner": 4,
    "jaco_monitor": 4,
    "jaco_bringup": 5,
}


def packages() -> dict[str, Path]:
    found = {path.parent.name: path.parent / path.parent.name for path in ROOT.glob("ros2_ws/src/*/package.xml")}
    return found | {"jaco_bringup": ROOT / "launch" / "jaco_bringup"}


def modules(package: str) -> Iterator[Path]:
    yield from sorted(packages()[package].rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Returns the top-level names that the module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


def test_every_package_has_a_floor() -> None:
    assert set(packages()) == set(FLOORS)


@pytest.mark.parametrize("package", sorted(set(FLOORS) - {"jaco_interfaces"}))
def test_a_package_imports_only_from_lower_floors(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if name in FLOORS and name != package and FLOORS[name] >= FLOORS[package]
    }
    assert not wrong


@pytest.mark.parametrize("package", sorted(set(FLOORS) - {"jaco_interfaces"}))
def test_only_nodes_and_the_shared_helpers_import_rclpy(package: str) -> None:
    helpers = packages()["jaco_core"] / "ros"
    wrong = {
        str(path.relative_to(ROOT))
        for path in modules(package)
        if "rclpy" in imported(path) and path.name != "node.py" and helpers not in path.parents
    }
    assert not wrong


@pytest.mark.parametrize("package", sorted(FLOORS))
def test_every_package_has_a_manifest_a_readme_and_tests(package: str) -> None:
    folder = ROOT / "launch" if package == "jaco_bringup" else packages()[package].parent
    assert (folder / "package.xml").is_file()
    assert len((folder / "README.md").read_text().split()) > 30
    if package != "jaco_interfaces":
        assert list(folder.glob("test/test_*.py")), f"{package} has no tests"


@pytest.mark.parametrize("folder", ["launch", "models", "tests"])
def test_folders_at_the_root_are_no_python_packages(folder: str) -> None:
    # A package called "launch" would shadow ROS's own.
    assert not (ROOT / folder / "__init__.py").exists()
