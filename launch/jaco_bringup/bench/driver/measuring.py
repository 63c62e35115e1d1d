"""The base's side: runs the emulator and the driver's side (child.py), springs traps, and looks how soon the arm stands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import numpy as np

from jaco_bringup.bench.lockstep import Figure
from jaco_bringup.bench.measured import RunFailed
from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.kortex.testing import wait_for, wheel_problem

PACE_S = 20.0
TRIALS = 3
# [rad/s] Below this a joint stands.
STANDS = 0.01
_PATIENCE = 30.0
_MODULE = "jaco_bringup.bench.driver.child"

Child = subprocess.Popen[str]

TRAPS: Mapping[str, Callable[[Emulator, Child], object]] = MappingProxyType(
    {
        "driver_killed": lambda emulator, child: child.send_signal(signal.SIGKILL),
        "driver_frozen": lambda emulator, child: child.send_signal(signal.SIGSTOP),
        "base_hangs": lambda emulator, child: emulator.set_troubles(hung=True),
        "feedback_lost": lambda emulator, child: emulator.set_troubles(lost_datagrams=1.0),
        "replies_late": lambda emulator, child: emulator.set_troubles(late_replies=1.0),
        "socket_closed": lambda emulator, child: emulator.drop_connections(),
        "fault": lambda emulator, child: emulator.fault("MAXIMUM_CURRENT"),
        "emergency_stop": lambda emulator, child: emulator.set_troubles(emergency_stop=True),
        "another_session": lambda emulator, child: emulator.set_troubles(rival_session=True),
        "no_power": lambda emulator, child: emulator.set_troubles(switched_off=True),
        "late_notification": lambda emulator, child: late_notification(emulator),
        "feedback_frozen": lambda emulator, child: emulator.set_troubles(frozen_feedback=True),
        "feedback_nan": lambda emulator, child: emulator.set_troubles(nan_feedback=True),
        "replies_garbled": lambda emulator, child: emulator.set_troubles(garbled_replies=True),
        "commands_end": lambda emulator, child: os.kill(child.pid, signal.SIGUSR1),
    }
)
"""What is done to the driver or to the base while the arm moves."""


def late_notification(emulator: Emulator) -> None:
    """Faults the base, which then tells who did not ask for it, and late."""
    emulator.set_troubles(stray_notifications=True, late_notifications=0.1)
    emulator.fault("MAXIMUM_CURRENT")


def measure() -> dict[str, Figure]:
    """Returns the pace [Hz, ms] and, for every trap, the longest time [ms] of TRIALS until the arm stood.

    Raises:
        ConfigError: Kinova's client cannot be imported.
        RunFailed: the driver did not come up.
    """
    problem = wheel_problem()
    if problem:
        raise ConfigError(problem)
    figures: dict[str, Figure] = dict(pace())
    for name, trap in TRAPS.items():
        figures[f"{name}_to_rest_ms"] = max(to_rest_ms(trap) for _ in range(TRIALS))
    return figures


def pace() -> dict[str, float]:
    """Returns rate, jitter and age of the commands while the driver drives undisturbed."""
    with driving(PACE_S) as (_, child):
        out, _ = child.communicate(timeout=PACE_S + _PATIENCE)
        if child.returncode != 0:
            raise RunFailed(f"The driver was stopped while nobody disturbed it: {out.strip()}")
        figures: dict[str, float] = json.loads(out.splitlines()[-1])
        return figures


def to_rest_ms(trap: Callable[[Emulator, Child], object]) -> float:
    """Returns how long [ms] after `trap` the arm stood."""
    with driving(_PATIENCE) as (emulator, child):
        trap(emulator, child)
        begin = time.monotonic()
        wait_for(lambda: bool(np.all(np.abs(emulator.read().velocity) < STANDS)), "the arm to stand")
        return (time.monotonic() - begin) * 1e3


@contextmanager
def driving(seconds: float) -> Iterator[tuple[Emulator, Child]]:
    """A driver that moves an emulated arm, in a child process, for at most `seconds`."""
    with Emulator() as emulator:
        emulator.place(load_arm("gen3").home)
        command = [sys.executable, "-m", _MODULE, str(emulator.tcp_port), str(emulator.udp_port), str(seconds)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert child.stdout is not None
            if child.stdout.readline().strip() != "driving":
                raise RunFailed("The driver did not come up; see its error above.")
            yield emulator, child
        finally:
            child.kill()
            child.communicate(timeout=_PATIENCE)
