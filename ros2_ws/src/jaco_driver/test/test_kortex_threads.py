"""The command and feedback threads of the Kortex backend, turned by hand: what they send, notice and refuse to do."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.types import Vector
from jaco_driver.kortex.commander import Commander
from jaco_driver.kortex.feedback import Feedback
from jaco_driver.kortex.gate import Gate
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.listener import Listener
from jaco_driver.kortex.mailbox import Mailbox
from jaco_driver.kortex.settings import KortexSettings

ARM = load_arm("gen3_lite")
SETTINGS = KortexSettings()
MS = 1_000_000
STILL: Vector = np.zeros(6)


class Turned:
    """A commander whose turns come by hand, and what it does."""

    def __init__(self) -> None:
        self.sent: list[list[float]] = []
        self.failures: list[str] = []
        self.slept: list[float] = []
        self.raises: Exception | None = None
        self.gate, self.mailbox = Gate(), Mailbox[Vector]()
        self.commander = Commander(
            SETTINGS,
            JointMap(ARM),
            self.gate,
            self.mailbox,
            lambda: self,  # type: ignore[arg-type, return-value]
            lambda error, calls: self.failures.append(str(error)),
            lambda armed: None,
            self._on_slept,
        )
        self.gate.open()
        self.commander.turn()

    def speeds(self, deg_per_s: list[float]) -> None:
        if self.raises is not None:
            raise self.raises
        self.sent.append(deg_per_s)

    def put(self, speed: float, age_ms: float = 0.0) -> None:
        self.mailbox.put(np.full(6, speed), time.monotonic_ns() - round(age_ms * MS))

    def _on_slept(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.gate.shut()


def test_a_velocity_that_lay_too_long_is_not_sent() -> None:
    turned = Turned()
    turned.put(0.3, age_ms=1000.0 * SETTINGS.command_timeout + 1.0)
    turned.commander.turn()
    assert turned.sent == [[0.0] * 6]


def test_rest_that_lay_too_long_is_sent_all_the_same() -> None:
    turned = Turned()
    turned.put(0.3)
    turned.commander.turn()
    assert turned.commander.moves
    turned.put(0.0, age_ms=5000.0)
    turned.commander.turn()
    assert turned.sent[0][0] > 0.0 and turned.sent[-1] == [0.0] * 6
    assert not turned.commander.moves


def test_a_thread_that_was_not_run_says_so_before_it_sends_anything() -> None:
    turned = Turned()
    turned.put(0.3)
    turned.commander.turn()
    # As after SIGSTOP and SIGCONT, or a suspended computer.
    turned.commander.beaten_ns -= round(1000.0 * SETTINGS.longest_turn + 50.0) * MS
    turned.put(0.3)
    sent = len(turned.sent)
    turned.commander.turn()
    assert turned.slept and turned.slept[0] > SETTINGS.longest_turn
    assert len(turned.sent) == sent


def test_an_error_that_nobody_announced_is_a_lost_connection_and_the_thread_goes_on() -> None:
    turned = Turned()
    turned.raises = TypeError("no such field")
    turned.put(0.3)
    turned.commander.turn()
    assert turned.failures == ["Kinova's client failed: TypeError: no such field."]
    turned.raises = None
    turned.put(0.2)
    turned.commander.turn()
    assert turned.sent


class Fed:
    """A listener that is given feedback by hand."""

    def __init__(self) -> None:
        self.told = False
        self.listener = Listener(SETTINGS, lambda: None, _ignore, _ignore, lambda: None, lambda: True, lambda: self.told)
        self.now_ns = 0

    def feed(self, position: Vector, velocity: Vector, milliseconds: int) -> None:
        """Feeds the same measurement every 10 ms."""
        for _ in range(milliseconds // 10):
            self.now_ns += 10 * MS
            feedback = Feedback(0, self.now_ns, position, velocity, STILL, np.zeros(3), np.zeros(3), 7, "")
            self.listener.check_frozen(feedback)
            self.listener.newest = feedback


def _ignore(*unused: Any) -> None:
    """Nothing fails here."""


def test_feedback_of_an_arm_that_stands_may_stay_as_it_is() -> None:
    fed = Fed()
    fed.feed(STILL, STILL, 2000)
    fed.told = True
    fed.feed(STILL, STILL, 200)
    fed.feed(np.full(6, 1e-4), STILL, 200)


@pytest.mark.parametrize(("velocity", "patience_ms"), [(0.2, 160), (0.0, 260)])
def test_angles_that_do_not_change_while_the_arm_moves_are_frozen(velocity: float, patience_ms: int) -> None:
    fed = Fed()
    fed.feed(STILL, STILL, 500)
    fed.told = True
    fed.feed(STILL, np.full(6, velocity), patience_ms - 20)
    with pytest.raises(ContractError, match="frozen"):
        fed.feed(STILL, np.full(6, velocity), 40)
