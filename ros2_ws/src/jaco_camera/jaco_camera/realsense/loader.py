"""Imports pyrealsense2 when a source asks for it. Cameras of other makes do without it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from jaco_core.errors import ConfigError

VERSION = "2.59.1.11053"
"""The wheel that this was written against, for CPython 3.10 to 3.12 on Linux; setup.py's extra `realsense` names it too."""


def install_line() -> str:
    """Returns the command that installs the wheel where this interpreter looks."""
    return f"{Path(sys.prefix) / 'bin' / 'pip'} install pyrealsense2=={VERSION}"


def load_vendor() -> Any:
    """Returns the module pyrealsense2.

    Raises:
        ConfigError: it is not installed, or a library of the system that it needs is not.
    """
    try:
        return importlib.import_module("pyrealsense2")
    except ImportError as error:
        # libusb is not in the wheel. A module that is not there at all has a name.
        remedy = f"call `{install_line()}`" if error.name == "pyrealsense2" else "install the Debian package libusb-1.0-0"
        raise ConfigError(f"The RealSense library does not import ({error}): {remedy}.") from error
