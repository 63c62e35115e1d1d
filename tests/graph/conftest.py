"""Fixtures of the tests that start the whole graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graph_program import Listener, Program

from jaco_core.domain import RosDomain, take_random_domain
from jaco_core.ros.testing import GraphUnderTest


@pytest.fixture
def domain() -> Iterator[RosDomain]:
    """A ROS domain that nobody else uses. It is given back before the program takes it, so it is not the one others try first."""
    with take_random_domain() as domain:
        yield domain


@pytest.fixture
def listener(domain: RosDomain) -> Iterator[Listener]:
    with GraphUnderTest(domain.number) as graph:
        yield Listener(graph)


@pytest.fixture
def start(domain: RosDomain, tmp_path: Path) -> Iterator[object]:
    """Returns a function that starts `jaco` with arguments."""
    programs: list[Program] = []

    def run(*arguments: str) -> Program:
        domain.release()
        programs.append(Program(list(arguments), domain.number, tmp_path / f"output-{len(programs)}.txt"))
        return programs[-1]

    yield run
    for program in programs:
        program.kill()
