"""The lifecycle node: refusals, hooks in order, and the client that drives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor

from jaco_core.domain import take_random_domain
from jaco_core.errors import ConfigError, ContractError
from jaco_core.parameters import parameter
from jaco_core.ros.lifecycle import JacoNode
from jaco_core.ros.lifecycle_client import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, LifecycleClient


@dataclass(frozen=True)
class Config:
    good: bool = parameter(True, "Whether setup succeeds.")


class Probe(JacoNode[Config]):
    def __init__(self) -> None:
        super().__init__("probe", Config)
        self.calls: list[str] = []
        self.refuse = False

    def setup(self, config: Config) -> None:
        self.calls.append("setup")
        if self.refuse:
            raise ConfigError("The checkpoint is missing.")

    def start(self) -> None:
        self.calls.append("start")

    def halt(self) -> None:
        self.calls.append("halt")

    def release(self) -> None:
        self.calls.append("release")


@pytest.fixture
def graph() -> Iterator[tuple[Probe, LifecycleClient]]:
    domain = take_random_domain()
    rclpy.init(domain_id=domain.number)
    probe = Probe()
    console = rclpy.create_node("console")
    executor = SingleThreadedExecutor()
    executor.add_node(probe)
    executor.add_node(console)
    client = LifecycleClient(console, executor, "probe")
    client.wait(30.0)
    yield probe, client
    executor.shutdown()
    probe.destroy_node()
    console.destroy_node()
    rclpy.try_shutdown()
    domain.release()


def test_the_hooks_run_in_order(graph: tuple[Probe, LifecycleClient]) -> None:
    probe, client = graph
    for transition in (CONFIGURE, ACTIVATE):
        client.change(transition, 5.0)
    assert probe.active and client.state(5.0) == "active"
    for transition in (DEACTIVATE, CLEANUP):
        client.change(transition, 5.0)
    assert probe.calls == ["setup", "start", "halt", "release"]
    assert not probe.active and client.state(5.0) == "unconfigured"


def test_a_refusal_leaves_the_node_unconfigured(graph: tuple[Probe, LifecycleClient]) -> None:
    probe, client = graph
    probe.refuse = True
    with pytest.raises(ContractError, match="'probe' refused to configure"):
        client.change(CONFIGURE, 5.0)
    assert client.state(5.0) == "unconfigured"


def test_parameters_cannot_be_changed_while_it_runs(graph: tuple[Probe, LifecycleClient]) -> None:
    probe, _ = graph
    result = probe.set_parameters([rclpy.parameter.Parameter("good", value=False)])
    assert not result[0].successful


def test_halting_twice_halts_once(graph: tuple[Probe, LifecycleClient]) -> None:
    probe, client = graph
    client.change(CONFIGURE, 5.0)
    client.change(ACTIVATE, 5.0)
    probe.quiesce()
    probe.quiesce()
    assert probe.calls.count("halt") == 1


def test_a_lost_reply_is_made_up_for_by_asking_for_the_state(
    graph: tuple[Probe, LifecycleClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, client = graph
    monkeypatch.setattr(client._change, "call_async", lambda request: _forget(probe))
    client.change(CONFIGURE, 10.0)
    assert probe.calls == ["setup"] and client.state(5.0) == "inactive"


def test_a_lost_request_is_sent_again(graph: tuple[Probe, LifecycleClient], monkeypatch: pytest.MonkeyPatch) -> None:
    probe, client = graph
    send, sent = client._change.call_async, []

    def lose_the_first(request: object) -> rclpy.task.Future[object]:
        sent.append(request)
        return send(request) if len(sent) > 1 else rclpy.task.Future()

    monkeypatch.setattr(client._change, "call_async", lose_the_first)
    client.change(CONFIGURE, 10.0)
    assert probe.calls == ["setup"] and len(sent) == 2 and client.state(5.0) == "inactive"


def _forget(probe: Probe) -> rclpy.task.Future[object]:
    """Carries the transition out and returns a reply that never comes."""
    probe.trigger_configure()
    return rclpy.task.Future()
