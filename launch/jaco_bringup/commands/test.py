"""`jaco test`: style, types and tests, with pytest's own closing line as the last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jaco_bringup.checkout import checkout_root

SYSTEM = "tests"
UNIT = ("ros2_ws/src/*/test", "launch/test", "models/test")


def test_folders(root: Path, suite: str) -> list[str]:
    """Returns the folders with the tests of `suite` ("unit", "system" or "all"), relative to `root`."""
    unit = sorted(str(folder.relative_to(root)) for pattern in UNIT for folder in root.glob(pattern))
    system = [SYSTEM] if (root / SYSTEM).is_dir() else []
    return {"unit": unit, "system": system, "all": unit + system}[suite]


def run(suite: str) -> int:
    """Runs the checks and the tests of `suite`; returns 0 when all passed.

    Raises:
        ConfigError: this is not a source checkout.
    """
    root = checkout_root()
    failed = []
    if suite != "system":
        failed = [name for name, arguments in (("ruff", ["check", "."]), ("mypy", [])) if _module(root, name, *arguments) != 0]
    sys.stdout.flush()
    tests = _module(root, "pytest", *test_folders(root, suite))
    if failed:
        print(f"jaco: {' and '.join(failed)} found faults; see above.", file=sys.stderr)
    return tests or (1 if failed else 0)


def _module(root: Path, name: str, *arguments: str) -> int:
    return subprocess.call([sys.executable, "-m", name, *arguments], cwd=root)
