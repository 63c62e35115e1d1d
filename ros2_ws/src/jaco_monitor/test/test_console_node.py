from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from jaco_interfaces.msg import EpisodeState, SafetyStatus
from monitor_support import ENDED, FINISHED, RUNNING, diagnostics, episode, status
from rclpy.node import Node

from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.waiting import wait_for_peers
from jaco_monitor.console.node import ConsoleNode
from jaco_monitor.console.view import Snapshot

TIMEOUT_S = 30.0


@contextmanager
def console(episodes: int) -> Iterator[tuple[ConsoleNode, Node]]:
    domain = take_random_domain()
    rclpy.init(domain_id=domain.number)
    try:
        node, graph = ConsoleNode(episodes), Node("graph")
        yield node, graph
        node.close()
    finally:
        rclpy.shutdown()
        domain.release()


def snapshot_where(node: ConsoleNode, predicate: Callable[[Snapshot], bool]) -> Snapshot:
    deadline = time.monotonic() + TIMEOUT_S
    while not predicate(snapshot := node.snapshot()):
        assert time.monotonic() < deadline, f"the condition did not come true: {snapshot}"
        time.sleep(0.01)  # the poll interval of this bounded wait
    return snapshot


def test_a_run_is_followed_without_an_executor() -> None:
    with console(2) as (node, graph):
        assert node.snapshot() == Snapshot(wanted=2)
        states = graph.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        statuses = graph.create_publisher(SafetyStatus, "/safety/status", qos.LATCHED)
        figures = graph.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        wait_for_peers([states, statuses, figures], TIMEOUT_S)

        states.publish(episode(0, 3, RUNNING, gain=1.0))
        statuses.publish(status(SafetyStatus.HOLD, "stale_command"))
        figures.publish(diagnostics("camera", realtime_factor="9.0"))
        figures.publish(diagnostics("sim", realtime_factor="4.5"))
        snapshot = snapshot_where(node, lambda s: s.step == 3 and s.safety_state is not None and s.realtime_factor is not None)
        assert (snapshot.task, snapshot.episode, snapshot.episode_return) == ("reach", 0, 3.0)
        assert (snapshot.safety_state, snapshot.safety_reason, snapshot.realtime_factor) == (
            SafetyStatus.HOLD,
            "stale_command",
            4.5,
        )
        assert (snapshot.results, snapshot.success_rate, snapshot.left_s, snapshot.finished) == ((), None, None, False)

        states.publish(episode(0, 4, ENDED, gain=1.0, success=True))
        states.publish(episode(1, 4, ENDED))
        states.publish(episode(1, 4, FINISHED))
        figures.publish(diagnostics("sim", realtime_factor="fast"))
        snapshot = snapshot_where(node, lambda s: s.finished)
        assert (len(snapshot.results), snapshot.success_rate, snapshot.mean_return, snapshot.left_s) == (2, 0.5, 2.0, 0.0)
        assert snapshot.elapsed_s == node.snapshot().elapsed_s, "the clock stands once the run is over"
        assert snapshot.realtime_factor == 4.5
