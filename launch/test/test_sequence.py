"""The order of bringing up and taking down."""

from __future__ import annotations

import pytest

from jaco_bringup.manager.sequence import Bounds, LifecycleSequence
from jaco_core.errors import ContractError, JacoError, TimeoutExceeded

BOUNDS = Bounds(startup=1.0, transition=1.0, release=1.0, take_down=5.0)


class FakeNode:
    """A lifecycle node that does as it is told, except for `refuses`."""

    def __init__(self, target: str, calls: list[str], refuses: str = "") -> None:
        self.target = target
        self._calls = calls
        self._refuses = refuses

    def wait(self, timeout: float) -> None:
        self._do("wait")

    def configure(self, timeout: float) -> None:
        self._do("configure")

    def activate(self, timeout: float) -> None:
        self._do("activate")

    def deactivate(self, timeout: float) -> None:
        self._do("deactivate")

    def cleanup(self, timeout: float) -> None:
        self._do("cleanup")

    def _do(self, step: str) -> None:
        if step == self._refuses:
            error = TimeoutExceeded if step == "wait" else ContractError
            raise error(f"Node '{self.target}' refused to {step}.")
        self._calls.append(f"{step} {self.target}")


def make(calls: list[str], log: list[str], **refuses: str) -> LifecycleSequence:
    return LifecycleSequence(
        [FakeNode(name, calls, refuses.get(name, "")) for name in ("safety", "policy", "arm")], BOUNDS, log.append
    )


def test_up_in_order_and_down_in_reverse() -> None:
    calls: list[str] = []
    sequence = make(calls, [])
    sequence.wait()
    sequence.bring_up()
    sequence.take_down()
    assert calls == [
        *(f"{step} {name}" for step in ("wait", "configure", "activate") for name in ("safety", "policy", "arm")),
        *(f"{step} {name}" for step in ("deactivate", "cleanup") for name in ("arm", "policy", "safety")),
    ]


def test_only_what_was_reached_is_taken_down_after_a_refusal() -> None:
    calls: list[str] = []
    log: list[str] = []
    sequence = make(calls, log, policy="configure")
    with pytest.raises(ContractError, match="'policy' refused to configure"):
        sequence.bring_up()
    sequence.take_down()
    assert calls == ["configure safety", "cleanup safety"]


def test_a_node_that_refuses_to_activate_is_cleaned_up_only() -> None:
    calls: list[str] = []
    sequence = make(calls, [], policy="activate")
    with pytest.raises(ContractError, match="'policy' refused to activate"):
        sequence.bring_up()
    calls.clear()
    sequence.take_down()
    assert calls == ["deactivate safety", "cleanup arm", "cleanup policy", "cleanup safety"]


def test_a_node_that_does_not_answer_is_named_and_passed_over() -> None:
    calls: list[str] = []
    log: list[str] = []
    sequence = make(calls, log, policy="deactivate")
    sequence.bring_up()
    sequence.take_down()
    assert log == ["Node 'policy' refused to deactivate."]
    assert "deactivate safety" in calls and "cleanup safety" in calls
    assert "cleanup policy" not in calls


def test_nothing_is_asked_once_the_time_is_up() -> None:
    calls: list[str] = []
    log: list[str] = []
    sequence = LifecycleSequence([FakeNode("arm", calls)], Bounds(1.0, 1.0, 1.0, take_down=0.0), log.append)
    sequence.bring_up()
    calls.clear()
    sequence.take_down()
    assert calls == [] and "No time was left to take down node 'arm'." in log


def test_a_process_that_does_not_come_is_an_error() -> None:
    with pytest.raises(JacoError, match="'arm' refused to wait"):
        make([], [], arm="wait").wait()
