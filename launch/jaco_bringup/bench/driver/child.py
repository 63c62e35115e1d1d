"""Drives the emulated arm to and fro through the Kortex backend at 100 commands per second, and prints its pace at the end.

    python -m jaco_bringup.bench.driver.child TCP_PORT UDP_PORT SECONDS

Prints "driving" once the arm moves. After SIGUSR1 no command comes any more, and the backend is on its own.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time

import numpy as np

from jaco_core.arms import load_arm
from jaco_core.errors import HardwareFault
from jaco_driver.kortex.arm import KortexArm
from jaco_driver.kortex.settings import KortexSettings

PERIOD_S = 0.01
# [s] The backend is left to itself for so long after a fault: the benchmark watches what the arm does.
AFTERMATH_S = 10.0
# [rad/s] and [Hz] of the motion.
SPEED, SWING = 0.3, 0.1
_MOVES = 0.2


def main() -> int:
    """Runs until the time is over, a fault comes or the process is told to fall silent."""
    tcp_port, udp_port, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    silent = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *unused: silent.set())
    settings = KortexSettings(robot_ip="127.0.0.1", tcp_port=tcp_port, udp_port=udp_port)
    port = KortexArm(load_arm("gen3"), settings)
    port.configure()
    try:
        port.activate(time.time_ns())
        drive(port, seconds, silent)
        pace = port.pace()
        if silent.is_set():
            time.sleep(AFTERMATH_S)  # what is measured is what happens while this process does nothing
    except HardwareFault as error:
        print(f"{error}", flush=True)
        time.sleep(AFTERMATH_S)  # the arm's stop is watched, and nothing here may hasten it
        return 1
    finally:
        port.close()
    if pace is not None:
        print(json.dumps(pace.figures()), flush=True)
    return 0


def drive(port: KortexArm, seconds: float, silent: threading.Event) -> None:
    """Commands for `seconds` or until `silent`."""
    begin = due = time.monotonic()
    told = False
    while due - begin < seconds and not silent.is_set():
        # Cosine: at its highest when the benchmark begins to watch.
        # The gripper rests: what the wire carries is to be the speeds.
        velocity = np.array([SPEED * np.cos(2.0 * np.pi * SWING * (due - begin))] * 7 + [0.0])
        port.send(velocity, time.time_ns())
        state = port.state(time.time_ns())
        if not told and np.all(np.abs(state.velocity[:7]) > _MOVES):
            told = True
            print("driving", flush=True)
        due += PERIOD_S
        time.sleep(max(0.0, due - time.monotonic()))  # the pace of the commands


if __name__ == "__main__":
    sys.exit(main())
