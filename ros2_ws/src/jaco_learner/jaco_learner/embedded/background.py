"""Learning on a thread of its own: an update takes seconds, and what is finished meanwhile must be kept meanwhile."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue

from jaco_core.errors import JacoError
from jaco_learner.embedded.episode import Episode

# How long the end of an update is waited for [s]; the runner ends a process that takes longer to end well before.
END_TIMEOUT_S = 60.0


class Background:
    """Calls `learn` with each episode that it is given, one after the other. torch leaves the interpreter to others meanwhile."""

    def __init__(self, learn: Callable[[Episode], None], fail: Callable[[str], None]) -> None:
        """Begins at once, with the niceness of the calling thread. `fail` is told there why it cannot go on."""
        self._learn, self._fail = learn, fail
        self._episodes: SimpleQueue[Episode | None] = SimpleQueue()
        self._given = self._done = 0
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="learning", daemon=True)
        self._thread.start()

    def give(self, episode: Episode) -> None:
        """Adds an episode; returns at once."""
        self._given += 1
        self._episodes.put(episode)

    @property
    def idle(self) -> bool:
        """Tells whether every episode is dealt with, or none will be any more."""
        return self._done == self._given or not self._thread.is_alive()

    def end(self) -> None:
        """Returns when the update that is under way is over, bounded; what was given since is left. Safe to call twice."""
        self._ending = True
        self._episodes.put(None)
        self._thread.join(END_TIMEOUT_S)

    def _run(self) -> None:
        try:
            while (episode := self._episodes.get()) is not None and not self._ending:
                self._learn(episode)
                self._done += 1
        except JacoError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 (the thread's edge: the process ends, says why, and is started again)
            traceback.print_exc()
            self._fail(f"Learning failed: {type(error).__name__}: {error}")
