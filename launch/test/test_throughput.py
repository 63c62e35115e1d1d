"""The stopwatch of the throughput benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable

from jaco_bringup.bench.throughput.stopwatch import Subject, rates


def ten_a_hundredth() -> Callable[[], int]:
    def work() -> int:
        time.sleep(0.01)  # the work that is timed
        return 10

    return work


def test_rates_count_steps_over_the_time_they_took() -> None:
    with Subject(ten_a_hundredth) as one, Subject(ten_a_hundredth) as two:
        for rate in rates([one, two], 0.2):
            # Ten steps take a hundredth of a second or, on a busy machine, longer.
            assert 10.0 < rate.wall <= 1000.0 < rate.cpu
