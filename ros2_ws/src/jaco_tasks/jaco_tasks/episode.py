"""Counts an episode: the one judge that both the gymnasium environments and the graph's task node ask."""

from __future__ import annotations

from dataclasses import replace

from jaco_core.arms import Arm
from jaco_core.types import ENDED, RUNNING, WAITING, EpisodeStatus, JointSample, SceneSample, Vector
from jaco_tasks.task import Task


class EpisodeJudge:
    """Turns one observation per control period into step, reward, return and end of the running episode."""

    def __init__(self, task: Task, arm: Arm) -> None:
        self.task = task
        self._arm = arm
        self._status = EpisodeStatus(0, task.name, WAITING)
        self._fresh = False

    @property
    def status(self) -> EpisodeStatus:
        """What the last observation came to."""
        return self._status

    @property
    def played(self) -> bool:
        """Tells whether the episode is over and was not cut short from outside, which says nothing about who played it."""
        over = self._status.terminated or self._status.step >= self.task.max_steps
        return over and self._status.phase == ENDED

    def begin(self, episode: int, seed: int, furthest_m: float = 0.0) -> None:
        """Starts episode number `episode`, whose initial state was drawn with `seed`. The next observation is its step 0.

        `furthest_m`: how far from the task's first object it was to begin at most [m]; 0: the task's own starts.
        """
        stamp_ns = self._status.stamp_ns
        self._status = EpisodeStatus(stamp_ns, self.task.name, WAITING, episode=episode, seed=seed, furthest_m=furthest_m)
        self._fresh = True

    def abort(self, stamp_ns: int, reason: str) -> EpisodeStatus:
        """Ends the running episode from outside at `stamp_ns`: it is cut short, and earns nothing more."""
        self._status = replace(
            self._status, stamp_ns=stamp_ns, phase=ENDED, reward=0.0, truncated=True, success=False, reason=reason
        )
        return self._status

    def observe(self, stamp_ns: int, joints: JointSample, scene: SceneSample, palm: Vector) -> EpisodeStatus:
        """Judges the observation of `stamp_ns`, one per control period. `palm`: [m], shape (3,), base frame.

        Step 0 is the initial state and earns nothing. Before `begin` and after the end nothing is counted.

        Raises:
            ContractError: the scene or the joints lack what the task needs.
        """
        last = self._status
        if not self._fresh and last.phase != RUNNING:
            return last
        judgement = self.task.judge(self._arm, joints, scene, palm)
        step = 0 if self._fresh else last.step + 1
        reward = 0.0 if self._fresh else judgement.reward
        self._fresh = False
        terminated = bool(judgement.failure)
        truncated = not terminated and step >= self.task.max_steps
        self._status = EpisodeStatus(
            stamp_ns,
            self.task.name,
            ENDED if terminated or truncated else RUNNING,
            episode=last.episode,
            step=step,
            seed=last.seed,
            reward=reward,
            episode_return=last.episode_return + reward,
            terminated=terminated,
            truncated=truncated,
            success=judgement.success,
            reason=judgement.failure or ("time limit" if truncated else ""),
            furthest_m=last.furthest_m,
        )
        return self._status
