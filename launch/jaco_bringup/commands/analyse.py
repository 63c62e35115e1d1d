"""`jaco analyse`: the learner's program, with names instead of paths."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from jaco_bringup.commands.learn import run_module
from jaco_bringup.policies import find_policy


def run(policy: str, out: Path, profile: str | None, episodes: int, seed: int, score: bool) -> NoReturn:
    """Analyses the policy into `out`, in place of this process.

    Raises:
        ConfigError: there is no such policy.
    """
    counts = ["--episodes", str(episodes), "--seed", str(seed), "--score" if score else "--no-score"]
    chosen = ["--profile", profile] if profile is not None else []
    run_module("jaco_learner.analyse", str(find_policy(policy)), "--out", str(out), *counts, *chosen)
