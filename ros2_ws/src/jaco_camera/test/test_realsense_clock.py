from __future__ import annotations

import numpy as np

from jaco_camera.realsense.clock import DeviceClock

MS = 1_000_000
START = 5_000_000_000_000  # of our clock; the device counts from its own power-up


def test_the_quickest_frame_counts_as_not_delayed_and_others_by_how_much_more() -> None:
    clock = DeviceClock()
    delays = [9, 5, 5, 30, 5, 12]
    ages = [clock.age_ns(index * 33 * MS, START + index * 33 * MS + delay * MS) for index, delay in enumerate(delays)]
    assert ages == [0, 0, 0, 25 * MS, 0, 7 * MS]


def test_a_drifting_device_does_not_seem_ever_later() -> None:
    clock = DeviceClock(window_s=10.0)
    # 50 us/s slower: after five minutes 15 ms, of which a window holds half a millisecond.
    times = np.arange(0, 300_000, 33) * MS
    ages = [clock.age_ns(round(int(now) * (1.0 - 50e-6)), START + int(now)) for now in times]
    assert max(ages) <= 0.55 * MS and len(clock._lags) <= 310


def test_a_device_that_starts_anew_is_compared_anew() -> None:
    clock = DeviceClock()
    clock.age_ns(90_000 * MS, START)
    assert clock.age_ns(100 * MS, START + 2000 * MS) == 0
    assert clock.age_ns(133 * MS, START + 2063 * MS) == 30 * MS
