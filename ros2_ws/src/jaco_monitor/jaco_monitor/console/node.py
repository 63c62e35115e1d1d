"""The console's ears: an ordinary node inside the `jaco` command that only listens."""

from __future__ import annotations

import math
import time

from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import EpisodeState, SafetyStatus
from rclpy.node import Node

from jaco_core.ros import qos
from jaco_core.ros.polling import PolledSubscription
from jaco_monitor.console.view import Snapshot
from jaco_monitor.tally import EpisodeTally


class ConsoleNode(Node):
    """Listens to the task, the supervisor and the diagnostics. It needs no executor: `snapshot` reads what has arrived."""

    def __init__(self, episodes: int = 0, name: str = "console") -> None:
        """`episodes`: how many were asked for, 0 without end. rclpy must be initialised."""
        super().__init__(name)
        self._wanted = episodes
        self._tally = EpisodeTally()
        self._status: SafetyStatus | None = None
        self._realtime_factor: float | None = None
        self._began_s: float | None = None
        self._ended_s: float | None = None
        self._episodes = PolledSubscription(self, EpisodeState, "/episode/state", qos.RECORD)
        self._statuses = PolledSubscription(self, SafetyStatus, "/safety/status", qos.LATCHED)
        self._diagnostics = PolledSubscription(self, DiagnosticArray, "/diagnostics", qos.EVENT)

    def snapshot(self) -> Snapshot:
        """Returns the run as it is now. Call it a few times a second."""
        now_s = time.monotonic()
        for message, _ in self._episodes.take_all():
            self._began_s = now_s if self._began_s is None else self._began_s
            self._tally.observe(message)
        if self._tally.finished and self._ended_s is None:
            self._ended_s = now_s
        self._status = self._statuses.take_newest() or self._status
        for message, _ in self._diagnostics.take_all():
            self._read_diagnostics(message)
        tally, until_s = self._tally, self._ended_s if self._ended_s is not None else now_s
        return Snapshot(
            task=tally.task,
            wanted=self._wanted,
            episode=tally.episode,
            step=tally.step,
            episode_return=tally.episode_return,
            furthest_m=tally.furthest_m,
            results=tally.results,
            success_rate=tally.success_rate,
            mean_return=tally.mean_return,
            safety_state=None if self._status is None else int(self._status.state),
            safety_reason="none" if self._status is None else self._status.reason,
            realtime_factor=self._realtime_factor,
            elapsed_s=0.0 if self._began_s is None else until_s - self._began_s,
            finished=tally.finished,
        )

    def close(self) -> None:
        """Ends the subscriptions and the node."""
        for subscription in (self._episodes, self._statuses, self._diagnostics):
            subscription.destroy(self)
        self.destroy_node()

    def _read_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if status.name != "sim" or "realtime_factor" not in values:
                continue
            try:
                factor = float(values["realtime_factor"])
            except ValueError:
                continue
            self._realtime_factor = factor if math.isfinite(factor) else None
