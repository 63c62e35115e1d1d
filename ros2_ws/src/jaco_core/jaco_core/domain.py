"""Holds a ROS domain, so that two graphs never drive each other's arm by accident."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from jaco_core.errors import ConfigError
from jaco_core.shared_memory import clean

HIGHEST_DOMAIN = 101
"""Above it, the ports of DDS run into the ephemeral ports of Linux."""


class DomainTaken(ConfigError):
    """Another jaco graph runs in the domain."""


class RosDomain:
    """A ROS domain that no other runner on this machine uses, held by a lock that the kernel releases when this process ends."""

    def __init__(self, number: int, folder: Path | None = None) -> None:
        """Takes domain `number`. `folder`: where locks are kept, the machine's temporary folder by default.

        Raises:
            ConfigError: no such domain.
            DomainTaken: another graph of this machine runs there.
        """
        if not 0 <= number <= HIGHEST_DOMAIN:
            raise ConfigError(f"ROS domain {number} is out of range; allowed: 0 to {HIGHEST_DOMAIN}.")
        self.number = number
        path = (folder or Path(tempfile.gettempdir())) / f"jaco-domain-{number}.lock"
        self._descriptor = _open(path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise DomainTaken(
                f"ROS domain {number} is taken by another jaco graph; end that one or choose another with --domain."
            ) from None

    def release(self) -> None:
        """Gives the domain back; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> RosDomain:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def take_domain(number: int | None, folder: Path | None = None) -> RosDomain:
    """Takes domain `number`, or the first free one when it is None.

    Raises:
        ConfigError: no such domain.
        DomainTaken: it, or every one, is taken.
    """
    if number is not None:
        return RosDomain(number, folder)
    for candidate in range(HIGHEST_DOMAIN + 1):
        try:
            return RosDomain(candidate, folder)
        except DomainTaken:
            continue
    raise DomainTaken(f"All ROS domains from 0 to {HIGHEST_DOMAIN} are taken by jaco graphs on this machine.")


def take_random_domain() -> RosDomain:
    """Takes a free ROS domain, whichever: for what must not meet a graph that somebody runs in one that is tried first.

    What killed processes have left of the middleware is removed: who comes to their domain would stumble over it.
    Locks tell only of this machine's graphs, and only of those that see the same temporary folder.

    Raises:
        DomainTaken: all are taken.
    """
    clean()
    for number in random.sample(range(1, HIGHEST_DOMAIN + 1), HIGHEST_DOMAIN):
        with suppress(DomainTaken):
            return RosDomain(number)
    raise DomainTaken(f"All ROS domains from 1 to {HIGHEST_DOMAIN} are taken by jaco graphs on this machine.")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o666)
    except PermissionError:  # another user's file in a sticky folder: it may not be created again, but a reader can lock it
        return os.open(path, os.O_RDONLY)
