"""The command-line program in a process of its own, in a ROS domain of its own, and a console that listens in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
from jaco_interfaces.msg import JointVelocityCommand

from jaco_core.errors import TimeoutExceeded
from jaco_core.ros import qos
from jaco_core.ros.testing import GraphUnderTest

START_TIMEOUT_S = 120.0
END_TIMEOUT_S = 90.0
# An environment variable that a program's children inherit: other runs on this machine may use the same domain later.
_TAG = "JACO_TEST_PROGRAM"


class Program:
    """`jaco` with arguments, its output in a file. Ends with the test, whatever happens."""

    def __init__(self, arguments: list[str], domain: int, output: Path) -> None:
        self.domain = domain
        self.output = output
        self._tag = uuid.uuid4().hex
        with output.open("wb") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jaco_bringup.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "ROS_DOMAIN_ID": str(domain), _TAG: self._tag},
            )
        self.pid = self._process.pid

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self) -> int:
        """Returns the exit code.

        Raises:
            TimeoutExceeded: it still runs.
        """
        try:
            return self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise TimeoutExceeded(f"jaco still runs after {END_TIMEOUT_S} s:\n{self.text()}") from None

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def nodes(self) -> dict[str, psutil.Process]:
        """Returns the node processes that this program started and that are alive, by node name."""
        found = {}
        for process in psutil.process_iter(["cmdline", "status"]):
            words = process.info["cmdline"] or []
            names = [word.removeprefix("__node:=") for word in words if word.startswith("__node:=")]
            if names and process.info["status"] != psutil.STATUS_ZOMBIE and self._is_ours(process):
                found[names[0]] = process
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_TAG) == self._tag
        except psutil.Error:
            return False

    def wait_for_no_nodes(self) -> None:
        """Waits until none of the nodes is alive.

        Raises:
            TimeoutExceeded: names those that are.
        """
        deadline = time.monotonic() + END_TIMEOUT_S
        while nodes := self.nodes():
            if time.monotonic() > deadline:
                raise TimeoutExceeded(f"Still alive: {', '.join(nodes)}.")
            time.sleep(0.05)  # the poll interval of this bounded wait

    def kill(self) -> None:
        for process in self.nodes().values():
            process.kill()
        if self.running():
            self._process.kill()
            self._process.wait()


class Listener:
    """Hears what the arm's side applied and what the supervisor commanded."""

    def __init__(self, graph: GraphUnderTest) -> None:
        self.graph = graph
        self.applied: list[JointVelocityCommand] = graph.collect(JointVelocityCommand, "/arm/applied", qos.RECORD)
        self.commanded: list[JointVelocityCommand] = graph.collect(JointVelocityCommand, "/arm/command", qos.RECORD)

    def wait_for_motion(self) -> None:
        """Waits until the arm's side has applied some motion."""
        self.graph.until(
            lambda: any(any(message.velocities) for message in self.applied[-20:]), "the arm to move", START_TIMEOUT_S
        )

    def drain(self) -> None:
        """Takes in what is still on its way: until nothing has come for a while."""
        count, since = -1, time.monotonic()
        while time.monotonic() - since < 0.3:
            if len(self.applied) + len(self.commanded) != count:
                count, since = len(self.applied) + len(self.commanded), time.monotonic()
            self.graph.executor.spin_once(timeout_sec=0.05)
