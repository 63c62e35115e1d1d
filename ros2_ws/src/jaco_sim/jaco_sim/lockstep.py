"""The barrier at which the simulator waits, so that the graph runs as fast as its slowest node and nothing is dropped.

At every state tick it waits for the arm command that answers the tick's joint state. At an image tick that command must carry
the policy's answer to the image, and the task's verdict on the observation is waited for, too; when the verdict is that an
episode has to begin, so is the reset.
"""

from __future__ import annotations

from jaco_core.types import FINISHED, RUNNING, EpisodeStart, EpisodeStatus, VelocityCommand


class Barrier:
    """What one tick waits for. Messages that answer an earlier tick are counted and left aside. Stamps in ns."""

    def __init__(self) -> None:
        self._stamp = -1
        self._image = False
        self._command: VelocityCommand | None = None
        self._episode: EpisodeStatus | None = None
        self._start: EpisodeStart | None = None
        self.set_aside = 0

    def open(self, stamp_ns: int, image: bool) -> None:
        """Begins to wait for the answers to the tick of `stamp_ns`."""
        self._stamp, self._image = stamp_ns, image
        self._command = self._episode = None

    def offer_command(self, command: VelocityCommand) -> None:
        """Takes a command. At an image tick only one that carries the policy's answer to that image counts."""
        if command.stamp_ns == self._stamp and (not self._image or command.policy_stamp_ns == self._stamp):
            self._command = command
        else:
            self.set_aside += 1

    def offer_episode(self, status: EpisodeStatus) -> None:
        if status.stamp_ns == self._stamp:
            self._episode = status
        else:
            self.set_aside += 1

    def offer_reset(self, start: EpisodeStart) -> None:
        """Takes a request for a reset. It is carried out when the tick is complete, so that it always falls between two ticks."""
        self._start = start

    @property
    def missing(self) -> tuple[str, ...]:
        """Names what is still waited for, empty when the tick is complete."""
        missing = []
        if self._command is None:
            answer = "the policy's answer to the image in /arm/command" if self._image else "/arm/command"
            missing.append(f"{answer} (policy or supervisor)" if self._image else f"{answer} (supervisor)")
        if self._image and self._episode is None:
            missing.append("/episode/state (task)")
        elif self._image and self._episode is not None and self._start is None and self._episode.phase not in (RUNNING, FINISHED):
            missing.append("the reset of the episode (task)")
        return tuple(missing)

    @property
    def finished(self) -> bool:
        """The task says that the last episode has ended."""
        return self._episode is not None and self._episode.phase == FINISHED

    def take(self) -> tuple[VelocityCommand, EpisodeStart | None]:
        """Returns the command of a complete tick and the start of a reset that was asked for, and forgets the reset."""
        assert self._command is not None, "take() before the tick was complete"
        start, self._start = self._start, None
        return self._command, start
