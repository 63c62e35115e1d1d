"""`jaco analyse`: the learner's program with names instead of paths, or what a run's recording shows."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jaco_bringup.commands.learn import run_module
from jaco_bringup.policies import find_policy
from jaco_core.errors import ConfigError

if TYPE_CHECKING:
    from jaco_learner.embedded.transition import Run


def run(policy: str, out: Path, profile: str | None, episodes: int, seed: int, score: bool) -> NoReturn:
    """Analyses the policy into `out`, in place of this process.

    Raises:
        ConfigError: there is no such policy.
    """
    counts = ["--episodes", str(episodes), "--seed", str(seed), "--score" if score else "--no-score"]
    chosen = ["--profile", profile] if profile is not None else []
    run_module("jaco_learner.analyse", str(find_policy(policy)), "--out", str(out), *counts, *chosen)


def run_recorded(policy: str, out: Path, run_dir: Path, episodes: int) -> int:
    """Analyses the policy into `out` on the last `episodes` of the run in `run_dir`, as the graph with its supervisor had them.

    Raises:
        JacoError: there is no such policy or run, or nothing in it can be used.
    """
    from jaco_learner.analyse import report_runs  # torch takes seconds to load

    folder = find_policy(policy)
    report_runs(folder, out, recorded_runs(folder, run_dir, episodes), str(run_dir))
    return 0


def recorded_runs(policy: Path, run_dir: Path, episodes: int) -> list[Run]:
    """Returns what was seen and done in the last `episodes` of the recording in `run_dir`, for the arm of `policy`.

    Raises:
        ConfigError: the recording has no episode from which every message is there.
    """
    from jaco_bringup.commands.replay import TOPICS, feed, learner_parameters
    from jaco_core.arms import load_arm
    from jaco_learner.embedded.assembly import Assembler
    from jaco_monitor.recorder.writer import FILE_NAME
    from jaco_monitor.recording import Recording
    from jaco_policy.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(policy)
    arm = load_arm(checkpoint.card.arm)
    try:
        tolerance = float(learner_parameters(run_dir).get("tolerance", 0.0))
    except ConfigError:
        tolerance = 0.0  # without a learner the run can still have been recorded whole
    assembler = Assembler(arm, checkpoint.card.speeds, checkpoint.network.initial_state(1) is not None, tolerance)
    last: deque[list[Run]] = deque(maxlen=episodes)
    for item in Recording(run_dir / FILE_NAME).messages(TOPICS):
        feed(assembler, item.topic, item.message, arm.joint_names)
        last += [runs for runs, _ in assembler.episodes() if runs]
    found = [run for runs in last for run in runs]
    if not found:
        raise ConfigError(f"The recording in {run_dir} has no episode of a learning run; `jaco sim --learn` records some.")
    return found
