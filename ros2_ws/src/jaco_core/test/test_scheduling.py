"""Real-time priority where it is permitted, and a sentence where it is not. In a process of its own: pytest keeps its place."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jaco_core.scheduling import REMEDY

RAISE = """
import os, threading
from jaco_core.scheduling import Urgency, hurry
wait = threading.Event()
threading.Thread(target=wait.wait, daemon=True).start()
print(hurry(Urgency.ARM))
threading.Thread(target=wait.wait, daemon=True).start()
for task in sorted(os.listdir("/proc/self/task")):
    print(os.sched_getscheduler(int(task)), os.sched_getparam(int(task)).sched_priority)
"""
# Refuses what a system without the permission refuses.
REFUSE = "import os\ndef no(*a): raise PermissionError\nos.sched_setscheduler = os.setpriority = no\n"


def said(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


def _permitted() -> bool:
    return subprocess.run(["chrt", "-r", "1", "true"], capture_output=True, check=False).returncode == 0


def _nice(leads_session: bool) -> tuple[list[str], str]:
    """Returns the niceness that a process has after giving way by 7, then by 3, and what the kernel says of its session then."""
    program = (
        "import os\nfrom jaco_core.scheduling import give_way\n"
        f"if {leads_session}: os.setsid()\n"
        "for niceness in (7, 3): give_way(niceness); print(os.getpriority(os.PRIO_PROCESS, 0))\n"
        "path = '/proc/self/autogroup'\nprint(open(path).read().strip() if os.path.exists(path) else '')\n"
    )
    *niceness, session = said(program)
    return niceness, session


def test_who_gives_way_does_not_take_it_back_and_takes_its_session_along() -> None:
    niceness, session = _nice(leads_session=True)
    assert niceness == ["7", "7"]
    assert session.endswith("nice 7") or not session


def test_a_session_of_somebody_else_is_left_as_it_is() -> None:
    before = said("import os\npath = '/proc/self/autogroup'\nprint(open(path).read().strip() if os.path.exists(path) else '')")
    niceness, session = _nice(leads_session=False)
    assert niceness == ["7", "7"] and [session] == before


@pytest.mark.skipif(not _permitted(), reason="this system permits no real-time priority")
def test_relaxing_gives_every_thread_ordinary_priority() -> None:
    relaxed = RAISE.replace("import Urgency, hurry", "import Urgency, hurry, relax").replace("for task", "relax()\nfor task")
    _, *threads = said(relaxed)
    assert threads == [f"{os.SCHED_OTHER} 0"] * 3


@pytest.mark.skipif(not _permitted(), reason="this system permits no real-time priority")
def test_every_thread_is_raised_and_later_ones_inherit() -> None:
    sentence, *threads = said(RAISE)
    assert sentence == "Runs at real-time priority 2."
    assert threads == [f"{os.SCHED_RR} 2"] * 3


@pytest.mark.skipif(not _permitted(), reason="this system permits no real-time priority")
def test_of_an_observer_only_the_middleware_is_raised() -> None:
    name = "import ctypes\nname = lambda: ctypes.CDLL(None).prctl(15, b'dds.shm', 0, 0, 0)\n"
    program = name + RAISE.replace("ARM", "OBSERVER").replace("target=wait.wait", "target=lambda: (name(), wait.wait())", 1)
    ready = program.replace(
        "print(hurry",
        "import time\nwhile not any(open(f'/proc/self/task/{t}/comm').read().startswith('dds') "
        "for t in os.listdir('/proc/self/task')): time.sleep(0.01)\nprint(hurry",
    )
    sentence, *threads = said(ready)
    assert sentence == "Listens at real-time priority 1."
    assert sorted(threads) == sorted([f"{os.SCHED_OTHER} 0", f"{os.SCHED_RR} 1", f"{os.SCHED_OTHER} 0"])


def test_a_refusal_is_said_with_its_remedy() -> None:
    sentence, *threads = said(REFUSE + RAISE)
    assert sentence.startswith("Real-time priority is not permitted") and REMEDY in sentence
    assert threads == [f"{os.SCHED_OTHER} 0"] * 3
