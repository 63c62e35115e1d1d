"""Many simulated arms in one process, stepped together: what training uses. Ended episodes restart by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.ramp import ramp_velocity
from jaco_core.types import ENDED, EpisodeStatus
from jaco_sim.envs.pictures import IMAGE_SIZE, Pictures
from jaco_sim.scene import Scene
from jaco_sim.simulation import TICK_S, ArmSimulation
from jaco_tasks.actions import action_speeds, action_velocity
from jaco_tasks.episode import EpisodeJudge


@dataclass
class BatchStep:
    """One control step of k arms: uint8 images (k, 64, 64, c), states (k, s), positions of palm and first object (k, 3) [m].

    Where an episode ended and another began, image, state and positions are the new one's. `depth` [m]: of each pixel, if told.
    """

    image: NDArray[np.uint8]
    state: NDArray[np.float32]
    reward: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    palm: NDArray[np.float32]
    target: NDArray[np.float32]
    ended: list[EpisodeStatus]
    depth: NDArray[np.float32] | None = None


class BatchEnv:
    """k arms under one scene. The velocity ramp is the one that the safety supervisor applies in the graph.

    The state is the simulator's truth, shape (k, state_size): sine and cosine of the arm joints, finger angles, joint velocities,
    commanded velocities, palm, objects, objects relative to the palm, and the share of the episode that is over.
    """

    def __init__(
        self,
        scene: Scene,
        count: int,
        seed: int,
        render: bool = True,
        restart: bool = True,
        tell_depth: bool = False,
        cameras: tuple[str, ...] = (),
        depth: bool = False,
    ) -> None:
        """`restart=False`: an ended episode stays as it is until the next `reset`.

        `tell_depth`: tell the depth of the policy's view beside the picture. `cameras`: further ones that are in the picture,
        view after view; `depth`: so is the depth of each view, as `jaco_core.views` puts them together.

        Raises:
            ConfigError: a camera is not known or comes twice, or no off-screen OpenGL here.
        """
        self.scene, self.count, self._restart = scene, count, restart
        arm, task = scene.arm, scene.task
        self.speeds = action_speeds(arm)
        self._ticks = round(task.control_period_s / TICK_S)
        self.simulations = [ArmSimulation(scene) for _ in range(count)]
        self._judges = [EpisodeJudge(task, arm) for _ in range(count)]
        self._command = np.zeros((count, len(arm)))
        self._fingers = np.array([joint.kind == "finger" for joint in arm.joints])
        # Every environment draws its episodes' seeds from its own stream.
        self._seeds = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(count)]
        self._pictures = Pictures(scene.model, cameras, depth) if render else None
        self._tell_depth = tell_depth and render
        self.state_size = len(arm) + int(np.count_nonzero(~self._fingers)) + 2 * len(arm) + 3 + 6 * len(task.objects) + 1

    def reset(self, seeds: list[int] | None = None, stagger: bool = False) -> BatchStep:
        """Starts an episode everywhere, with the given seeds or drawn ones.

        `stagger`: spread the first episodes' ends, so that they do not all end at once.
        """
        for index in range(self.count):
            self._begin(index, None if seeds is None else seeds[index])
        if stagger:
            self._stagger()
        return self._observe([])

    def step(self, action: NDArray[np.integer]) -> BatchStep:
        """Takes one control step with action indices of shape (k, n)."""
        return self.drive(action_velocity(self.speeds, action))

    def drive(self, velocity: NDArray[np.floating]) -> BatchStep:
        """Takes one control step towards joint velocities [rad/s] of shape (k, n)."""
        self._move(np.asarray(velocity, float))
        statuses = [self._judge(index) for index in range(self.count)]
        for index, status in enumerate(statuses):
            if status.phase == ENDED and self._restart:
                self._begin(index, None)
        return self._observe(statuses)

    def following(self, velocity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the commands [rad/s], shape (k, n), that follow the present ones when the policy wants `velocity`."""
        return ramp_velocity(self._command, velocity, self.scene.arm.max_acceleration, TICK_S)

    def _move(self, velocity: NDArray[np.float64]) -> None:
        """Lets the arms follow `velocity` [rad/s], shape (k, n), for a control period."""
        commands = np.empty((self._ticks, *velocity.shape))
        for tick in range(self._ticks):
            self._command = commands[tick] = self.following(velocity)
        # One arm after another: its data stay in the processor's cache, also for the look at it that judge and camera need.
        for index, simulation in enumerate(self.simulations):
            simulation.follow(commands[:, index])
            simulation.look()

    @property
    def commands(self) -> NDArray[np.float64]:
        """A copy of what the arms are commanded [rad/s], shape (k, n)."""
        return self._command.copy()

    @property
    def joints(self) -> NDArray[np.float64]:
        """Joint angles [rad], then velocities [rad/s], shape (k, 2n)."""
        position, velocity = self._joints()
        return np.concatenate((position, velocity), axis=1)

    @property
    def statuses(self) -> list[EpisodeStatus]:
        """Where each episode stands."""
        return [judge.status for judge in self._judges]

    def close(self) -> None:
        """Releases the renderer."""
        if self._pictures is not None:
            self._pictures.close()

    def _begin(self, index: int, seed: int | None) -> None:
        seed = int(self._seeds[index].integers(2**62)) if seed is None else seed
        self.simulations[index].reset(seed)
        self._command[index] = 0.0
        self._judges[index].begin(self._judges[index].status.episode + 1, seed)
        self._judge(index)

    def _judge(self, index: int) -> EpisodeStatus:
        simulation = self.simulations[index]
        return self._judges[index].observe(simulation.stamp_ns, simulation.joints(), simulation.scene(), simulation.palm)

    def _stagger(self) -> None:
        """Lets a random number of steps pass for each environment's first episode, as if it had stood still so far."""
        for index, judge in enumerate(self._judges):
            simulation = self.simulations[index]
            for _ in range(int(self._seeds[index].integers(self.scene.task.max_steps - 1))):
                judge.observe(simulation.stamp_ns, simulation.joints(), simulation.scene(), simulation.palm)

    def _observe(self, statuses: list[EpisodeStatus]) -> BatchStep:
        palm = np.array([simulation.palm for simulation in self.simulations], np.float32)
        objects = np.array([simulation.objects.ravel() for simulation in self.simulations], np.float32)
        image, depth = self._seen()
        return BatchStep(
            image,
            self._state(palm, objects),
            np.array([status.reward for status in statuses], np.float32),
            np.array([status.terminated for status in statuses], bool),
            np.array([status.truncated for status in statuses], bool),
            palm,
            objects[:, :3],
            [status for status in statuses if status.phase == ENDED],
            depth,
        )

    def _seen(self) -> tuple[NDArray[np.uint8], NDArray[np.float32] | None]:
        """Returns what the arms' cameras send, shape (k, 64, 64, c), black where none draws, and depth [m] where it is told."""
        if self._pictures is None:
            return np.zeros((self.count, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8), None
        if self._tell_depth:
            return self._pictures.draw_with_metres(self.simulations)
        return self._pictures.draw(self.simulations), None

    def _joints(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        data = [simulation.data for simulation in self.simulations]
        position = np.array([each.qpos for each in data])[:, self.scene.qpos]
        return position, np.array([each.qvel for each in data])[:, self.scene.dofs]

    def _state(self, palm: NDArray[np.float32], objects: NDArray[np.float32]) -> NDArray[np.float32]:
        position, velocity = self._joints()
        arm = position[:, ~self._fingers]
        elapsed = np.array([[judge.status.step / self.scene.task.max_steps] for judge in self._judges])
        relative = objects - np.tile(palm, objects.shape[1] // 3)
        parts = (np.sin(arm), np.cos(arm), position[:, self._fingers], velocity, self._command, palm, objects, relative, elapsed)
        return np.concatenate(parts, axis=1).astype(np.float32)
