"""Listens to a run from inside the `jaco` command and shows it."""

from __future__ import annotations

import time
from types import TracebackType

import rclpy
from rclpy.signals import SignalHandlerOptions
from rich.console import Console

from jaco_core.scheduling import Urgency, hurry
from jaco_monitor.console.node import ConsoleNode
from jaco_monitor.console.view import RunView

PERIOD_S = 0.15


class Progress:
    """Call it often; it looks at the run a few times a second. The first call joins the graph, when its processes are started."""

    def __init__(self, console: Console, episodes: int, realtime: bool) -> None:
        self._view = RunView(console)
        self._episodes, self._realtime = episodes, realtime
        self._node: ConsoleNode | None = None
        self._due = 0.0

    def __call__(self) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + PERIOD_S
        if self._node is None:
            # The signals are the command's own: rclpy must not end on them while the graph is being stopped.
            rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
            self._node = ConsoleNode(self._episodes)
            if self._realtime:
                hurry(Urgency.OBSERVER)
        self._view.show(self._node.snapshot())

    def __enter__(self) -> Progress:
        self._view.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._node is not None:
            self._view.show(self._node.snapshot())
            self._node.close()
            rclpy.try_shutdown()
        self._view.__exit__(kind, error, trace)
