"""`jaco bench throughput`: everything in one run on one machine, in turns, so that the ratios hold on a shared machine too.

The environment is drawn with every triangle of the arm, as dm_control draws it; figures that begin with `coarse` are of the
training's first stage, which draws a fifth of them. Those that end in `cpu` count each subject's own processor time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median

from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.throughput.stopwatch import Rate, Subject, rates
from jaco_bringup.bench.throughput.subjects import COARSE, Work, bare_renderer, dm_control, pixel_environment
from jaco_bringup.bench.throughput.training import own_training, sb3_training

# Many short turns: other work on the machine then meets all subjects alike.
ROUNDS, TURN_S, TRAINING_ROUNDS = 12, 1.0, 3
_SUBJECTS: Mapping[str, Callable[[], Work]] = {
    "one": pixel_environment,
    "two": pixel_environment,
    "bare": bare_renderer,
    "dm_control": dm_control,
    "coarse": partial(pixel_environment, COARSE),
    "coarse_bare": partial(bare_renderer, COARSE),
}
_TRAINING: Mapping[str, Callable[[], Work]] = {"own": own_training, "sb3": sb3_training}
# Two processes between two turns of one, so that a load that rises or falls weighs on both alike.
_TURNS = (("one",), ("bare",), ("one", "two"), ("one",), ("bare",), ("dm_control",), ("coarse",), ("coarse_bare",))


def measure() -> dict[str, Figure]:
    """Returns environment steps per second of one process, training frames per second, and their ratios: medians over rounds."""
    with ExitStack() as stack:
        steps = _rounds(_prepared(stack, _SUBJECTS), _TURNS, ROUNDS, TURN_S)
    with ExitStack() as stack:
        frames = _rounds(_prepared(stack, _TRAINING), [(name,) for name in _TRAINING], TRAINING_ROUNDS, 0.0)
    ratios = {
        "vs_dm_control": (steps, "one", "dm_control"),
        "vs_bare_renderer": (steps, "one", "bare"),
        "two_process_scaling": (steps, "one+two", "one"),
        "vs_sb3_training": (frames, "own", "sb3"),
        "coarse_vs_bare_renderer": (steps, "coarse", "coarse_bare"),
    }
    figures: dict[str, Figure] = {
        "env_steps_per_second": _middle(steps, "one"),
        **{name: _ratio(*each, lambda rate: rate.wall) for name, each in ratios.items()},
        "bare_renderer_per_second": _middle(steps, "bare"),
        "dm_control_steps_per_second": _middle(steps, "dm_control"),
        "coarse_env_steps_per_second": _middle(steps, "coarse"),
        "training_frames_per_second": _middle(frames, "own"),
        "sb3_training_frames_per_second": _middle(frames, "sb3"),
        # Of a training only the learner's own time is known, not its workers'.
        **{f"{name}_cpu": _ratio(*each, lambda rate: rate.cpu) for name, each in ratios.items() if each[0] is steps},
        "load_average": os.getloadavg()[0],
    }
    return figures


Turn = Mapping[str, Rate]


def _prepared(stack: ExitStack, prepare: Mapping[str, Callable[[], Work]]) -> dict[str, Subject]:
    """Starts the subjects and lets each work once: what is made at first use is made."""
    subjects = {name: stack.enter_context(Subject(each)) for name, each in prepare.items()}
    for subject in subjects.values():
        rates([subject], 0.0)
    return subjects


def _rounds(subjects: Mapping[str, Subject], turns: Sequence[tuple[str, ...]], rounds: int, seconds: float) -> list[Turn]:
    """Returns the rates of each round, by the names that worked together; who had several turns, with their mean."""
    measured: list[Turn] = []
    for _ in range(rounds):
        found: dict[str, list[Rate]] = {}
        for names in turns:
            together = rates([subjects[name] for name in names], seconds)
            both = Rate(sum(rate.wall for rate in together), sum(rate.cpu for rate in together))
            found.setdefault("+".join(names), []).append(both)
        measured.append({name: _mean(each) for name, each in found.items()})
    return measured


def _mean(turns: Sequence[Rate]) -> Rate:
    return Rate(sum(rate.wall for rate in turns) / len(turns), sum(rate.cpu for rate in turns) / len(turns))


def _middle(rounds: Sequence[Turn], name: str) -> float:
    return median(turn[name].wall for turn in rounds)


def _ratio(rounds: Sequence[Turn], name: str, other: str, read: Callable[[Rate], float]) -> float:
    """Returns the median over the rounds of one rate over another."""
    return median(read(turn[name]) / read(turn[other]) for turn in rounds)
