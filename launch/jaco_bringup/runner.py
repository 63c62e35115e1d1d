"""Runs a graph as plain processes, where ROS's launch is not installed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jaco_bringup.graph import Graph, NodeSpec
from jaco_bringup.manager.sequence import AT_REST
from jaco_bringup.process import NodeProcess, command_line
from jaco_bringup.run_log import RunLog, Terminal, error_of
from jaco_core import shared_memory

MOST_RESTARTS = 3
POLL_PERIOD_S = 0.02


@dataclass(frozen=True)
class Bounds:
    """How long [s] processes get: the leader to bring the arm to rest and to end, the others after SIGINT and after SIGTERM."""

    rest: float = 1.0
    leader: float = 15.0
    interrupt: float = 8.0
    terminate: float = 2.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    `code`: exit code for the caller; `sentence`: why, "" when it ended as it should; `errors`: the last lines that reported an
    error until then. What is reported afterwards, while the graph is stopped, is consequence and not cause.
    """

    code: int
    sentence: str = ""
    errors: tuple[str, ...] = ()


class Runner:
    """Starts the processes of `graph`, watches them, and ends them with the arm stopped first.

    `start`, then `poll` until it returns an outcome, then `stop`; `run` does the three. Everything but the logs' threads happens
    in the caller's thread, which must be the main one.
    """

    def __init__(
        self, graph: Graph, run_dir: Path, domain: int, *, terminal: Terminal | None = None, bounds: Bounds | None = None
    ) -> None:
        self._graph, self.domain = graph, domain
        self._bounds = bounds or Bounds()
        self._parameters = run_dir / "parameters"
        self._parameters.mkdir(parents=True, exist_ok=True)
        self._commands: dict[str, list[str]] = {}
        self._environment = {
            **os.environ,
            **graph.environment,
            "ROS_DOMAIN_ID": str(domain),
            "PYTHONUNBUFFERED": "1",
            "RCUTILS_LOGGING_BUFFERED_STREAM": "0",
            "RCUTILS_COLORIZED_OUTPUT": "0",
        }
        self._processes: dict[str, NodeProcess] = {}
        self._restarts: dict[str, int] = {}
        self._given_up: set[str] = set()
        self._at_rest = threading.Event()
        self.log = RunLog(run_dir / "log.txt", terminal)

    def start(self) -> None:
        """Starts every process; nothing is started unless all can be.

        Raises:
            ConfigError: a package or an executable is not installed.
        """
        self._commands = {spec.name: command_line(spec, self._parameters) for spec in self._graph.nodes}
        self._sweep_shared_memory()
        for spec in self._graph.nodes:
            self._launch(spec)

    def poll(self) -> Outcome | None:
        """Restarts what died and may be restarted; returns the outcome once the run is over, else None."""
        for spec in self._graph.nodes:
            process = self._processes[spec.name]
            if process.exit_code() is None or spec.name in self._given_up:
                continue
            if spec.name == self._graph.leader and process.exit_code() == 0:
                return Outcome(0)
            if spec.critical:
                process.join_log(1.0)
                return self._failure(spec.name, process)
            self._replace(spec, process)
        return None

    def run(self, interrupted: Callable[[], bool], tick: Callable[[], None] = lambda: None) -> Outcome:
        """Runs the graph to its end, or until `interrupted()`. `tick` is called every few hundredths of a second.

        Raises:
            ConfigError: a package or an executable is not installed; then nothing was started.
        """
        try:
            self.start()
            outcome = self.poll()
            while outcome is None:
                if interrupted():
                    outcome = Outcome(130, "Interrupted.")
                    break
                tick()
                time.sleep(POLL_PERIOD_S)  # the poll interval of a loop that ends with its processes
                outcome = self.poll()
        finally:
            self.stop()
        return outcome

    def send(self, name: str, number: signal.Signals) -> None:
        """Sends signal `number` to the process of node `name` if it runs."""
        self._processes[name].send(number)

    def stop(self) -> None:
        """Ends all processes within the bounds: the leader first, which stops the arm, then the others. Safe to call twice.

        A leader that has not told in time that the arm rests may be frozen, and what moves the arm would go on: then the others
        are ended before it.
        """
        leader = self._processes.pop(self._graph.leader, None)
        if leader is not None and self._brings_to_rest(leader):
            self._end([leader], self._bounds.leader)
        # In reverse order of activation: the arm's side is the first to hear of it.
        self._end(list(reversed(self._processes.values())), self._bounds.interrupt)
        if leader is not None and leader.exit_code() is None:
            self._end([leader], 0.0)
        self._processes.clear()
        self._sweep_shared_memory()
        self.log.close()

    def _brings_to_rest(self, leader: NodeProcess) -> bool:
        """Tells the leader to end; returns whether it does, or says within the bound that the arm rests."""
        leader.send(signal.SIGINT)
        patience = self._bounds.rest
        if _wait(lambda: leader.exit_code() is not None or self._at_rest.is_set(), patience):
            return True
        self.log.write(
            f"[runner] Node '{leader.name}' did not bring the arm to rest within {patience:.1f} s; the others end first."
        )
        return False

    def _sweep_shared_memory(self) -> None:
        for path in shared_memory.clean():
            self.log.write(f"[runner] Removed {path}, left by a process that was killed.")

    def _launch(self, spec: NodeSpec) -> None:
        command, sink = self._commands[spec.name], self._hear if spec.name == self._graph.leader else self.log.write
        # At first nothing moves that it could keep from running, and all wait for the slowest.
        niceness = spec.niceness if spec.name in self._restarts else 0
        self._processes[spec.name] = NodeProcess(spec.name, command, self._environment, sink, niceness)

    def _hear(self, line: str) -> None:
        """Takes the leader's log."""
        self.log.write(line)
        if AT_REST in line:
            self._at_rest.set()

    def _failure(self, name: str, process: NodeProcess) -> Outcome:
        errors = self.log.errors()
        said = [error_of(line) for line in errors]
        # The leader ends because of another node: what that one said is the cause.
        causes = [text for node, text in said if (node == name) != (name == self._graph.leader)]
        causes = causes or [text for node, text in said if node == name]
        cause = f": {causes[-1].rstrip('.')}" if causes else ""
        return Outcome(
            1, f"Node '{name}' ended with {process.describe_exit()}, and the run with it{cause}. See {self.log.path}.", errors
        )

    def _replace(self, spec: NodeSpec, process: NodeProcess) -> None:
        count = self._restarts.get(spec.name, 0)
        ending = f"[runner] Node '{spec.name}' ended with {process.describe_exit()}"
        process.sweep()
        if spec.restart and count < MOST_RESTARTS:
            self._restarts[spec.name] = count + 1
            self.log.write(f"{ending}; it is started again ({count + 1} of {MOST_RESTARTS}).")
            self._launch(spec)
        else:
            self._given_up.add(spec.name)
            self.log.write(f"{ending}; the run goes on without it.")

    def _end(self, processes: list[NodeProcess], patience: float) -> None:
        for number, timeout in ((signal.SIGINT, patience), (signal.SIGTERM, self._bounds.terminate), (signal.SIGKILL, 5.0)):
            for process in processes:
                process.send(number)
            _wait(lambda: all(process.exit_code() is not None for process in processes), timeout)
        for process in processes:
            if process.exit_code() not in (0, None, -signal.SIGINT):
                self.log.write(f"[runner] Node '{process.name}' ended with {process.describe_exit()}.")
            if process.sweep():
                self.log.write(f"[runner] Node '{process.name}' had left processes behind; they were killed.")
            process.join_log(1.0)


def _wait(predicate: Callable[[], bool], timeout: float) -> bool:
    """Waits until `predicate()`, at most `timeout` seconds, and returns what it came to."""
    deadline = time.monotonic() + timeout
    while not (done := predicate()) and time.monotonic() < deadline:
        time.sleep(POLL_PERIOD_S)  # the poll interval of this bounded wait
    return done
