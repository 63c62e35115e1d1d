from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from camera_support import depth, picture

from jaco_camera.capture import Capture
from jaco_camera.grabber import Clocks, Frame, Grabber
from jaco_camera.health import CameraHealth, Level
from jaco_core.errors import HardwareFault

WAIT_S = 5.0


@dataclass
class FakeSource:
    """Gives one picture for each `offer`, like a camera; `fail` makes the next `grab` fail."""

    live: bool = True
    endless: bool = True
    closed: bool = False
    _offers: list[int] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _current: int = 0
    age_ns: int = 0

    def offer(self, index: int) -> None:
        with self._news:
            self._offers.append(index)
            self._news.notify()

    def fail(self) -> None:
        self.offer(-1)

    def grab(self) -> bool:
        with self._news:
            if not self._news.wait_for(lambda: self._offers, WAIT_S):
                return False
            self._current = self._offers.pop(0)
        return self._current >= 0

    def decode(self) -> Capture:
        return Capture(picture(self._current), depth(self._current), self.age_ns)

    def close(self) -> None:
        self.closed = True


@dataclass
class Rig:
    grabber: Grabber
    opened: list[FakeSource]
    news: threading.Semaphore

    def next(self) -> Frame:
        assert self.news.acquire(timeout=WAIT_S), "no frame came"
        frame = self.grabber.take()
        assert frame is not None
        return frame


@contextmanager
def grabbing(make: Callable[[], FakeSource], *, refusals: int = 0, frozen_frames: int = 0, rate_hz: float = 1e6) -> Iterator[Rig]:
    """Runs a grabber whose first opening succeeds and whose next `refusals` are refused."""
    opened: list[FakeSource] = []
    left = refusals
    news = threading.Semaphore(0)

    def opener() -> FakeSource:
        nonlocal left
        if opened and left:
            left -= 1
            raise HardwareFault("Nobody is there.")
        opened.append(make())
        return opened[-1]

    clocks = Clocks(stamp=lambda: 1_000_000_000 + time.monotonic_ns(), steady=time.monotonic_ns)
    grabber = Grabber(opener, (32, 32), rate_hz, CameraHealth(WAIT_S, frozen_frames), clocks, news.release)
    grabber.start()
    try:
        yield Rig(grabber, opened, news)
    finally:
        opened[-1].fail()  # ends a read that waits
        grabber.close()


def until(predicate: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not predicate():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)  # the poll interval of this bounded wait


def test_a_frame_is_fitted_stamped_at_its_capture_and_given_out_once() -> None:
    with grabbing(FakeSource) as rig:
        before = 1_000_000_000 + time.monotonic_ns()
        rig.opened[0].offer(3)
        frame = rig.next()
        assert frame.image.shape == (32, 32, 3) and frame.image[0, 0, 0] == 60
        assert (frame.source_width, frame.source_height) == (96, 64)
        assert before <= frame.stamp_ns <= 1_000_000_000 + time.monotonic_ns()
        assert rig.grabber.take() is None


def test_depth_comes_fitted_with_its_frame_and_the_stamp_is_that_of_the_exposure() -> None:
    with grabbing(lambda: FakeSource(age_ns=200_000_000)) as rig:
        before = 1_000_000_000 + time.monotonic_ns()
        rig.opened[0].offer(3)
        frame = rig.next()
        assert frame.depth is not None and frame.depth.dtype == np.uint16
        np.testing.assert_array_equal(np.unique(frame.depth), [503, 1003])  # one or the other, never something between
        assert before - 200_000_000 <= frame.stamp_ns <= 1_000_000_000 + time.monotonic_ns() - 200_000_000


def test_a_frame_that_comes_late_is_withheld_and_a_fault_until_one_is_in_time() -> None:
    with grabbing(lambda: FakeSource(age_ns=round((WAIT_S + 1.0) * 1e9))) as rig:
        rig.opened[0].offer(1)
        until(lambda: rig.grabber.report().level == Level.ERROR)
        assert "6.00 s old when it came; at most 5.00 s" in rig.grabber.report().message
        assert rig.grabber.take() is None
        rig.opened[0].age_ns = 0
        rig.opened[0].offer(2)
        assert rig.next().image[0, 0, 0] == 40 and rig.grabber.report().level == Level.OK


def test_the_newest_frame_wins() -> None:
    with grabbing(FakeSource) as rig:
        for index in (1, 2):
            rig.opened[0].offer(index)
            assert rig.news.acquire(timeout=WAIT_S)
            until(lambda index=index: rig.grabber.report().frames == index)  # type: ignore[misc]
        frame = rig.grabber.take()
        assert frame is not None and frame.image[0, 0, 0] == 40
        assert rig.grabber.take() is None


def test_a_live_source_is_thinned_to_the_rate() -> None:
    with grabbing(FakeSource, rate_hz=1.0) as rig:
        for index in (1, 2, 3):
            rig.opened[0].offer(index)
        rig.next()
        until(lambda: not rig.opened[0]._offers)
        assert rig.grabber.report().frames == 1


def test_a_lost_source_is_closed_reported_and_opened_again() -> None:
    with grabbing(FakeSource, refusals=1) as rig:
        rig.opened[0].offer(1)
        rig.next()
        rig.opened[0].fail()
        until(lambda: rig.grabber.report().level == Level.ERROR)
        assert rig.grabber.take() is None
        until(lambda: "Nobody is there." in rig.grabber.report().message)
        until(lambda: len(rig.opened) == 2)
        assert rig.opened[0].closed
        rig.opened[1].offer(2)
        rig.next()
        report = rig.grabber.report()
        assert (report.level, report.reconnects) == (Level.OK, 1)


def test_a_recording_that_ended_is_not_opened_again() -> None:
    with grabbing(lambda: FakeSource(live=False, endless=False)) as rig:
        rig.opened[0].fail()
        until(lambda: "ended" in rig.grabber.report().message)
        assert rig.grabber.report().level == Level.ERROR
    assert len(rig.opened) == 1


def test_a_frozen_picture_is_withheld_until_it_changes() -> None:
    with grabbing(lambda: FakeSource(live=False), frozen_frames=2) as rig:
        for _ in range(2):
            rig.opened[0].offer(1)
            assert rig.next().image[0, 0, 0] == 20
        for count in (3, 4):
            rig.opened[0].offer(1)
            until(lambda count=count: rig.grabber.report().frames == count)  # type: ignore[misc]
            assert rig.grabber.take() is None
        rig.opened[0].offer(5)
        assert rig.next().image[0, 0, 0] == 100


def test_a_source_that_does_not_open_refuses_at_once() -> None:
    def refuse() -> FakeSource:
        raise HardwareFault("Nobody is there.")

    clocks = Clocks(stamp=time.time_ns, steady=time.monotonic_ns)
    with pytest.raises(HardwareFault, match="Nobody is there"):
        Grabber(refuse, (32, 32), 10.0, CameraHealth(1.0, 0), clocks, lambda: None)


def test_stopping_closes_the_source_and_forgets_the_frame() -> None:
    with grabbing(FakeSource) as rig:
        rig.opened[0].offer(1)
        assert rig.news.acquire(timeout=WAIT_S)
        rig.opened[0].fail()  # ends a read that waits
        rig.grabber.stop()
        rig.grabber.start()
        assert rig.grabber.take() is None
    assert all(source.closed for source in rig.opened)
