"""The locks: exact versions, for every supported Python, for everything that the .in files ask for, and no addresses."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DOCKER = Path(__file__).resolve().parents[2] / "docker"
NAMES = ("requirements", "ros-wheels")
PYTHONS = ("3.10", "3.11", "3.12")


def read(name: str) -> list[Requirement]:
    """The requirements in a file of docker/."""
    lines = (DOCKER / name).read_text().splitlines()
    return [Requirement(line) for line in (re.sub(r"(^|\s)#.*", "", line).strip() for line in lines) if line]


def applicable(requirements: list[Requirement], python: str) -> list[Requirement]:
    """Those that hold on Linux x86_64 with this Python."""
    machine = {
        "python_version": python, "python_full_version": f"{python}.5", "sys_platform": "linux",
        "platform_system": "Linux", "platform_machine": "x86_64", "platform_python_implementation": "CPython",
    }  # fmt: skip
    return [one for one in requirements if one.marker is None or one.marker.evaluate(dict(machine))]


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_is_exact_and_from_no_named_place(name: str) -> None:
    for requirement in read(f"{name}.lock"):
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert requirement.url is None
    assert "://" not in (DOCKER / f"{name}.lock").read_text()
    assert not re.search(r"^\s*-", (DOCKER / f"{name}.lock").read_text(), re.MULTILINE)


@pytest.mark.parametrize("python", PYTHONS)
def test_one_version_of_each_for_every_python(python: str) -> None:
    pins = [canonicalize_name(one.name) for name in NAMES for one in applicable(read(f"{name}.lock"), python)]
    assert sorted(pins) == sorted(set(pins))


@pytest.mark.parametrize("python", PYTHONS)
def test_the_locks_fulfil_what_is_asked_for(python: str) -> None:
    pins = {canonicalize_name(one.name): one for name in NAMES for one in applicable(read(f"{name}.lock"), python)}
    for name in NAMES:
        for asked in read(f"{name}.in"):
            pin = pins[canonicalize_name(asked.name)]
            version = next(iter(pin.specifier)).version
            assert asked.specifier.contains(version), f"{asked} asked for, {pin} locked: run docker/lock.sh"


def test_torch_is_the_version_that_every_build_of_it_fulfils() -> None:
    assert "torch==2.13.0" in (DOCKER / "requirements.lock").read_text().splitlines()
