"""Experience from many simulated arms: worker processes that act with a copy of the policy and write to shared memory."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jaco_core import shared_memory
from jaco_core.errors import ConfigError, TimeoutExceeded
from jaco_core.scheduling import give_way
from jaco_core.types import EpisodeStatus
from jaco_learner.guide import Guide
from jaco_learner.memory import keep_freed_memory
from jaco_learner.processes import WorkerProcess, close_workers
from jaco_learner.teacher import Teacher
from jaco_policy.networks import Column, joint_log_probability, sample_action
from jaco_sim.envs.batch import BatchEnv, BatchStep
from jaco_sim.simulation import make_scene

# Longest wait for one rollout; a worker needs a few seconds.
_TIMEOUT_S = 300.0
# Longest wait of a worker for another one after a step, which takes a fraction of a second.
_PATIENCE_S = 3.0
# Workers wait for each other and can share a core; nobody can help the learner, which would be the last of all without it.
_NICENESS = 4


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker simulates. `environments`: the worker's own."""

    task: str
    arm: str
    profile: str
    physics_step_s: float
    margin_m: float
    table_margin_m: float
    mesh_fraction: float
    environments: int
    steps: int
    guided: bool


@dataclass
class Rollout:
    """T steps of N environments. `start`: this observation is an episode's first; `done`: this transition ended one.

    Shapes: image (T, N, 64, 64, 3) uint8, or (T, N, 0) from an actor that sees the state; state (T+1, N, s), action
    (T, N, joints), log_probability, reward, done, start (T, N), position (T, N, 2, 3): palm and target [m]; advice
    (T, N, joints): the guide's action, if there is one; lstm (2, N, width): the LSTM's state before the first step.
    """

    image: Tensor
    state: Tensor
    action: Tensor
    log_probability: Tensor
    reward: Tensor
    done: Tensor
    start: Tensor
    position: Tensor
    advice: Tensor
    lstm: Tensor

    @staticmethod
    def allocate(steps: int, count: int, state_size: int, joints: int, lstm: int = 0, pixels: bool = True) -> Rollout:
        """Returns an empty rollout in shared memory.

        Raises:
            ConfigError: there is too little of it.
        """
        shapes: dict[str, tuple[tuple[int, ...], torch.dtype]] = {
            "image": ((steps, count, 64, 64, 3) if pixels else (steps, count, 0), torch.uint8),
            "state": ((steps + 1, count, state_size), torch.float32),
            "action": ((steps, count, joints), torch.int8),
            "log_probability": ((steps, count), torch.float32),
            "reward": ((steps, count), torch.float32),
            "done": ((steps, count), torch.bool),
            "start": ((steps, count), torch.bool),
            "position": ((steps, count, 2, 3), torch.float32),
            "advice": ((steps, count, joints), torch.int8),
            "lstm": ((2, count, lstm), torch.float32),
        }
        _require_room(sum(math.prod(shape) * dtype.itemsize for shape, dtype in shapes.values()))
        tensors = {name: torch.zeros(shape, dtype=dtype) for name, (shape, dtype) in shapes.items()}
        for tensor in tensors.values():
            tensor.share_memory_()  # type: ignore[no-untyped-call]
        return Rollout(**tensors)

    def part(self, first: int, count: int) -> Rollout:
        """Returns `count` environments' share from the `first` on, in the same memory."""
        return Rollout(**{name: getattr(self, name)[:, first : first + count] for name in Rollout.__dataclass_fields__})


def _require_room(needed: int) -> None:
    """Raises ConfigError where shared memory has no `needed` bytes left: who writes there anyway is killed without a word."""
    free = shutil.disk_usage(shared_memory.FOLDER).free if shared_memory.FOLDER.is_dir() else needed
    if needed > free:
        raise ConfigError(
            f"A rollout takes {needed / 1e6:.1f} MB of shared memory, and {shared_memory.FOLDER} has {free / 1e6:.1f} MB left; "
            "give a container more (docker run --shm-size=1g), or train with fewer environments."
        )


Actor = Column | Teacher


class RolloutWorkers:
    """Processes that each step a share of the environments. They live through all phases of a run: starting one takes seconds."""

    def __init__(self, workers: int) -> None:
        # Two that take turns: while one is learned from, the workers fill the other.
        self._rollouts: list[Rollout] = []
        self._shape: tuple[int, ...] = ()
        self._filling = 0
        self._actor: Actor | None = None
        self._pending = False
        # It lives for as long as they do.
        self._pace = get_context("spawn").Barrier(workers)
        self._workers = [WorkerProcess("A rollout worker", _work, self._pace) for _ in range(workers)]

    def begin(self, config: WorkerConfig, actor: Actor, state_size: int, seed: int) -> None:
        """Gives every worker new environments, whose episodes are a function of `seed`, and the kind of actor."""
        self._take()
        lstm = actor.spec.lstm if isinstance(actor, Column) else 0
        count = config.environments * len(self._workers)
        shape = (config.steps, count, state_size, actor.spec.joints, lstm, isinstance(actor, Column))
        self._actor = shared_copy(actor)
        if self._pace.broken:
            # One waited too long: building a scene can take one worker seconds longer than another.
            self._pace.reset()
        if shape != self._shape:
            # Kept from one segment to the next, of which two at once would need twice as much.
            self._rollouts, self._shape = [Rollout.allocate(*shape) for _ in range(2)], shape
        for index, worker in enumerate(self._workers):
            parts = [rollout.part(index * config.environments, config.environments) for rollout in self._rollouts]
            worker_seed = int(np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0] >> 2)
            worker.send((config, parts, self._actor, worker_seed))

    def request(self, actor: Actor) -> None:
        """Asks every worker for T steps with the present weights of `actor`, and does not wait for them.

        Raises:
            JacoError: a worker has died.
        """
        assert self._actor is not None and not self._pending
        self._actor.load_state_dict(actor.state_dict())
        self._filling = 1 - self._filling
        for worker in self._workers:
            worker.send(self._filling)
        self._pending = True

    def collect(self) -> tuple[Rollout, list[EpisodeStatus]]:
        """Waits for what was requested; returns it, in memory that the next but one will be in, and the episodes that ended.

        Raises:
            JacoError: a worker failed; the text is its traceback.
            TimeoutExceeded: a worker does not answer.
        """
        ended = self._take()
        return self._rollouts[self._filling], ended

    def close(self) -> None:
        """Ends the processes."""
        close_workers(self._workers)

    def _take(self) -> list[EpisodeStatus]:
        """Waits until no worker writes any more; returns the episodes that ended."""
        ended: list[EpisodeStatus] = []
        for worker in self._workers if self._pending else []:
            if not worker.pipe.poll(_TIMEOUT_S):
                raise TimeoutExceeded(f"A rollout worker has not answered for {_TIMEOUT_S:.0f} s; is the machine out of memory?")
            ended += worker.receive()
        self._pending = False
        return ended


