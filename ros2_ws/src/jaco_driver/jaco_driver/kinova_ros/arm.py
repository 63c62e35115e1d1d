"""The arm port on kinova-ros's topics and services."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_core.types import Vector
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_driver.feedback import JointFeedback, Measured
from jaco_driver.kinova_ros.pacing import PERIOD_NS, Mailbox, Metronome
from jaco_driver.kinova_ros.wire import kinova_names, to_fields
from jaco_driver.pace import Pace, measure_pace
from jaco_driver.port import ConnectionLost
from jaco_driver.topic_arm import Link, TopicArm

# A velocity that nobody renews counts for so long, then zeros are sent for so long, then nothing [s].
_STALE_S = 0.15
_RESTS_S = 0.5
# The latch is asked for again after this time, while there is reason to [s].
_ASK_AGAIN_NS = seconds_to_ns(0.25)
# A minute and a half of commands, of which the pace is told.
_PACE_LENGTH = 9000


class KinovaLink(Link, Protocol):
    """What the arm needs of kinova-ros beyond joint states."""

    def send(self, fields: Mapping[str, float]) -> None:
        """Publishes a velocity message. Called from the metronome's thread; does not wait."""

    def latch(self) -> None:
        """Asks for the software stop, which also empties the arm's queue. Does not wait."""

    def unlatch(self, timeout: float) -> None:
        """Ends the software stop. Raises ConnectionLost: no answer within `timeout` [s]."""


class Beats(Protocol):
    """Something that calls `KinovaRosArm.beat` at 100 Hz until it is closed."""

    @property
    def alive(self) -> bool:
        """Whether the beats go on."""

    def close(self) -> None:
        """Ends the beats."""


class KinovaRosArm(TopicArm):
    """Velocities to the Jaco at exactly 100 Hz, with kinova-ros's software stop as the latch that every stop sets."""

    def __init__(
        self,
        arm: Arm,
        prefix: str,
        fingers: bool,
        torques: bool,
        make_link: Callable[[], KinovaLink],
        state_timeout: float,
        connect_timeout: float,
        clock: Callable[[], int] = time.monotonic_ns,
        make_beats: Callable[[Callable[[], None]], Beats] = Metronome,
    ) -> None:
        """`fingers`: whether velocities go to the fingers; else they stay. `torques`: whether its efforts are without gravity.

        Raises:
            ConfigError: not an arm that kinova-ros drives.
        """
        if arm.max_velocity.size < 4:
            raise ConfigError(f"Arm '{arm.name}' has {len(arm)} joints; kinova_ros drives arms of 4, 6 or 7 joints.")
        moved_by_difference = tuple(joint.name for joint in arm.joints if joint.kind == "finger")
        names = kinova_names(arm, prefix)
        super().__init__(
            arm, JointFeedback(arm, names, state_timeout, moved_by_difference, torques=torques), connect_timeout, clock
        )
        self._moves = np.array([fingers or joint.kind != "finger" for joint in arm.joints])
        self._make_link, self._make_beats = make_link, make_beats
        self._mailbox = Mailbox(len(arm), _STALE_S, _RESTS_S)
        self._kinova: KinovaLink | None = None
        self._beats: Beats | None = None
        self._latched_ns: int | None = None
        self._sent: deque[tuple[int, int]] = deque(maxlen=_PACE_LENGTH)

    def connect(self) -> Link:
        self._mailbox = Mailbox(len(self._arm), _STALE_S, _RESTS_S)
        self._kinova = self._make_link()
        self._latched_ns = None
        self._beats = self._make_beats(self.beat)
        return self._kinova

    def beat(self) -> None:
        """Sends the newest velocity; called every 10 ms."""
        now_ns, link = self._clock(), self._kinova
        letter = self._mailbox.take(now_ns)
        if letter is not None and link is not None:
            self._sent.append((now_ns, letter[1]))
            link.send(to_fields(self._arm, letter[0]))

    def begin(self, measured: Measured) -> None:
        if self._kinova is not None:
            self._kinova.unlatch(self.connect_timeout)
        self._latched_ns = None
        self._sent.clear()
        self._mailbox.rest(self._clock())

    def command(self, velocity: Vector, measured: Measured) -> Vector:
        if self._beats is None or not self._beats.alive:
            raise ConnectionLost(f"Arm '{self._arm.name}' gets no commands any more: the thread that sends them has ended.")
        applied = np.where(self._moves, velocity, 0.0)
        self._mailbox.put(applied, self._clock())
        return applied

    def rest(self) -> None:
        now_ns = self._clock()
        self._mailbox.rest(now_ns)
        if self._kinova is not None and (self._latched_ns is None or now_ns - self._latched_ns > _ASK_AGAIN_NS):
            self._latched_ns = now_ns
            self._kinova.latch()

    def clear(self) -> None:
        if self._kinova is not None:
            self._kinova.unlatch(self.connect_timeout)

    def pace(self) -> Pace | None:
        """Returns how regularly commands have gone out of late; None before there are enough of them."""
        return measure_pace(list(self._sent), ns_to_seconds(PERIOD_NS))

    def close(self) -> None:
        beats, self._beats = self._beats, None
        if beats is not None:
            self.rest()
            # The last word, before the thread that says it ends.
            beats.close()
            self.beat()
        super().close()
        self._kinova = None
