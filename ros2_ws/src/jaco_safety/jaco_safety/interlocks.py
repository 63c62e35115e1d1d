"""What from outside forbids motion for as long as it lasts: stop inputs, and more publishers than may command."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from jaco_safety.reasons import Evidence, Reason


class InputKind(IntEnum):
    """Who demands a stop; the numbers are those of jaco_interfaces/msg/StopInput."""

    DRIVER = 0
    OPERATOR = 1
    HARDWARE = 2


_REASONS = {
    InputKind.DRIVER: Reason.DRIVER_FAULT,
    InputKind.OPERATOR: Reason.OPERATOR_STOP,
    InputKind.HARDWARE: Reason.HARDWARE_STOP,
}


class Interlocks:
    """Remembers every cause that lasts."""

    def __init__(self) -> None:
        self._inputs: dict[tuple[InputKind, str], Evidence] = {}
        self._rivals: dict[str, Evidence] = {}

    @property
    def lasting(self) -> Evidence | None:
        """The gravest cause that lasts, or None."""
        causes = [*self._inputs.values(), *self._rivals.values()]
        return max(causes, key=lambda evidence: evidence.state) if causes else None

    def input(self, kind: InputKind, source: str) -> Evidence | None:
        """Returns why `source` demands a stop, or None when it does not."""
        return self._inputs.get((kind, source))

    def rivals(self, topic: str) -> Evidence | None:
        """Returns who publish on `topic` where more than one do, or None."""
        return self._rivals.get(topic)

    def set_input(self, kind: InputKind, source: str, active: bool, message: str) -> Evidence | None:
        """A stop input changed; returns evidence when it demands a stop, or None when it does not any more."""
        if not active:
            self._inputs.pop((kind, source), None)
            return None
        evidence = Evidence(_REASONS[kind], f"{source}: {message}" if message else f"{source}.")
        self._inputs[kind, source] = evidence
        return evidence

    def set_publishers(self, topic: str, nodes: Sequence[str]) -> Evidence | None:
        """`nodes` publish commands on `topic`, which one may; returns evidence when there are more, else None."""
        if len(nodes) <= 1:
            self._rivals.pop(topic, None)
            return None
        evidence = Evidence(Reason.SECOND_PUBLISHER, f"{topic} ({', '.join(sorted(nodes))})", float(len(nodes)), 1.0, "nodes")
        self._rivals[topic] = evidence
        return evidence
