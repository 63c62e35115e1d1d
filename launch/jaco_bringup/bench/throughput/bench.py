"""`jaco bench throughput`: everything in one run on one machine, in turns, so that the ratios hold on a shared machine too."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median

from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.throughput.stopwatch import Subject, rates
from jaco_bringup.bench.throughput.subjects import bare_renderer, dm_control, pixel_environment

ROUNDS, TURN_S = 5, 3.0


def measure() -> dict[str, Figure]:
    """Returns environment steps per second of one process, and its ratios: medians over rounds in which all take turns."""
    with ExitStack() as stack:
        names = {"one": pixel_environment, "two": pixel_environment, "bare": bare_renderer, "dm_control": dm_control}
        subjects = {name: stack.enter_context(Subject(prepare)) for name, prepare in names.items()}
        for subject in subjects.values():
            rates([subject], 0.0)
        turns = []
        for _ in range(ROUNDS):
            turn = {name: rates([subjects[name]], TURN_S)[0] for name in ("one", "bare", "dm_control")}
            turns.append({**turn, "both": sum(rates([subjects["one"], subjects["two"]], TURN_S))})
    return {
        "env_steps_per_second": median(turn["one"] for turn in turns),
        "bare_renderer_per_second": median(turn["bare"] for turn in turns),
        "dm_control_steps_per_second": median(turn["dm_control"] for turn in turns),
        "vs_dm_control": median(turn["one"] / turn["dm_control"] for turn in turns),
        "vs_bare_renderer": median(turn["one"] / turn["bare"] for turn in turns),
        "two_process_scaling": median(turn["both"] / turn["one"] for turn in turns),
    }
