"""The person at the emulated table, who puts the target somewhere else before every episode of a graph."""

from __future__ import annotations

import threading
from collections.abc import Callable

import rclpy
from jaco_interfaces.msg import EpisodeState
from rclpy.context import Context
from rclpy.node import Node

from jaco_core.ros import qos
from jaco_core.ros.polling import PolledSubscription
from jaco_core.types import WAITING

PERIOD_S = 0.05
_PATIENCE_S = 10.0


class Person:
    """Listens to the task in ROS domain `domain`, in a thread and a context of its own, until the `with` ends."""

    def __init__(self, domain: int, place: Callable[[int], object]) -> None:
        """`place`: is called with the seed of every episode that is about to begin."""
        self._place = place
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = Node("person", context=self._context, start_parameter_services=False)
        self._episodes = PolledSubscription(self._node, EpisodeState, "/episode/state", qos.EVENT)
        self._placed: tuple[int, int] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="person", daemon=True)
        self._thread.start()

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *unused: object) -> None:
        self._stop.set()
        self._thread.join(_PATIENCE_S)
        self._node.destroy_node()
        self._context.try_shutdown()

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_S):
            for state, _ in self._episodes.take_all():
                coming = int(state.episode), int(state.seed)
                if state.phase == WAITING and coming != self._placed:
                    self._placed = coming
                    self._place(coming[1])
