"""Worker processes of this machine: each has a pipe to who began it, through which its failure comes as a traceback."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import multiprocessing

from jaco_core.errors import JacoError

# A process that is told to end has so long before it is killed [s].
_PATIENCE_S = 10.0


class WorkerDied(JacoError):
    """A worker's process ended without a word."""


class WorkerProcess:
    """A process, and this end of its pipe."""

    def __init__(self, name: str, work: Callable[..., None], *arguments: Any) -> None:
        """Begins `work(pipe, *arguments)`, a function of a module. `name`: how errors call it, such as "A rollout worker"."""
        self._name = name
        context = multiprocessing.get_context("spawn")
        self.pipe, there = context.Pipe()
        self._process: Any = context.Process(target=_live, args=(work, there, *arguments), daemon=True)
        self._process.start()
        # Only its own end keeps the pipe open: where the process ends, the pipe does.
        there.close()

    @property
    def process_id(self) -> int:
        """The number that the system knows the process by."""
        return int(self._process.pid)

    def send(self, message: Any) -> None:
        """Sends `message` without waiting for an answer.

        Raises:
            WorkerDied: the process has ended.
            JacoError: the worker had failed; the text is its traceback.
        """
        try:
            self.pipe.send(message)
        except BrokenPipeError:
            # The worker's last words, if it had any, are still in the pipe.
            self.receive()
            raise self._death() from None

    def receive(self) -> Any:
        """Waits for the next message and returns it.

        Raises:
            WorkerDied: the process has ended.
            JacoError: the worker failed; the text is its traceback.
        """
        try:
            message = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            raise self._death() from None
        if isinstance(message, str):
            raise JacoError(f"{self._name} failed:\n{message}")
        return message

    def end_code(self) -> int | None:
        """Waits a while for the process to end; returns its exit code, None while it goes on."""
        self._process.join(_PATIENCE_S)
        code: int | None = self._process.exitcode
        return code

    def kill(self) -> None:
        """Ends the process at once where it still runs."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _death(self) -> WorkerDied:
        return WorkerDied(f"{self._name} has died; its error is above.")


def close_workers(workers: Sequence[WorkerProcess]) -> None:
    """Ends `workers`: they notice that their pipes close; one that does not is killed."""
    for worker in workers:
        worker.pipe.close()
    for worker in workers:
        worker.end_code()
        worker.kill()


def _live(work: Callable[..., None], pipe: Any, *arguments: Any) -> None:
    """A worker's process: works until it is done, or nobody is at the other end of `pipe` any more."""
    # One thread per process: the processes are what shares the cores.
    torch.set_num_threads(1)
    try:
        work(pipe, *arguments)
    except (EOFError, KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        return
    except Exception:  # noqa: BLE001 (a process edge: who began it reports it and stops)
        pipe.send(traceback.format_exc())
