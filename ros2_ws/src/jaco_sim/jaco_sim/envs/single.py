"""Gymnasium environments: one arm, one task. `gymnasium.make("jaco/Reach-v0")` after `import jaco_sim.envs`."""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium
import numpy as np
from numpy.typing import NDArray

from jaco_core.depth import FARTHEST_MM
from jaco_core.errors import ConfigError
from jaco_sim.cameras import Cameras
from jaco_sim.envs.batch import BatchEnv, BatchStep
from jaco_sim.envs.pictures import IMAGE_SIZE
from jaco_sim.rendering import Renderer
from jaco_sim.scene import SCENE_CAMERA
from jaco_sim.simulation import make_scene

FELT = ("position", "velocity", "effort")
OBSERVATIONS = ("pixels", "state", "views")


class ArmEnv(gymnasium.Env[Any, NDArray[np.int64]]):
    """One simulated arm. Observation: the policy camera's image, (64, 64, 3) uint8, or the simulator's state, (s,) float32.

    With "views" it is what the graph's nodes get, by name: each camera's image ("policy", and those of `cameras`), with `depth`
    also "policy_depth" and so on [mm], (64, 64) uint16, and the measured "joint_position" [rad], "joint_velocity" [rad/s] and
    "joint_effort" [N m], (n,) float64.

    Action: per joint an index into its speeds. The seed of `reset` is the episode's seed, as in the graph.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 (gymnasium types it so)

    def __init__(
        self,
        task: str = "reach",
        arm: str = "j2n6s300",
        observation: str = "pixels",
        profile: str = "nominal",
        physics_step_s: float = 0.002,
        mesh_fraction: float = 1.0,
        render_mode: str | None = None,
        held_out: bool = False,
        cameras: tuple[str, ...] = (),
        depth: bool = False,
    ) -> None:
        """`held_out`: the profile may be one that nothing is trained on. `cameras` and `depth` belong to the observation "views".

        Raises:
            ConfigError: an unknown task, profile, observation or camera, cameras or depth that would not be seen, or a profile
                that is held out.
        """
        if observation not in OBSERVATIONS:
            raise ConfigError(f"There is no observation '{observation}'; known: {', '.join(OBSERVATIONS)}.")
        if observation != "views" and (cameras or depth):
            raise ConfigError(f"Observation '{observation}' has no further cameras and no depth; ask for 'views'.")
        scene = make_scene(task, arm, profile, physics_step_s, mesh_fraction, held_out)
        self._pixels = observation == "pixels"
        self._cameras = Cameras(scene.model, cameras, depth) if observation == "views" else None
        self._batch = BatchEnv(scene, 1, seed=0, render=self._pixels, restart=False)
        self._view: Renderer | None = None
        self.render_mode = render_mode
        self.observation_space = self._space()
        joints, choices = self._batch.speeds.shape
        self.action_space = gymnasium.spaces.MultiDiscrete([choices] * joints)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Starts an episode; without a seed the next one is drawn."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(2**62)) if seed is None else seed
        step = self._batch.reset([drawn])
        return self._observation(step), {"seed": drawn}

    def step(self, action: NDArray[np.int64]) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Takes one control step of 0.1 s."""
        step = self._batch.step(np.asarray(action)[None])
        status = self._batch.statuses[0]
        info = {"success": status.success, "step": status.step, "episode_return": status.episode_return, "reason": status.reason}
        return self._observation(step), float(step.reward[0]), bool(step.terminated[0]), bool(step.truncated[0]), info

    def render(self) -> Any:
        """Returns the view for people, (480, 640, 3) uint8, when `render_mode` is "rgb_array"."""
        if self.render_mode != "rgb_array":
            return None
        if self._view is None:
            self._view = Renderer(self._batch.scene.model, 640, 480)
        return self._view.draw(self._batch.simulations[0].data, SCENE_CAMERA)

    def _space(self) -> gymnasium.Space[Any]:
        if self._pixels:
            return gymnasium.spaces.Box(0, 255, (IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
        if self._cameras is None:
            return gymnasium.spaces.Box(-np.inf, np.inf, (self._batch.state_size,), np.float32)
        joints = gymnasium.spaces.Box(-np.inf, np.inf, (len(self._batch.scene.arm),), np.float64)
        felt = {f"joint_{name}": joints for name in FELT}
        seen: dict[str, gymnasium.Space[Any]] = {}
        for name in self._cameras.names:
            seen[name] = gymnasium.spaces.Box(0, 255, (IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
            if self._cameras.depth:
                seen[f"{name}_depth"] = gymnasium.spaces.Box(0, FARTHEST_MM, (IMAGE_SIZE, IMAGE_SIZE), np.uint16)
        return gymnasium.spaces.Dict({**seen, **felt})

    def _observation(self, step: BatchStep) -> Any:
        if self._cameras is None:
            return (step.image if self._pixels else step.state)[0]
        simulation = self._batch.simulations[0]
        observation: dict[str, NDArray[Any]] = {}
        for name, view in self._cameras.look(simulation).items():
            observation[name] = view.image
            if view.depth is not None:
                observation[f"{name}_depth"] = view.depth
        measured = simulation.joints()
        return {**observation, **{f"joint_{name}": np.array(getattr(measured, name)) for name in FELT}}

    def close(self) -> None:
        """Releases the renderers."""
        self._batch.close()
        if self._cameras is not None:
            self._cameras.close()
        if self._view is not None:
            self._view.close()
            self._view = None
