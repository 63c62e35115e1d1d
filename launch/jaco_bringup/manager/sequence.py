"""The order in which lifecycle nodes are brought up and taken down, without ROS."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from jaco_core.errors import ContractError, JacoError

AT_REST = "The arm is at rest."
"""What the manager's log says once it has brought the arm to rest. The runner waits for it."""


class Managed(Protocol):
    """A lifecycle node as seen from outside. Every method waits at most `timeout` [s] and raises JacoError when it is refused."""

    target: str

    def wait(self, timeout: float) -> None:
        """Waits until the node can be asked."""

    def configure(self, timeout: float) -> None:
        """Unconfigured -> inactive."""

    def activate(self, timeout: float) -> None:
        """Inactive -> active."""

    def deactivate(self, timeout: float) -> None:
        """Active -> inactive."""

    def cleanup(self, timeout: float) -> None:
        """Inactive -> unconfigured."""


@dataclass(frozen=True)
class Bounds:
    """Longest waits [s]: for a process to start, for a transition up, for a transition down, for the whole way down."""

    startup: float
    transition: float
    release: float
    take_down: float


class LifecycleSequence:
    """Brings nodes up in order and takes them down in reverse. Remembers how far each one came."""

    def __init__(self, nodes: Sequence[Managed], bounds: Bounds, log: Callable[[str], None]) -> None:
        self._nodes = tuple(nodes)
        self._bounds = bounds
        self._log = log
        self._configured: list[Managed] = []
        self._active: list[Managed] = []

    def wait(self) -> None:
        """Waits for every process.

        Raises:
            TimeoutExceeded: names the one that did not come.
        """
        for node in self._nodes:
            node.wait(self._bounds.startup)

    def bring_up(self) -> None:
        """Configures all nodes in order, then activates all in order.

        Raises:
            JacoError: names the node that refused; what was up stays up, for `take_down`.
        """
        for node in self._nodes:
            self._advance(node, self._configured, node.configure)
        for node in self._nodes:
            self._advance(node, self._active, node.activate)

    def bring_back(self, node: Managed) -> None:
        """Configures and activates a node whose process was started again."""
        node.configure(self._bounds.transition)
        node.activate(self._bounds.transition)

    def take_down(self) -> None:
        """Deactivates, then cleans up, in reverse order. A node that does not answer is named in the log and not asked again."""
        deadline = time.monotonic() + self._bounds.take_down
        self._release(self._active, lambda node, timeout: node.deactivate(timeout), deadline)
        self._release(self._configured, lambda node, timeout: node.cleanup(timeout), deadline)

    def _advance(self, node: Managed, reached: list[Managed], step: Callable[[float], None]) -> None:
        # Noted before it is asked: a node whose answer does not come may have done it all the same.
        reached.append(node)
        try:
            step(self._bounds.transition)
        except ContractError:
            reached.remove(node)
            raise

    def _release(self, nodes: list[Managed], step: Callable[[Managed, float], None], deadline: float) -> None:
        while nodes:
            node = nodes.pop()
            timeout = min(self._bounds.release, deadline - time.monotonic())
            if timeout <= 0.0:
                self._log(f"No time was left to take down node '{node.target}'.")
                continue
            try:
                step(node, timeout)
            except JacoError as error:
                self._log(str(error))
                if node in self._configured:
                    self._configured.remove(node)
