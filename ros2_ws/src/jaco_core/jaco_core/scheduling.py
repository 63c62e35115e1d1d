"""A process's place in the queue for the processor: real-time priority where the system permits it.

Under SCHED_RR a thread runs before every ordinary one and shares its core with those of its own priority (sched(7)). The kernel
keeps 5 % of each second for the others (sched_rt_runtime_us), and these processes sleep most of the time.

Niceness orders only the processes of one session where the kernel groups them by session, as most do: there, each session has a
niceness of its own (sched(7), "The autogroup feature"), which a process that leads one sets along with its own.
"""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

# What is tried where real-time priority is not permitted (RLIMIT_NICE may be higher than RLIMIT_RTPRIO).
_NICE = -10
_TASKS = Path("/proc/self/task")
_SESSION = "/proc/self/autogroup"
# The kernel takes ten changes a second of all its sessions together.
_SESSION_TIMEOUT_S = 1.0
REMEDY = "put 'USER - rtprio 3' into /etc/security/limits.d/jaco.conf and log in again"


class Urgency(IntEnum):
    """Who goes first; the numbers are SCHED_RR priorities, the lowest that order them."""

    OBSERVER = 0
    """What only watches: its threads in the middleware (named "dds.", by Fast DDS) run at the lowest real-time priority, the rest
    at none. They hold locks in shared memory that who publishes waits for."""
    POLICY = 1
    """What proposes, and what it waits for."""
    ARM = 2
    """What holds the arm to its last order."""
    SUPERVISOR = 3
    """What judges, in a millisecond at a time."""


def hurry(urgency: Urgency, tasks: Path = _TASKS) -> str:
    """Raises the threads of this process to `urgency`, and says as a sentence what came of it. Threads made later inherit it."""
    priority = max(int(urgency), 1)
    _raise_soft_limit(priority)
    threads = _threads(tasks, "dds." if urgency is Urgency.OBSERVER else "")
    try:
        for thread in threads:
            os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(priority))
    except ProcessLookupError:
        return hurry(urgency, tasks)  # a thread ended meanwhile
    except PermissionError:
        return f"Real-time priority is not permitted: {_be_nice(threads, urgency)} To permit it, {REMEDY}."
    return f"{'Listens' if urgency is Urgency.OBSERVER else 'Runs'} at real-time priority {priority}."


def relax(tasks: Path = _TASKS) -> None:
    """Gives the threads of this process ordinary priority: in lockstep nobody is late, and who listens first only interrupts."""
    for thread in _threads(tasks, ""):
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def give_way(niceness: int) -> None:
    """Lets other processes go first: `niceness` from 0, as before, to 19. It is never lowered."""
    niceness = max(niceness, os.getpriority(os.PRIO_PROCESS, 0))
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
    _set_session(niceness)


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Lets threads that are made meanwhile, such as the middleware's, begin as those of an observer; where that is permitted."""
    _raise_soft_limit(1)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _threads(tasks: Path, prefix: str) -> list[int]:
    """Returns the threads whose name begins with `prefix`."""
    found = []
    for entry in tasks.iterdir():
        with contextlib.suppress(OSError):  # it ended meanwhile
            if (entry / "comm").read_text().startswith(prefix):
                found.append(int(entry.name))
    return found


def _raise_soft_limit(priority: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
    if soft < priority <= hard:
        resource.setrlimit(resource.RLIMIT_RTPRIO, (hard, hard))


def _be_nice(threads: list[int], urgency: Urgency) -> str:
    try:
        for thread in threads:
            os.setpriority(os.PRIO_PROCESS, thread, _NICE)
    except (PermissionError, ProcessLookupError):
        return "other work on this machine can delay the graph until it stops the arm."
    if urgency is not Urgency.OBSERVER:
        _set_session(_NICE)
    return f"runs at nice {_NICE} instead."


def _set_session(niceness: int) -> None:
    """Gives the session `niceness` if this process leads it; else it is not this one's to change."""
    if os.getsid(0) != os.getpid():
        return
    deadline = time.monotonic() + _SESSION_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            descriptor = os.open(_SESSION, os.O_WRONLY)
        except OSError:
            return  # sessions are not grouped here
        try:
            os.write(descriptor, str(niceness).encode())
        except BlockingIOError:
            time.sleep(0.02)  # the poll interval of this bounded wait
        except OSError:
            return
        else:
            return
        finally:
            os.close(descriptor)
