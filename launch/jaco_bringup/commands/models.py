"""`jaco models`: the shipped policies."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Column, Table

from jaco_bringup.policies import CARD, policies_dir, policy_names


def run() -> int:
    """Prints a table of the policies' cards."""
    folder = policies_dir()
    # A name that is cut could not be given to --policy.
    names = Column("policy", min_width=max(map(len, policy_names()), default=0), no_wrap=True)
    table = Table(names, "task", "arm", "success", "return", "trained in", "sha256")
    for name in policy_names():
        assert folder is not None
        card = json.loads((folder / name / CARD).read_text())
        scores = card.get("scores", {})
        success = scores.get("success_rate")
        table.add_row(
            name,
            card["task"],
            card["arm"],
            "?" if success is None else f"{success:.1%}",
            f"{scores['mean_return']:.1f}" if "mean_return" in scores else "?",
            card.get("randomisation", "?"),
            card["sha256"][:12],
        )
    Console().print(table)
    return 0
