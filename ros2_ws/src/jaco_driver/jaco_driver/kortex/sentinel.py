"""The process that watches the driver's heartbeat and kills it when the command thread hangs while the arm may move.

The vendor's client keeps its session alive from a thread of its own, so the base does not notice a command thread that hangs.
Dead, the driver keeps nothing alive, and the base stops the arm after its own time-out. This file is run as a script and uses the
standard library alone, so that it starts at once and shares nothing with what it watches.

    python sentinel.py TIMEOUT_S    # beats come on standard input: b"A" while the arm may move, b"I" while it may not
"""

import contextlib
import os
import select
import signal
import sys

ARMED, IDLE = b"A", b"I"
# [s] A machine that starved both processes lets the beats arrive right after; they are waited for so long.
SECOND_LOOK_S = 0.05


def watch(beats: int, timeout: float) -> bool:
    """Reads the file descriptor `beats` until its end; returns True when it fell silent for `timeout` [s] while armed."""
    armed = False
    while True:
        wait = timeout if armed else None
        if not select.select([beats], [], [], wait)[0] and not select.select([beats], [], [], SECOND_LOOK_S)[0]:
            return True
        data = os.read(beats, 4096)
        if not data:
            return False
        armed = data.endswith(ARMED)


def main() -> int:
    """Watches the parent."""
    driver = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):  # it ends with the driver, not before
        signal.signal(number, signal.SIG_IGN)
    timeout = float(sys.argv[1])
    if watch(sys.stdin.fileno(), timeout) and os.getppid() == driver:
        sys.stderr.write(
            f"The driver's command thread gave no sign for {timeout} s while the arm may move; the driver is killed.\n"
        )
        sys.stderr.flush()
        with contextlib.suppress(ProcessLookupError):
            os.kill(driver, signal.SIGKILL)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
