"""`jaco eval`: a policy's scores, without the graph (the learner's program) or through the whole of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jaco_bringup.commands.learn import run_module
from jaco_bringup.commands.sim import SimOptions
from jaco_bringup.commands.sim import run as run_simulation
from jaco_bringup.policies import find_player, find_policy
from jaco_bringup.run_dir import new_run_dir
from jaco_core.errors import ConfigError

ENV, GRAPH = "env", "graph"
_PASS = ("pass", "ramped")
"""Verdicts of the supervisor that are no intervention: unchanged, or on the ramp that training has too."""


@dataclass(frozen=True)
class EvalOptions:
    """The options of `jaco eval`. `profile`, `task`: the card's when None. `further`: options of the learner's program alone."""

    policy: str
    task: str | None
    profile: str | None
    episodes: int
    seed: int
    through: str
    json_file: Path | None
    further: tuple[str, ...]


def run(options: EvalOptions) -> int:
    """Scores the policy; returns the exit code. Without the graph this process becomes the learner's program.

    Raises:
        JacoError: an option is wrong; then nothing was started.
    """
    if options.json_file is not None and not options.json_file.absolute().parent.is_dir():
        raise ConfigError(f"{options.json_file} cannot be written: there is no folder {options.json_file.absolute().parent}.")
    return _through_graph(options) if options.through == GRAPH else _without_graph(options)


def _without_graph(options: EvalOptions) -> int:
    given = {"--task": options.task, "--profile": options.profile, "--json": options.json_file}
    chosen = [text for name, value in given.items() if value is not None for text in (name, str(value))]
    counts = ["--episodes", str(options.episodes), "--seed", str(options.seed)]
    run_module("jaco_learner.evaluate", str(find_player(options.policy)), *counts, *chosen, *options.further)


def _through_graph(options: EvalOptions) -> int:
    if options.further:
        raise ConfigError(f"{options.further[0]} is for --through env; the graph does not know it.")
    from jaco_policy.checkpoint import read_card  # torch takes seconds to load

    card = read_card(find_policy(options.policy))
    profile, task = options.profile or card.randomisation, options.task or card.task
    folder = new_run_dir(None, datetime.now(), "eval-")
    simulation = SimOptions(
        options.episodes, options.seed, task, options.policy, profile, False, False, None, folder, False, card.arm
    )
    code = run_simulation(simulation)
    if code == 0:
        text = json.dumps(graph_scores(json.loads((folder / "summary.json").read_text())), indent=2)
        if options.json_file is not None:
            options.json_file.write_text(text + "\n")
        print(text)
    return code


def graph_scores(summary: dict[str, Any]) -> dict[str, Any]:
    """Returns the scores in a run's `summary`, under the names that the learner's program gives them, and what safety did.

    `safety_interventions`: share of the control ticks whose command the supervisor changed beyond the ramp of training.
    """
    from jaco_learner.interval import wilson_interval

    results, counts = summary["results"], summary["safety"]["counts"]
    successes = sum(bool(result["success"]) for result in results)
    reasons = [result["reason"] for result in results if not result["success"]]
    ticks = sum(counts.values())
    changed = sum(count for key, count in counts.items() if key.split(":")[0] not in _PASS)
    return {
        "episodes": len(results),
        "success_rate": summary["success_rate"],
        "success_interval": wilson_interval(successes, len(results)),
        "mean_return": summary["mean_return"],
        "mean_steps": sum(result["steps"] for result in results) / len(results),
        "failures": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        "safety_interventions": changed / ticks if ticks else None,
        "safety_counts": counts,
        "safety_stops": summary["stops"],
    }
