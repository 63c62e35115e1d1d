"""A package of small scripts that stand in for nodes, installed where the runner looks for executables."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jaco_bringup.manager.sequence import AT_REST
from jaco_driver.driver import LATCHED

PACKAGE = "dummies"

SCRIPTS = {
    # Runs until a signal ends it.
    "patient": "signal.signal(signal.SIGINT, lambda *_: sys.exit(0)); say('up'); signal.pause()",
    # Will not go on SIGINT or SIGTERM.
    "stubborn": "[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)]; say('up'); time.sleep(600)",
    # Says on SIGINT that the arm rests, and will not go.
    "resting": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"signal.signal(signal.SIGINT, lambda *_: say({AT_REST!r})); say('up'); [signal.pause() for _ in iter(int, 1)]"
    ),
    # Ends well, at once.
    "finished": "say('done')",
    # Ends badly, at once, and says why.
    "broken": "say('[ERROR] the gearbox is on fire'); sys.exit(3)",
    # Says why in ROS's form, and ends badly.
    "refusing": "say('[FATAL] [1.0] [node]: no such camera.'); sys.exit(1)",
    # Says what is wrong in ROS's form, and goes on.
    "complaining": "say('[ERROR] [1.0] [node]: no such camera.'); signal.pause()",
    # A driver that latches a fault, and goes on.
    "latched": "say('[ERROR] [1.0] [driver]: The base is gone. " + LATCHED + "'); signal.pause()",
    # Ends badly, after others had time to complain.
    "giving_up": "time.sleep(1.0); say('[FATAL] [2.0] [node]: node camera refused.'); sys.exit(1)",
    # Is killed.
    "killed": "say('up'); os.kill(os.getpid(), signal.SIGKILL)",
    # Leaves a child in its session.
    "parent": (
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.signal(2, signal.SIG_IGN); signal.pause()']); "
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(0)); say(f'child {child.pid}'); signal.pause()"
    ),
    # Tells its arguments and its ROS domain.
    "talkative": "say(' '.join(sys.argv[1:])); say(os.environ['ROS_DOMAIN_ID']); signal.pause()",
    # Tells its niceness, and its session's where sessions have one, and ends.
    "niceness": (
        "group = '/proc/self/autogroup'; session = open(group).read().split()[1:] if os.path.exists(group) else []; "
        "say(' '.join(['niceness', str(os.nice(0)), *(['session', *session] if session else [])]))"
    ),
}


@pytest.fixture
def dummies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Returns the name of a package whose executables are SCRIPTS."""
    prefix = tmp_path / "prefix"
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    binaries = prefix / "lib" / PACKAGE
    index.mkdir(parents=True)
    binaries.mkdir(parents=True)
    (index / PACKAGE).touch()
    for name, body in SCRIPTS.items():
        script = binaries / name
        script.write_text(
            f"#!{sys.executable}\nimport os, signal, subprocess, sys, time\n\n"
            f"def say(text):\n    print(text, flush=True)\n\n{body}\n"
        )
        script.chmod(0o755)
    monkeypatch.setenv("AMENT_PREFIX_PATH", os.pathsep.join((str(prefix), os.environ.get("AMENT_PREFIX_PATH", ""))))
    return PACKAGE
