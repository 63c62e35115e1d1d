"""`jaco bench emulated`: episodes on the real graph against the emulated Kinova, which is a process of its own, as a base is."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from jaco_bringup.bench.episodes import episode_figures
from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.measured import RunFailed, run_quietly
from jaco_bringup.graph import real_graph
from jaco_bringup.policies import check_policy
from jaco_core.domain import RosDomain
from jaco_core.errors import ConfigError
from jaco_driver.kortex.testing import wheel_problem
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording
from jaco_monitor.report import write_summary

ARM = "gen3"
EPISODES = 20
_PATIENCE_S = 60.0
LISTENS = re.compile(r"TCP port (\d+), UDP port (\d+); control and camera on (http://\S+?)\. ")


@dataclass(frozen=True)
class Emulation:
    """Where an emulated base listens; `control`: the address of its control and camera."""

    tcp_port: int
    udp_port: int
    control: str


def measure(domain: RosDomain, policy: str, episodes: int = EPISODES) -> dict[str, Figure]:
    """Returns what `episodes` came to, and how regularly the driver sent commands while policy and renderer ran.

    Raises:
        ConfigError: Kinova's client cannot be imported, or the policy is not for this arm.
        RunFailed: the run ended before its time.
    """
    check_policy(policy, ARM, "reach")
    problem = wheel_problem()
    if problem:
        raise ConfigError(problem)
    with TemporaryDirectory(prefix="jaco-bench-") as name, emulation(domain) as base:
        folder = Path(name)
        calibration = folder / "calibration.yaml"
        with urllib.request.urlopen(f"{base.control}/calibration", timeout=_PATIENCE_S) as answer:
            calibration.write_bytes(answer.read())
        graph = real_graph(
            {
                "arm": ARM,
                "policy": policy,
                "episodes": episodes,
                "mode": "autonomous",
                "camera": f"{base.control}/camera.mjpg",
                "calibration": str(calibration),
                "robot_ip": "127.0.0.1",
                "tcp_port": base.tcp_port,
                "udp_port": base.udp_port,
                "run_dir": name,
            }
        )
        run_quietly(graph, folder, domain)
        return {**episode_figures(write_summary(folder)), **driver_pace(folder / FILE_NAME)}


@contextmanager
def emulation(domain: RosDomain) -> Iterator[Emulation]:
    """An emulated base whose target is moved before every episode in `domain`.

    Raises:
        RunFailed: it did not start.
    """
    ports = ("--port-tcp", "0", "--port-udp", "0", "--port-control", "0")
    command = [sys.executable, "-m", "jaco_bringup.cli", "emulate", ARM, *ports, "--domain", str(domain.number)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = LISTENS.search(process.stdout.readline())
        if found is None:
            raise RunFailed("The emulator did not start; see its error above.")
        yield Emulation(int(found[1]), int(found[2]), found[3])
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def driver_pace(recording: Path) -> dict[str, float]:
    """Returns what the driver last said in `recording` of how regularly it sent commands; {} where it said nothing."""
    figures: dict[str, float] = {}
    for item in Recording(recording).messages(("/diagnostics",)):
        for status in item.message.status:
            if status.name == "driver":
                figures = {f"driver_{pair.key}": float(pair.value) for pair in status.values}
    return figures
