"""Experience from many simulated arms: worker processes that act with a copy of the policy and write to shared memory."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, multiprocessing

from jaco_core.errors import JacoError, TimeoutExceeded
from jaco_core.types import EpisodeStatus
from jaco_policy.networks import Column, ColumnSpec, joint_log_probability, sample_action
from jaco_sim.envs.batch import BatchEnv, BatchStep
from jaco_sim.simulation import make_scene

# Longest wait for one rollout; a worker needs a few seconds.
_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker simulates."""

    task: str
    arm: str
    profile: str
    physics_step_s: float
    mesh_fraction: float
    environments: int
    steps: int
    column: ColumnSpec


@dataclass
class Rollout:
    """T steps of N environments. `start`: this observation is an episode's first; `done`: this transition ended one.

    Shapes: image (T, N, 64, 64, 3) uint8, state (T+1, N, s), action (T, N, joints), log_probability, reward, done, start (T, N),
    position (T, N, 2, 3): palm and target [m]; lstm (2, N, width): the LSTM's state before the first step.
    """

    image: Tensor
    state: Tensor
    action: Tensor
    log_probability: Tensor
    reward: Tensor
    done: Tensor
    start: Tensor
    position: Tensor
    lstm: Tensor

    @staticmethod
    def allocate(steps: int, count: int, state_size: int, spec: ColumnSpec) -> Rollout:
        """Returns an empty rollout in shared memory."""
        shapes: dict[str, tuple[tuple[int, ...], torch.dtype]] = {
            "image": ((steps, count, 64, 64, 3), torch.uint8),
            "state": ((steps + 1, count, state_size), torch.float32),
            "action": ((steps, count, spec.joints), torch.int8),
            "log_probability": ((steps, count), torch.float32),
            "reward": ((steps, count), torch.float32),
            "done": ((steps, count), torch.bool),
            "start": ((steps, count), torch.bool),
            "position": ((steps, count, 2, 3), torch.float32),
            "lstm": ((2, count, spec.lstm), torch.float32),
        }
        tensors = {name: torch.zeros(shape, dtype=dtype) for name, (shape, dtype) in shapes.items()}
        for tensor in tensors.values():
            tensor.share_memory_()  # type: ignore[no-untyped-call]
        return Rollout(**tensors)

    @staticmethod
    def join(parts: list[Rollout]) -> Rollout:
        """Returns the workers' rollouts side by side."""
        names = Rollout.__dataclass_fields__
        return Rollout(**{name: torch.cat([getattr(part, name) for part in parts], dim=1) for name in names})


class RolloutWorkers:
    """Processes that each step a share of the environments with the policy that `collect` is given."""

    def __init__(self, config: WorkerConfig, workers: int, seed: int, state_size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._column = Column(config.column).share_memory()
        self._rollouts = [Rollout.allocate(config.steps, config.environments, state_size, config.column) for _ in range(workers)]
        self._pipes: list[Any] = []
        self._processes: list[Any] = []
        for index, rollout in enumerate(self._rollouts):
            here, there = context.Pipe()
            worker_seed = int(np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0] >> 2)
            process = context.Process(target=_work, args=(there, config, rollout, self._column, worker_seed), daemon=True)
            process.start()
            there.close()
            self._pipes.append(here)
            self._processes.append(process)

    def collect(self, column: Column) -> tuple[Rollout, list[EpisodeStatus]]:
        """Acts T steps everywhere with the weights of `column`; returns them and the episodes that ended.

        Raises:
            JacoError: a worker failed; the text is its traceback.
            TimeoutExceeded: a worker does not answer.
        """
        self._column.load_state_dict(column.state_dict())
        for pipe in self._pipes:
            pipe.send("collect")
        ended: list[EpisodeStatus] = []
        for pipe in self._pipes:
            if not pipe.poll(_TIMEOUT_S):
                raise TimeoutExceeded(f"A rollout worker has not answered for {_TIMEOUT_S:.0f} s; is the machine out of memory?")
            try:
                answer = pipe.recv()
            except EOFError:
                raise JacoError("A rollout worker has died; its error is above.") from None
            if isinstance(answer, str):
                raise JacoError(f"A rollout worker failed:\n{answer}")
            ended += answer
        return Rollout.join(self._rollouts), ended

    def close(self) -> None:
        """Ends the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(10.0)
            if process.is_alive():
                process.kill()


def _work(pipe: Any, config: WorkerConfig, rollout: Rollout, column: Column, seed: int) -> None:
    """A worker's process: one rollout per request, until the pipe closes."""
    # One thread per process: the processes are what shares the cores.
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    try:
        scene = make_scene(config.task, config.arm, config.profile, config.physics_step_s, config.mesh_fraction)
        collector = _Collector(BatchEnv(scene, config.environments, seed), rollout, column)
        while pipe.recv() == "collect":
            pipe.send(collector.collect())
    except (EOFError, KeyboardInterrupt, BrokenPipeError):
        return
    except Exception:  # noqa: BLE001 (a process edge: the learner reports it and stops)
        pipe.send(traceback.format_exc())


class _Collector:
    """Fills a rollout, going on where the last one stopped."""

    def __init__(self, environment: BatchEnv, rollout: Rollout, column: Column) -> None:
        self._environment, self._rollout, self._column = environment, rollout, column
        self._step: BatchStep = environment.reset(stagger=True)
        self._start = torch.ones(environment.count, dtype=torch.bool)
        self._lstm = column.initial_state(environment.count)

    @torch.inference_mode()
    def collect(self) -> list[EpisodeStatus]:
        """Returns the episodes that ended."""
        rollout, ended = self._rollout, []
        if self._lstm is not None:
            rollout.lstm.copy_(torch.stack(self._lstm))
        for index in range(len(rollout.reward)):
            rollout.image[index] = torch.from_numpy(self._step.image)
            rollout.state[index] = torch.from_numpy(self._step.state)
            rollout.start[index] = self._start
            rollout.position[index] = torch.from_numpy(np.stack((self._step.palm, self._step.target), axis=1))
            action = self._act(index)
            self._step = self._environment.step(action.numpy())
            self._start = torch.from_numpy(self._step.terminated | self._step.truncated)
            rollout.reward[index] = torch.from_numpy(self._step.reward)
            rollout.done[index] = self._start
            ended += self._step.ended
        rollout.state[-1] = torch.from_numpy(self._step.state)
        return ended

    def _act(self, index: int) -> Tensor:
        """Returns the actions, shape (N, joints), for the images of step `index`."""
        if self._lstm is not None:
            keep = (~self._start).unsqueeze(1)
            self._lstm = (self._lstm[0] * keep, self._lstm[1] * keep)
        output, self._lstm = self._column(self._rollout.image[index], self._lstm)
        action = sample_action(output.logits)
        self._rollout.action[index] = action
        self._rollout.log_probability[index] = joint_log_probability(output.logits, action)
        return action
