"""Finished episodes on disk, from their end until a version was made of them: what a kill would lose otherwise.

An episode's file appears at once or not at all. A version's card says which episodes it was made of (`Taken`), so none is learned
from twice, wherever the kill falls. The files of the newest version's episodes stay until the next one is there: should the
newest turn out damaged, it is made again. What an earlier life left is never removed, for replaying the run that takes it over.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jaco_core.errors import ConfigError
from jaco_learner.embedded.episode import Episode, from_file, to_bytes

FOLDER = "pending"


@dataclass(frozen=True, order=True)
class Taken:
    """How far a version has taken in what was kept: all before `episode`, and of that one so many `runs`."""

    episode: int = 0
    runs: int = 0

    @classmethod
    def of_card(cls, training: Mapping[str, Any]) -> Taken:
        """Returns what a version's card says; nothing, where it does not."""
        return cls(*training["taken"]) if "taken" in training else cls()


class PendingEpisodes:
    """The kept episodes of one learner's folder. `kept`: the newest one's number. `keep` and `forget` may have a thread each."""

    def __init__(self, folder: Path, origin: str, taken: Taken) -> None:
        """`origin`: says what learning began with; `taken`: by the version that it goes on from."""
        self._folder, self._origin, self._taken = folder / FOLDER, origin, taken
        self._found = pending_files(folder)
        self._own: set[int] = set()
        self._lock = threading.Lock()
        self._before = taken
        self.kept = max((taken.episode, *self._found))

    def left_over(self) -> Iterator[Episode | str]:
        """Yields what no version was made of when learning ended last, in order; of damaged files, a sentence.

        Raises:
            ConfigError: it comes from learning that began with something else.
        """
        for number, path in self._found.items():
            if number < self._taken.episode:
                continue
            try:
                episode, origin = from_file(path)
            except ConfigError as error:
                yield str(error)
                continue
            if origin != self._origin:
                raise ConfigError(
                    f"{self._folder} holds episodes of learning that began with another policy, settings, seed or task; "
                    "give another folder."
                )
            if number > self._taken.episode or len(episode.runs) > self._taken.runs:
                yield episode

    def keep(self, episode: Episode) -> Episode:
        """Writes `episode` in one atomic step; returns it with its number, or as it was where nothing in it can be learned from.

        Raises:
            ConfigError: it cannot be written.
        """
        if not episode.runs:
            return episode
        episode = replace(episode, number=self.kept + 1)
        path = self._folder / f"{episode.number:06d}.episode"
        partial = path.with_suffix(".partial")
        try:
            self._folder.mkdir(exist_ok=True)
            partial.write_bytes(to_bytes(episode, self._origin))
            os.replace(partial, path)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written, so a kill would lose this episode: {error.strerror}.") from None
        self.kept = episode.number
        with self._lock:
            self._own.add(episode.number)
        return episode

    def forget(self, taken: Taken) -> None:
        """A version was made, which has `taken` so much in: what the one before it had is not needed any more."""
        with self._lock:
            past = {number for number in self._own if number < self._before.episode}
            self._own -= past
        for number in past:
            (self._folder / f"{number:06d}.episode").unlink(missing_ok=True)
        self._before = taken


def pending_files(folder: Path) -> dict[int, Path]:
    """Returns the files of kept episodes in a learner's `folder`, by number, in order."""
    return {int(path.stem): path for path in sorted((folder / FOLDER).glob("[0-9]" * 6 + ".episode"))}
