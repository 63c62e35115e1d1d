"""One node's process: started in its own session, its log prefixed and forwarded, ended within a bound."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix

from jaco_bringup.graph import NodeSpec
from jaco_core.errors import ConfigError
from jaco_core.scheduling import give_way

Sink = Callable[[str], None]
"""Takes one line of log, without its line end."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def executable_path(package: str, executable: str) -> Path:
    """Returns where `executable` of `package` is installed.

    Raises:
        ConfigError: the package or its executable is not installed.
    """
    try:
        path = Path(get_package_prefix(package)) / "lib" / package / executable
    except PackageNotFoundError:
        raise ConfigError(f"Package '{package}' is not installed; run colcon build and source install/setup.bash.") from None
    if not os.access(path, os.X_OK):
        raise ConfigError(f"Package '{package}' has no executable '{executable}' at {path}; run colcon build.")
    return path


def write_parameters(spec: NodeSpec, folder: Path) -> Path:
    """Writes the node's parameters as a ROS parameter file, so that every value keeps its type, and returns its path."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in spec.parameters.items()}
    path = folder / f"{spec.name}.yaml"
    path.write_text(yaml.safe_dump({f"/{spec.name}": {"ros__parameters": values}}))
    return path


def command_line(spec: NodeSpec, folder: Path) -> list[str]:
    """Returns the command that starts `spec`, its parameter file in `folder`.

    Raises:
        ConfigError: the package or its executable is not installed.
    """
    command = [str(executable_path(spec.package, spec.executable)), "--ros-args", "-r", f"__node:={spec.name}"]
    for source, target in spec.remappings:
        command += ["-r", f"{source}:={target}"]
    if spec.parameters:
        command += ["--params-file", str(write_parameters(spec, folder))]
    return command


class NodeProcess:
    """A running process. Every line that it prints goes to `sink`."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], sink: Sink, niceness: int = 0) -> None:
        """`niceness`: from 0 to 19, how far it lets other processes go first."""
        self.name = name
        runner = os.getpid()

        def begin() -> None:
            if niceness:
                give_way(niceness)
            # SIGTERM, not SIGKILL: even then the arm's side gets its chance to stop the arm.
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != runner:
                os.kill(os.getpid(), signal.SIGTERM)

        # A session of its own keeps the terminal's Ctrl-C away: the runner decides who stops when. The signal on the parent's
        # death follows the thread that starts the process, which therefore must be the main one.
        self._process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=begin,
        )
        self.pid = self._process.pid
        self._pump = threading.Thread(target=self._forward, args=(sink,), name=f"log of {name}", daemon=True)
        self._pump.start()

    def exit_code(self) -> int | None:
        """Returns the exit code, negative for a signal, None while it runs."""
        return self._process.poll()

    def describe_exit(self) -> str:
        """Returns "exit code 1" or "signal SIGKILL" once it has ended."""
        code = self.exit_code()
        if code is None:
            return "still running"
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def send(self, number: signal.Signals) -> None:
        """Sends signal `number` to the process if it still runs."""
        if self.exit_code() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def sweep(self) -> bool:
        """Kills what the process has left behind in its session, and returns whether there was anything."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self._process.wait()
        return True

    def join_log(self, timeout: float) -> None:
        """Waits until the last line of a process that has ended went to the sink, at most `timeout` seconds."""
        self._pump.join(timeout)

    def _forward(self, sink: Sink) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                sink(f"[{self.name}] {line.decode(errors='replace').rstrip()}")