def shared_copy(actor: Actor) -> Actor:
    """Returns an actor of the same kind in shared memory, with weights of its own."""
    copy: Actor = Column(actor.spec) if isinstance(actor, Column) else Teacher(actor.spec)
    copy.share_memory()
    return copy


def _work(pipe: Any, pace: Barrier) -> None:
    """A worker's process: new environments or one rollout per message, until the pipe closes. `pace`: where all workers meet."""
    keep_freed_memory()
    give_way(_NICENESS)
    collector: _Collector | None = None
    scenes: dict[WorkerConfig, Any] = {}
    while True:
        message = pipe.recv()
        if isinstance(message, int):
            assert collector is not None
            pipe.send(collector.collect(message))
            continue
        config, rollouts, actor, seed = message
        if collector is not None:
            collector.close()
        torch.manual_seed(seed)
        if config not in scenes:
            scenes[config] = make_scene(
                config.task,
                config.arm,
                config.profile,
                config.physics_step_s,
                config.mesh_fraction,
                margin_m=config.margin_m,
                table_margin_m=config.table_margin_m,
            )
        environment = BatchEnv(scenes[config], config.environments, seed, render=isinstance(actor, Column))
        collector = _Collector(environment, rollouts, actor, config.guided, pace)


class _Collector:
    """Fills rollouts, going on where the last one stopped."""

    def __init__(self, environment: BatchEnv, rollouts: list[Rollout], actor: Actor, guided: bool, pace: Barrier) -> None:
        self._environment, self._rollouts, self._actor, self._pace = environment, rollouts, actor, pace
        self._step: BatchStep = environment.reset(stagger=True)
        self._start = torch.ones(environment.count, dtype=torch.bool)
        self._lstm = actor.initial_state(environment.count) if isinstance(actor, Column) else None
        self._guide = Guide(environment) if guided else None

    @torch.inference_mode()
    def collect(self, number: int) -> list[EpisodeStatus]:
        """Fills the rollout of this number; returns the episodes that ended."""
        rollout: Rollout = self._rollouts[number]
        ended: list[EpisodeStatus] = []
        if self._lstm is not None:
            rollout.lstm.copy_(torch.stack(self._lstm))
        for index in range(len(rollout.reward)):
            if isinstance(self._actor, Column):
                rollout.image[index] = torch.from_numpy(self._step.image)
            rollout.state[index] = torch.from_numpy(self._step.state)
            rollout.start[index] = self._start
            rollout.position[index] = torch.from_numpy(np.stack((self._step.palm, self._step.target), axis=1))
            if self._guide is not None:
                rollout.advice[index] = torch.from_numpy(self._guide.advise())
            action = self._act(rollout, index)
            self._step = self._environment.step(action.numpy())
            self._start = torch.from_numpy(self._step.terminated | self._step.truncated)
            rollout.reward[index] = torch.from_numpy(self._step.reward)
            rollout.done[index] = self._start
            ended += self._step.ended
            self._keep_pace()
        rollout.state[-1] = torch.from_numpy(self._step.state)
        return ended

    def close(self) -> None:
        """Releases the renderer."""
        self._environment.close()

    def _keep_pace(self) -> None:
        """Waits for the other workers after a step: one that ran ahead would leave its core idle when the others are last."""
        try:
            self._pace.wait(_PATIENCE_S)
        except BrokenBarrierError:
            # Another one has died or hangs, which its pipe tells; what this one collects does not depend on it.
            return

    def _act(self, rollout: Rollout, index: int) -> Tensor:
        """Returns the actions, shape (N, joints), for the observation of step `index`."""
        if isinstance(self._actor, Teacher):
            logits = self._actor(rollout.state[index])
        else:
            if self._lstm is not None:
                keep = (~self._start).unsqueeze(1)
                self._lstm = (self._lstm[0] * keep, self._lstm[1] * keep)
            # As the learner does: between two precisions the same policy would differ from itself.
            with torch.autocast("cpu", dtype=torch.bfloat16):
                output, self._lstm = self._actor(rollout.image[index], self._lstm)
            logits = output.logits
        action = sample_action(logits)
        rollout.action[index] = action
        rollout.log_probability[index] = joint_log_probability(logits, action)
        return action
