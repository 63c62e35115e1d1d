"""A3C on Ray (docs.ray.io): workers anywhere compute gradients, and this process applies them as they come.

The workers' weights are copies, one update old or more, as they are between A3C's threads; no worker waits for another. With
RAY_ADDRESS set the workers are on that cluster, whose machines need this package in the same version; else on this machine.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_core.errors import ConfigError, JacoError, TimeoutExceeded
from jaco_learner.a3c.engine import MOST_REPLACED, TIMEOUT_S, Order, Shared, StagedWorker
from jaco_learner.a3c.worker import Report

# Weights and gradients pass through Ray's shared memory, some MB at a time [bytes].
_STORE = 200_000_000


class RayEngine:
    """Workers as Ray actors. One whose process or machine dies is replaced."""

    def __init__(self, order: Order, shared: Shared) -> None:
        """Raises ConfigError where Ray is missing, JacoError where it does not start."""
        try:
            import ray
        except ImportError:
            raise ConfigError(
                "Engine 'ray' needs Ray, which is not installed; `pip install ray==2.60.0`, or --engine local."
            ) from None
        self._ray: Any = ray
        self._order, self._shared = order, shared
        self._actors: list[Any] = []
        self._pending: dict[Any, int] = {}
        self._ids: list[int] = []
        self.replaced = 0
        self._joined = not ray.is_initialized()
        if self._joined:
            _join(ray, order.recipe.workers)
        self._kind = ray.remote(num_cpus=1, max_restarts=0)(_Actor)

    def start(self, workers: int) -> None:
        """Lets so many workers work, those that do already among them."""
        for worker in range(len(self._actors), workers):
            self._actors.append(self._begin(worker))
            self._ids.append(0)
            self._send(worker)

    @property
    def process_ids(self) -> list[int]:
        """The workers' processes on this machine, as far as they have reported yet; 0 for the others."""
        return list(self._ids)

    def reports(self) -> list[tuple[int, Report]]:
        """Waits for gradients, applies them in the order of arrival, and sends their workers on with the present weights."""
        ready, _ = self._ray.wait(list(self._pending), num_returns=1, timeout=TIMEOUT_S)
        if not ready:
            raise TimeoutExceeded(f"No A3C worker on Ray has reported for {TIMEOUT_S:.0f} s; `ray status` says what is free.")
        told: list[tuple[int, Report]] = []
        for reference in ready:
            worker = self._pending.pop(reference)
            try:
                gradient, report, host, process = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                # What the worker raised, or why it could not even begin: another one would do the same.
                if isinstance(error, self._ray.exceptions.RayTaskError) or getattr(error, "actor_init_failed", False):
                    raise JacoError(f"An A3C worker failed:\n{error}") from None
                self._replace(worker, error)
                continue
            self._ids[worker] = process if host == socket.gethostname() else 0
            rate = self._order.recipe.learning_rate_at(float(self._shared.progress))
            self._shared.optimiser.step(torch.from_numpy(gradient.copy()), rate)
            self._send(worker)
            told.append((worker, report))
        return told

    def close(self) -> None:
        """Ends the workers, and Ray where it was begun here; a cluster goes on without this process."""
        if self._joined:
            self._ray.shutdown()
        else:
            for actor in self._actors:
                self._ray.kill(actor)
        self._actors, self._pending, self._ids = [], {}, []

    def _begin(self, worker: int) -> Any:
        seed = self._order.seed_of(worker, self.replaced)
        return self._kind.remote(self._order, self._shared.mean_image.numpy(), seed)

    def _send(self, worker: int) -> None:
        # A copy: the next gradient is applied while it is still on its way.
        weights = self._shared.optimiser.weights.numpy().copy()
        self._pending[self._actors[worker].improve.remote(weights, float(self._shared.progress))] = worker

    def _replace(self, worker: int, error: Exception) -> None:
        self.replaced += 1
        if self.replaced > MOST_REPLACED:
            raise JacoError(f"{self.replaced} A3C workers on Ray have died, the last so: {error}") from None
        # One that is only out of reach must not keep its CPU.
        self._ray.kill(self._actors[worker])
        self._actors[worker], self._ids[worker] = self._begin(worker), 0
        self._send(worker)


def _join(ray: Any, workers: int) -> None:
    """Joins the cluster of RAY_ADDRESS, whose resources are its own business; else starts Ray for this process alone.

    Raises:
        JacoError: it does not start, or is not there.
    """
    address = os.environ.get("RAY_ADDRESS")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # "local": a Ray of its own, not whatever somebody has begun on this machine. It asks who comes for a token of this user's.
    here = {"address": "local", "num_cpus": workers, "object_store_memory": _STORE, "include_dashboard": False}
    try:
        ray.init(logging_level="error", log_to_driver=False, **({} if address else here))
    except Exception as error:  # noqa: BLE001 (Ray raises bare exceptions where its processes do not come up)
        if address:
            raise JacoError(f"The Ray cluster of RAY_ADDRESS '{address}' can not be joined: {error}") from None
        # 15 s for the first helpers to come up, whatever is set: github.com/ray-project/ray/issues/65983.
        raise JacoError(
            f"Ray does not start here: {error} It gives its helpers 15 s, too little on a very busy machine, or where Python "
            "must compile Ray's modules each time (PYTHONDONTWRITEBYTECODE): try again, or take --engine local."
        ) from None


class _Actor:
    """A worker in a process of Ray's."""

    def __init__(self, order: Order, mean_image: NDArray[np.float32], seed: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._worker = StagedWorker(order, torch.from_numpy(mean_image.copy()), seed)

    def improve(self, weights: NDArray[np.float32], progress: float) -> tuple[NDArray[np.float32], Report, str, int]:
        """Returns gradient, report, and where this process is."""
        gradient, report = self._worker.improve(torch.from_numpy(weights.copy()), progress)
        return gradient.numpy(), report, socket.gethostname(), os.getpid()
