"""Ports on real topics, with a clock that is turned by hand: a test waits for messages, never for time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from rclpy.context import Context
from stand_in import STEP_NS, StandIn

from jaco_core.domain import take_random_domain
from jaco_core.types import JointSample
from jaco_driver.port import ArmInFault
from jaco_driver.topic_arm import TopicArm

L = TypeVar("L")
TIMEOUT_S = 20.0
UNREACHABLE_S = 0.5
BEGIN_NS = 1_000_000_000


class Watched(Generic[L]):
    """A link that can be waited for: what has arrived is kept until the port asks for it."""

    def __init__(self, link: Any) -> None:
        self._link = link
        self._kept: list[JointSample] = []
        self.newest_ns = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)

    def drain(self) -> None:
        for sample in self._link.joints():
            self._kept.append(sample)
            self.newest_ns = max(self.newest_ns, sample.stamp_ns)

    def joints(self) -> Sequence[JointSample]:
        self.drain()
        kept, self._kept = self._kept, []
        return kept


class TopicRig:
    """A stand-in and the port to it. `make_stand_in` starts it with the plant that it was started with before."""

    def __init__(self, make_stand_in: Callable[[Context], StandIn]) -> None:
        self.domain = take_random_domain()
        self.context = Context()
        self.context.init(domain_id=self.domain.number)
        self._make_stand_in = make_stand_in
        self.clock = [BEGIN_NS]
        self.link: Watched[Any] | None = None
        self.beat: Callable[[], None] = lambda: None
        self.stand_in: StandIn | None = make_stand_in(self.context)
        self._publishing()
        self.port: TopicArm

    def now_ns(self) -> int:
        return self.clock[0]

    def watch(self, link: Any) -> Any:
        self.link = Watched(link)
        return self.link

    def until(self, predicate: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not predicate():
            assert time.monotonic() < deadline, f"waited {TIMEOUT_S} s for {what}"
            time.sleep(0.0005)  # the poll interval of this bounded wait

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 1e9) // STEP_NS):
            self.clock[0] += STEP_NS
            self.beat()
            if self.stand_in is not None:
                if self.link is not None:
                    self.until(self._commands_arrived, "the commands to arrive")
                self.stand_in.step(self.clock[0])
        self.tell()

    def tell(self) -> None:
        """Publishes the stand-in's state and waits for it to arrive."""
        if self.stand_in is None:
            return
        stamp_ns, link = self.stand_in.publish(), self.link
        if link is not None:
            self.until(lambda: (link.drain(), link.newest_ns >= stamp_ns)[1], "the joint state to arrive")

    def disconnect(self) -> None:
        """The driver ends; the plant stays."""
        if self.stand_in is not None:
            self._timer.cancel()
            self.stand_in.close()
        self.stand_in = None
        self.port.connect_timeout = UNREACHABLE_S
        self.clock[0] += 200_000_000

    def reconnect(self) -> None:
        self.port.connect_timeout = TIMEOUT_S
        received = self.link.sent if self.link is not None else 0
        self.stand_in = self._make_stand_in(self.context)
        self.stand_in.received = received
        self._publishing()
        link = self.link
        if link is not None:
            self.until(lambda: link.readers() > 0, "the link to find the driver again")
            self.stand_in.received = link.sent
            self.until(lambda: self._states_flow(link), "joint states to arrive again")

    def provoke(self, velocity: Any) -> None:
        """Drives until the port notices by itself that the arm is in fault."""
        for _ in range(300):
            try:
                self.port.send(velocity, self.now_ns())
            except ArmInFault:
                return
            self.pass_time(0.01)
            self.port.state(self.now_ns())
        raise AssertionError("the port does not notice that the arm does not move")

    def close(self) -> None:
        self.port.close()
        if self.stand_in is not None:
            self._timer.cancel()
            self.stand_in.close()
        self.context.try_shutdown()
        self.domain.release()

    def _commands_arrived(self) -> bool:
        assert self.stand_in is not None and self.link is not None
        self.stand_in.take(self.clock[0])
        return self.stand_in.received >= self.link.sent

    def _states_flow(self, link: Watched[Any]) -> bool:
        before = link.newest_ns
        link.drain()
        return link.newest_ns > before

    def _publishing(self) -> None:
        """Lets the stand-in say where it is, over and over, as drivers do; that moves nothing."""
        stand_in = self.stand_in
        assert stand_in is not None
        self._timer = stand_in.node.create_timer(0.02, stand_in.publish)
