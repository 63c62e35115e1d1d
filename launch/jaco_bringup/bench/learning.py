"""`jaco bench learning`: does the embedded learner disturb the policy's and the supervisor's timing? In real time, turn about."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from jaco_bringup.arguments import Value
from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.measured import RunFailed, run_quietly
from jaco_bringup.bench.ticks import TOPICS, tick_figures
from jaco_bringup.graph import learn_graph, sim_graph
from jaco_core.arms import load_arm
from jaco_core.domain import RosDomain
from jaco_learner.embedded.log import read_log
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording
from jaco_monitor.report import write_summary

ARM, PROFILE = "j2n6s300", "twin-3"
# So many episodes make two updates of the learner.
EPISODES, TURNS = 18, 2


def measure(domain: RosDomain, policy: str) -> dict[str, Figure]:
    """Returns 99th percentiles [ms] without and with a learner in the graph, means over the turns, and their ratios.

    `image_to_command`: from an image's publication to the arm command that answers it; `tick`: the supervisor's.

    Raises:
        RunFailed: a run ended before its time, or nothing was learned.
    """
    common: dict[str, Value] = {"policy": policy, "episodes": EPISODES, "realtime": True, "profile": PROFILE}
    found: dict[str, list[float]] = {
        f"{what}_{how}": [] for what in ("image_to_command", "tick") for how in ("alone", "learning")
    }
    versions = 0
    for _ in range(TURNS):
        for how in ("alone", "learning"):
            with TemporaryDirectory(prefix="jaco-bench-") as name:
                folder = Path(name)
                arguments = {**common, "run_dir": name}
                # Who learns explores: the motion is to be of the same kind on both sides.
                graph = learn_graph(arguments) if how == "learning" else sim_graph({**arguments, "deterministic": False})
                run_quietly(graph, folder, domain)
                image, tick = _p99(folder)
                found[f"image_to_command_{how}"].append(image)
                found[f"tick_{how}"].append(tick)
                versions += read_log(folder / "learning")[-1].version - 1 if how == "learning" else 0
    if versions == 0:
        raise RunFailed("No version was learned, so learning has disturbed nobody; see the log of `jaco sim --learn --realtime`.")
    means = {name: float(np.mean(values)) for name, values in found.items()}
    ratios = {f"{what}_ratio": means[f"{what}_learning"] / means[f"{what}_alone"] for what in ("image_to_command", "tick")}
    return {**{f"{name}_p99_ms": value for name, value in means.items()}, **ratios, "versions": versions}


def _p99(folder: Path) -> tuple[float, float]:
    """Returns the 99th percentiles [ms] of a run: from image to arm command, and of the supervisor's tick."""
    latency = write_summary(folder).latency_ms.p99
    ticks = tick_figures(Recording(folder / FILE_NAME).messages(TOPICS), load_arm(ARM).state_rate_hz)
    if latency is None or "tick_ms_p99" not in ticks:
        raise RunFailed("No image was answered by an arm command; see the log of `jaco sim --realtime`.")
    return latency, float(str(ticks["tick_ms_p99"]))
