"""One run of a graph from a command: its domain, its folder, its signals, and what is said when it fails."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from jaco_bringup.graph import Graph
from jaco_bringup.run_log import Terminal
from jaco_bringup.runner import Outcome, Runner
from jaco_core.domain import RosDomain, take_domain
from jaco_core.errors import ConfigError


def choose_domain(given: int | None) -> RosDomain:
    """Takes domain `given`, else that of ROS_DOMAIN_ID, else the first free one, and makes it this process's own.

    Raises:
        ConfigError: no such domain, or it is taken.
    """
    text = os.environ.get("ROS_DOMAIN_ID", "")
    if given is None and text:
        if not text.isdigit():
            raise ConfigError(f"ROS_DOMAIN_ID is '{text}'; it must be a whole number.")
        given = int(text)
    domain = take_domain(given)
    os.environ["ROS_DOMAIN_ID"] = str(domain.number)
    return domain


@contextmanager
def noticed_signals() -> Iterator[Callable[[], bool]]:
    """Yields a function that tells whether SIGINT or SIGTERM came. A further one changes nothing: stopping is bounded anyway."""
    came = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield lambda: came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_graph(
    graph: Graph, run_dir: Path, domain: RosDomain, terminal: Terminal | None, tick: Callable[[], None] = lambda: None
) -> Outcome:
    """Runs `graph` until it ends or a signal comes. `terminal` gets the lines of the log; `tick` is called all the while.

    Raises:
        ConfigError: something is not installed; then nothing was started.
    """
    runner = Runner(graph, run_dir, domain.number, terminal=terminal)
    with noticed_signals() as interrupted:
        outcome = runner.run(interrupted, tick)
    if terminal is None:
        for line in outcome.errors:
            print(line, file=sys.stderr)
    if outcome.sentence:
        print(f"jaco: {outcome.sentence}", file=sys.stderr)
    return outcome
