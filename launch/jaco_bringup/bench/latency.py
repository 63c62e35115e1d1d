"""The chain camera stamp -> arm command on the running graph in real time, against its floor measured in the same run."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from jaco_bringup.arguments import Value
from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.measured import RunFailed, record_run, run_quietly
from jaco_bringup.bench.ticks import TOPICS, tick_figures
from jaco_bringup.graph import Graph, NodeSpec
from jaco_bringup.policies import find_policy
from jaco_core.arms import load_arm
from jaco_core.domain import RosDomain
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording

EPISODES = 4


def measure(domain: RosDomain, policy: str) -> dict[str, Figure]:
    """Returns chain and floor [ms] and their ratio, and the supervisor's ticks.

    Raises:
        RunFailed: a run ended before its time, or no image was answered.
    """
    # Before and after: what else the machine does meanwhile must not count for one side only.
    floor = floor_ms(domain, policy)
    with TemporaryDirectory(prefix="jaco-bench-") as folder:
        latency = record_run(Path(folder), domain, policy, EPISODES, realtime=True).latency_ms
        ticks = tick_figures(Recording(Path(folder) / FILE_NAME).messages(TOPICS), load_arm("j2n6s300").state_rate_hz)
    floor += floor_ms(domain, policy)
    if latency.p50 is None:
        raise RunFailed("No image was answered by an arm command; see the log of `jaco sim --realtime`.")
    p50, p99 = (float(value) for value in np.percentile(floor, (50, 99)))
    return {
        "chain_ms_p50": latency.p50,
        "chain_ms_p99": latency.p99,
        "chain_ms_max": latency.max,
        "floor_ms_p50": p50,
        "floor_ms_p99": p99,
        "ratio_p50": latency.p50 / p50,
        **ticks,
    }


def floor_ms(domain: RosDomain, policy: str) -> list[float]:
    """Returns the round trips [ms] of the same hops in bare rclpy: image, bare network, command, command."""
    with TemporaryDirectory(prefix="jaco-bench-") as folder:
        output = Path(folder) / "floor.json"
        run_quietly(_floor_graph(str(find_policy(policy)), str(output)), Path(folder), domain)
        return [float(value) for value in json.loads(output.read_text())]


def _floor_graph(checkpoint: str, output: str) -> Graph:
    own: dict[str, dict[str, Value]] = {"safety": {}, "policy": {"checkpoint": checkpoint}, "camera": {"output": output}}
    nodes = (NodeSpec(role, "jaco_bringup", "floor", {"role": role, **more}, lifecycle=False) for role, more in own.items())
    return Graph("floor", tuple(nodes), leader="camera")
