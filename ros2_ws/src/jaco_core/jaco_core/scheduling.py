"""A process's place in the queue for the processor: real-time priority where the system permits it.

Under SCHED_RR a thread runs before every ordinary one and shares its core with those of its own priority (sched(7)). The kernel
keeps 5 % of each second for the others (sched_rt_runtime_us), and these processes sleep most of the time.
"""

from __future__ import annotations

import os
import resource
from enum import IntEnum
from pathlib import Path

# What is tried where real-time priority is not permitted (RLIMIT_NICE may be higher than RLIMIT_RTPRIO).
_NICE = -10
_TASKS = Path("/proc/self/task")
REMEDY = "put 'USER - rtprio 3' into /etc/security/limits.d/jaco.conf and log in again"


class Urgency(IntEnum):
    """Who goes first; the numbers are SCHED_RR priorities, the lowest that order them."""

    POLICY = 1
    """What proposes, and what it waits for."""
    ARM = 2
    """What holds the arm to its last order."""
    SUPERVISOR = 3
    """What judges, in a millisecond at a time."""


def hurry(urgency: Urgency, tasks: Path = _TASKS) -> str:
    """Raises every thread of this process to `urgency`, and says as a sentence what came of it. Threads made later inherit it."""
    _raise_soft_limit(urgency)
    threads = [int(entry.name) for entry in tasks.iterdir()]
    try:
        for thread in threads:
            os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(int(urgency)))
    except ProcessLookupError:
        return hurry(urgency, tasks)  # a thread ended meanwhile
    except PermissionError:
        return f"Real-time priority is not permitted: {_be_nice(threads)} To permit it, {REMEDY}."
    return f"Runs at real-time priority {int(urgency)}."


def _raise_soft_limit(urgency: Urgency) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
    if soft < urgency <= hard:
        resource.setrlimit(resource.RLIMIT_RTPRIO, (hard, hard))


def _be_nice(threads: list[int]) -> str:
    try:
        for thread in threads:
            os.setpriority(os.PRIO_PROCESS, thread, _NICE)
    except (PermissionError, ProcessLookupError):
        return "other work on this machine can delay the graph until it stops the arm."
    return f"runs at nice {_NICE} instead."
