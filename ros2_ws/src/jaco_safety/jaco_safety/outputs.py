"""What the supervisor publishes: commands with their numbers, and the status whenever it says something new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jaco_core.ros.convert import command_to_message
from jaco_core.types import VelocityCommand
from jaco_core.units import NS_PER_S
from jaco_safety.answer import Answer
from jaco_safety.messages import StatusKey, diagnostics_message, status_key, status_message, step_message
from jaco_safety.supervisor import Supervisor


@dataclass(frozen=True)
class Publishers:
    """ROS publishers, each for one topic."""

    command: Any
    status: Any
    steps: Any
    diagnostics: Any

    @property
    def all(self) -> tuple[Any, ...]:
        return self.command, self.status, self.steps, self.diagnostics


class Outputs:
    """Turns answers into messages."""

    def __init__(
        self, publishers: Publishers, supervisor: Supervisor, joint_names: tuple[str, ...], log_stop: Callable[[str], None]
    ) -> None:
        """`log_stop` is told why the arm is stopped, often."""
        self._to, self._supervisor, self._joint_names, self._log_stop = publishers, supervisor, joint_names, log_stop
        self._sequence = 0
        self._published: StatusKey | None = None

    def begin(self) -> None:
        """Publishes the status whatever was published before."""
        self._published = None
        self.status()

    def answer(self, answer: Answer | None) -> None:
        """Publishes `answer`, the policy step that it ended, and the status where it is news."""
        if answer is not None:
            self.command(answer)
        if (step := self._supervisor.take_step()) is not None:
            self._to.steps.publish(step_message(step, self._joint_names, self._supervisor.mode.value))
        if self._published != self._key():
            self.status()

    def command(self, answer: Answer) -> None:
        """Publishes the command of `answer`."""
        self._sequence += 1
        command = VelocityCommand(
            answer.stamp_ns, self._joint_names, answer.velocity, self._sequence, answer.policy_version, answer.policy_stamp_ns
        )
        self._to.command.publish(command_to_message(command))

    def status(self) -> None:
        """Publishes the status."""
        self._published = self._key()
        self._to.status.publish(status_message(self._supervisor))
        evidence = self._supervisor.evidence
        if evidence is not None and evidence.latches:
            self._log_stop(evidence.sentence)

    def diagnostics(self) -> None:
        """Publishes the diagnostics."""
        self._to.diagnostics.publish(diagnostics_message(self._supervisor))

    def _key(self) -> StatusKey:
        answer = self._supervisor.answer
        return status_key(self._supervisor, answer.stamp_ns // NS_PER_S if answer is not None else 0)
