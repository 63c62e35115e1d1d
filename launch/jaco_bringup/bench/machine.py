"""What a figure was measured on and with."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("rclpy", "torch", "mujoco", "numpy")


def machine() -> dict[str, str | int]:
    """Returns the machine and the versions of what decides speed, as flat keys."""
    facts: dict[str, str | int] = {
        "machine_cpu": _cpu(),
        "machine_cores": len(os.sched_getaffinity(0)),
        "machine_memory_gib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30,
        "machine_system": platform.platform(),
        "version_python": platform.python_version(),
        "version_ros": os.environ.get("ROS_DISTRO", "wheels"),
    }
    for name in PACKAGES:
        facts[f"version_{name}"] = _version(name)
    return facts


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _version(package: str) -> str:
    for name in (package, f"ros-{package}"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "not installed"
