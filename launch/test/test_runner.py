"""The runner against small scripts that behave as badly as nodes can."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jaco_bringup.graph import Graph, NodeSpec
from jaco_bringup.runner import MOST_RESTARTS, Bounds, Outcome, Runner
from jaco_core.errors import ConfigError

QUICK = Bounds(rest=0.5, leader=2.0, interrupt=0.3, terminate=0.3)
LIMIT_S = 30.0


def spec(package: str, executable: str, name: str = "", critical: bool = True, restart: bool = False) -> NodeSpec:
    return NodeSpec(name or executable, package, executable, critical=critical, restart=restart)


def make(tmp_path: Path, *nodes: NodeSpec) -> Runner:
    return Runner(Graph("test", nodes), tmp_path / "run", 86, bounds=QUICK)


def run(runner: Runner, until: Callable[[], bool] = lambda: False) -> Outcome:
    deadline = time.monotonic() + LIMIT_S
    return runner.run(lambda: until() or time.monotonic() > deadline)


def log(tmp_path: Path) -> str:
    return (tmp_path / "run" / "log.txt").read_text()


def ends(pid: int) -> bool:
    """Returns whether process `pid` ends within the limit; a zombie that nobody has reaped counts as ended."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)  # the poll interval of this bounded wait
    return False


def test_manager_that_ends_well_ends_the_run_well(tmp_path: Path, dummies: str) -> None:
    assert run(make(tmp_path, spec(dummies, "patient"), spec(dummies, "finished", "manager"))) == Outcome(0)
    assert "[manager] done" in log(tmp_path)


def test_manager_that_ends_badly_ends_the_run_with_its_reason(tmp_path: Path, dummies: str) -> None:
    runner = make(tmp_path, spec(dummies, "patient"), spec(dummies, "broken", "manager"))
    outcome = run(runner)
    assert outcome.code == 1 and "Node 'manager' ended with exit code 3" in outcome.sentence
    assert outcome.errors == ("[manager] [ERROR] the gearbox is on fire",)


@pytest.mark.parametrize(
    ("executable", "ending"), [("broken", "exit code 3"), ("killed", "signal SIGKILL"), ("finished", "exit code 0")]
)
def test_critical_death_ends_the_run_and_is_named(tmp_path: Path, dummies: str, executable: str, ending: str) -> None:
    runner = make(tmp_path, spec(dummies, executable, "arm"), spec(dummies, "patient"), spec(dummies, "patient", "manager"))
    outcome = run(runner)
    assert outcome.code == 1
    assert f"Node 'arm' ended with {ending}" in outcome.sentence


def test_the_cause_is_what_the_node_said_and_for_the_leader_what_another_said(tmp_path: Path, dummies: str) -> None:
    outcome = run(make(tmp_path, spec(dummies, "refusing", "camera"), spec(dummies, "patient", "manager")))
    assert "Node 'camera' ended with exit code 1, and the run with it: no such camera. See" in outcome.sentence
    second = tmp_path / "second"
    outcome = run(make(second, spec(dummies, "complaining", "camera"), spec(dummies, "giving_up", "manager")))
    assert "Node 'manager' ended with exit code 1, and the run with it: no such camera. See" in outcome.sentence


def test_non_critical_death_is_noted_and_the_run_goes_on(tmp_path: Path, dummies: str) -> None:
    runner = make(tmp_path, spec(dummies, "broken", "extra", critical=False), spec(dummies, "patient", "manager"))
    outcome = run(runner, until=lambda: "goes on without it" in log(tmp_path))
    assert outcome.code == 130
    assert "Node 'extra' ended with exit code 3; the run goes on without it." in log(tmp_path)


def test_restarts_are_bounded(tmp_path: Path, dummies: str) -> None:
    runner = make(tmp_path, spec(dummies, "broken", "extra", critical=False, restart=True), spec(dummies, "patient", "manager"))
    run(runner, until=lambda: "goes on without it" in log(tmp_path))
    assert log(tmp_path).count("gearbox") == MOST_RESTARTS + 1
    assert log(tmp_path).count("it is started again") == MOST_RESTARTS


