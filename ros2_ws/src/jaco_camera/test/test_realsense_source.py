"""The RealSense source against a fake of its library, and against the library where it is installed."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import fake_realsense as fake
import numpy as np
import pytest
from camera_support import HEIGHT, WIDTH, depth, picture
from fake_realsense import FakeFrames, FakeVendor, frames

from jaco_camera.grabber import Clocks, Grabber
from jaco_camera.health import CameraHealth
from jaco_camera.realsense import loader
from jaco_camera.realsense import source as source_module
from jaco_camera.realsense.source import RealSenseSource, Target
from jaco_camera.sources import source_opener
from jaco_core.errors import ConfigError, HardwareFault

MS = 1_000_000
WALL = 1_700_000_000_000  # [ms]


def opened(vendor: FakeVendor, *, wall_ms: float = WALL, steady_ms: float = 0.0, **options: Any) -> RealSenseSource:
    target = options.pop("target", Target())
    clocks = {"wall": lambda: round(wall_ms * MS), "steady": lambda: round(steady_ms * MS)}
    return RealSenseSource(vendor, target, depth=options.pop("depth", True), **clocks)


def test_colour_and_aligned_depth_come_together_with_their_age_and_the_factory_calibration() -> None:
    vendor = FakeVendor()
    vendor.coming.append(frames(3, WALL - 40.0, skew_ms=16.0))
    source = opened(vendor)
    assert source.live and source.endless and source.grab()
    capture = source.decode()
    np.testing.assert_array_equal(capture.image, picture(3))
    np.testing.assert_array_equal(capture.depth, depth(3))
    assert capture.age_ns == 40 * MS
    seen = capture.calibration
    assert seen is not None and (seen.width, seen.height) == (WIDTH, HEIGHT)
    np.testing.assert_array_equal(seen.matrix, [[80, 0, 47], [0, 81, 31], [0, 0, 1]])
    np.testing.assert_array_equal(seen.distortion, [0.1, 0, 0, 0, 0])
    assert [which for which, *_ in vendor.asked] == [fake.stream.color, fake.stream.depth]


def test_a_frame_is_not_the_librarys_memory() -> None:
    given = frames(1, WALL)
    source = opened(FakeVendor(coming=fake.deque([given])))
    source.grab()
    image = source.decode().image
    given.color.data[:] = 0
    np.testing.assert_array_equal(image, picture(1))


def test_without_depth_only_colour_is_asked_for() -> None:
    vendor = FakeVendor(coming=fake.deque([FakeFrames(frames(2, WALL).color)]))
    source = opened(vendor, depth=False)
    assert source.grab() and source.decode().depth is None
    assert [which for which, *_ in vendor.asked] == [fake.stream.color]


def test_depth_in_another_unit_becomes_millimetres() -> None:
    source = opened(FakeVendor(coming=fake.deque([frames(3, WALL, units=0.0001)])))
    source.grab()
    found = source.decode().depth
    assert found is not None and set(np.unique(found)) == {50, 100}


@pytest.mark.parametrize(
    "unfit",
    [
        FakeFrames(frames(1, WALL).color),
        FakeFrames(fake.NO_FRAME, frames(1, WALL).depth),
        frames(1, WALL, skew_ms=33.3),
        frames(1, WALL, skew_ms=-33.3),
        frames(7, WALL),
    ],
    ids=["no depth", "no colour", "later depth", "earlier depth", "the same colour again"],
)
def test_a_pair_that_is_not_complete_new_and_of_one_moment_is_passed_over(unfit: FakeFrames) -> None:
    source = opened(FakeVendor(coming=fake.deque([frames(7, WALL), unfit, frames(8, WALL)])))
    assert source.grab() and source.grab()
    np.testing.assert_array_equal(source.decode().image, picture(8))


def test_stamps_of_the_devices_own_clock_give_ages_too() -> None:
    hardware = {"domain": fake.timestamp_domain.hardware_clock}
    vendor = FakeVendor(coming=fake.deque([frames(index, 33.0 * index, **hardware) for index in range(3)]))
    now_ms = iter([0.0] * 2 + [100.0] + [0.0] * 2 + [133.0] + [0.0] * 2 + [206.0])  # start and remainder of the wait, arrival
    source = RealSenseSource(vendor, Target(), depth=True, steady=lambda: round(next(now_ms) * MS), wall=lambda: 0)
    ages = [source.decode().age_ns for _ in range(3) if source.grab()]
    assert ages == [0, 0, 40 * MS]


@pytest.mark.parametrize("domain", [fake.timestamp_domain.global_time, fake.timestamp_domain.system_time])
def test_stamps_slightly_ahead_are_the_sdks_estimate_and_far_ahead_a_fault(domain: Any) -> None:
    source = opened(FakeVendor(coming=fake.deque([frames(1, WALL + 3.0, domain=domain), frames(2, WALL + 900.0, domain=domain)])))
    assert source.grab() and source.decode().age_ns == 0
    with pytest.raises(HardwareFault, match=r"0\.90 s ahead"):
        source.grab()


def test_silence_and_a_lost_connection_are_told_apart() -> None:
    vendor = FakeVendor(coming=fake.deque([None, RuntimeError("Device disconnected")]))
    source = opened(vendor)
    assert not source.grab()
    with pytest.raises(HardwareFault, match="gave no frame: Device disconnected"):
        source.grab()
    source.close()
    source.close()
    assert vendor.running == 0


def test_a_camera_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(HardwareFault, match=r"camera '9' is not connected; serial numbers here: 7\."):
        opened(FakeVendor(), target=Target("9"))
    with pytest.raises(HardwareFault, match="serial numbers here: none"):
        opened(FakeVendor(serials=()))


def test_a_camera_that_somebody_else_uses_does_not_start() -> None:
    with pytest.raises(HardwareFault, match=r"does not start \(Device or resource busy\).* not in use elsewhere"):
        opened(FakeVendor(busy=True))


@pytest.mark.parametrize(
    ("change", "part"), [({"model": fake.distortion.ftheta}, "fisheye"), ({"color_format": fake.format.yuyv}, "rgb8")]
)
def test_what_cannot_be_published_is_refused_and_the_camera_given_back(change: dict[str, Any], part: str) -> None:
    vendor = FakeVendor(**change)
    with pytest.raises(ConfigError, match=part):
        opened(vendor)
    assert vendor.running == 0


def test_a_recording_is_played_at_the_readers_pace_and_has_no_age(tmp_path: Path) -> None:
    vendor = FakeVendor(coming=fake.deque([frames(1, 5.0)]))
    source = opened(vendor, target=Target(recording=tmp_path / "a.db3", loop=True))
    assert not source.live and source.endless and source.grab() and source.decode().age_ns == 0
    assert vendor.asked == [("file", str(tmp_path / "a.db3"), True), ("real time", False)]


def test_a_camera_that_is_pulled_out_comes_back_when_it_is_plugged_in_again() -> None:
    vendor = FakeVendor(coming=fake.deque([frames(1, WALL), RuntimeError("Device disconnected"), frames(2, WALL)]))
    news, reports = threading.Semaphore(0), []

    def opener() -> RealSenseSource:
        try:
            return opened(vendor)
        finally:
            vendor.serials = () if vendor.serials and len(vendor.coming) == 3 else ("7",)  # away for one attempt

    clocks = Clocks(stamp=time.monotonic_ns, steady=time.monotonic_ns)
    health = CameraHealth(60.0, 0)
    grabber = Grabber(opener, (WIDTH, HEIGHT), 1e6, health, clocks, lambda: (reports.append(grabber.take()), news.release())[0])
    grabber.start()
    try:
        for index in (1, 2):
            assert news.acquire(timeout=10.0), f"frame {index} did not come: {grabber.report().message}"
            np.testing.assert_array_equal(reports[-1].image, picture(index))
        assert grabber.report().reconnects == 1
    finally:
        grabber.close()
    assert vendor.running == 0


@pytest.mark.parametrize(
    ("failure", "remedy"),
    [
        (ImportError("No module named 'pyrealsense2'", name="pyrealsense2"), f"pip install pyrealsense2=={loader.VERSION}"),
        (ImportError("libusb-1.0.so.0: cannot open shared object file"), "Debian package libusb-1.0-0"),
    ],
)
def test_a_missing_library_is_one_sentence_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, failure: ImportError, remedy: str
) -> None:
    def missing(name: str) -> Any:
        raise failure

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=re.escape(remedy)):
        source_opener("realsense:")


def test_the_text_says_which_camera_or_recording(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    vendor = FakeVendor()
    monkeypatch.setattr(source_module, "load_vendor", lambda: vendor)
    for text, live in (("realsense:", True), ("realsense:7", True)):
        assert source_opener(text, depth=True)().live is live
    with pytest.raises(ConfigError, match=r"no RealSense recording"):
        source_opener(f"realsense:{tmp_path}/a.db3")
    (tmp_path / "a.db3").touch()
    assert not source_opener(f"realsense:{tmp_path}/a.db3", loop=True)().live


def test_other_sources_do_without_the_library(monkeypatch: pytest.MonkeyPatch, video: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)  # an import would fail
    assert source_opener(str(video))().grab()
    with pytest.raises(ConfigError, match="does not import"):
        source_opener("realsense:")


def test_the_package_offers_the_wheel_that_the_remedy_names() -> None:
    setup = ast.parse((Path(__file__).parents[1] / "setup.py").read_text())
    texts = [node.value for node in ast.walk(setup) if isinstance(node, ast.Constant)]
    assert f"pyrealsense2=={loader.VERSION}" in texts