def test_interrupt_ends_even_those_that_ignore_it(tmp_path: Path, dummies: str) -> None:
    runner = make(tmp_path, spec(dummies, "stubborn"), spec(dummies, "patient"), spec(dummies, "patient", "manager"))
    assert run(runner, until=lambda: log(tmp_path).count("up") == 3).code == 130
    assert "Node 'stubborn' ended with signal SIGKILL." in log(tmp_path)
    assert "Node 'patient'" not in log(tmp_path)


def test_children_of_a_node_are_killed_too(tmp_path: Path, dummies: str) -> None:
    runner = make(tmp_path, spec(dummies, "parent"), spec(dummies, "patient", "manager"))
    run(runner, until=lambda: "child " in log(tmp_path) and "up" in log(tmp_path))
    child = int(log(tmp_path).split("child ")[1].split()[0])
    assert ends(child)
    assert "had left processes behind" in log(tmp_path)


@pytest.mark.parametrize(("manager", "order"), [("resting", ["manager", "arm"]), ("stubborn", ["arm", "manager"])])
def test_the_manager_ends_first_unless_it_does_not_bring_the_arm_to_rest(
    tmp_path: Path, dummies: str, manager: str, order: list[str]
) -> None:
    runner = make(tmp_path, spec(dummies, "stubborn", "arm"), spec(dummies, manager, "manager"))
    run(runner, until=lambda: log(tmp_path).count("up") == 2)
    lines = [line for line in log(tmp_path).splitlines() if "SIGKILL" in line]
    assert [line.split("'")[1] for line in lines] == order
    assert ("did not bring the arm to rest within 0.5 s" in log(tmp_path)) == (manager == "stubborn")


def test_a_node_that_is_started_again_yields(tmp_path: Path, dummies: str) -> None:
    yielding = NodeSpec("viewer", dummies, "niceness", critical=False, restart=True, niceness=3)
    run(make(tmp_path, yielding, spec(dummies, "patient", "manager")), until=lambda: "goes on without it" in log(tmp_path))
    first, second, *_ = [line for line in log(tmp_path).splitlines() if "[viewer]" in line]
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert f"niceness {own}" in first and f"niceness {max(3, own)}" in second
    # Where the kernel shares processors among sessions, the niceness of a process alone would say nothing.
    assert "session" not in second or f"session nice {max(3, own)}" in second


def test_nothing_starts_when_an_executable_is_missing(tmp_path: Path, dummies: str) -> None:
    runner = make(tmp_path, spec(dummies, "patient"), spec(dummies, "absent"), spec(dummies, "patient", "manager"))
    with pytest.raises(ConfigError, match="has no executable 'absent'"):
        run(runner)
    assert log(tmp_path) == ""
    with pytest.raises(ConfigError, match="Package 'nowhere' is not installed"):
        run(make(tmp_path, spec("nowhere", "patient")))


def test_name_parameters_remappings_and_domain_arrive(tmp_path: Path, dummies: str) -> None:
    node = NodeSpec("node_a", dummies, "talkative", {"rate": 10.0, "label": "5"}, (("/from", "/to"),))
    runner = make(tmp_path, node, spec(dummies, "patient", "manager"))
    run(runner, until=lambda: "86" in log(tmp_path))
    assert "-r __node:=node_a -r /from:=/to --params-file" in log(tmp_path)
    parameters = (tmp_path / "run" / "parameters" / "node_a.yaml").read_text()
    assert "rate: 10.0" in parameters and "label: '5'" in parameters


def test_nodes_die_with_a_killed_runner(tmp_path: Path, dummies: str) -> None:
    script = (
        "import sys; from pathlib import Path; from jaco_bringup.graph import *; from jaco_bringup.runner import Runner\n"
        f"r = Runner(Graph('t', (NodeSpec('manager', {dummies!r}, 'patient'),)), Path(sys.argv[1]), 86)\n"
        "r.start(); print(r._processes['manager'].pid, flush=True)\n"
        "import time; time.sleep(60)"
    )
    runner = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    node = next(int(line) for line in runner.stdout if line.strip().isdigit())
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    assert ends(node)
