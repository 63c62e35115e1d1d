"""One simulated arm in its scene: reset, apply a joint velocity, step, look. The same seeds give the same bits."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import DepthImage, JointSample, RgbImage, SceneSample, Vector
from jaco_core.units import seconds_to_ns
from jaco_sim.image_effects import ImageEffects
from jaco_sim.profiles import load_profile
from jaco_sim.rendering import Renderer
from jaco_sim.scene import POLICY_CAMERA, Scene, build_scene
from jaco_sim.variation import Variation, draw_variation
from jaco_sim.varying import vary
from jaco_tasks.registry import make_task
from jaco_tasks.task import Layout
from jaco_tasks.track import Track

# One tick of the arm's state rate, in which one velocity command holds.
TICK_S = 0.01
# Nearly every proposal is free; a task whose starts never are is a mistake.
_MAX_PROPOSALS = 1000


def make_scene(
    task: str = "reach",
    arm: str = "j2n6s300",
    profile: str = "nominal",
    physics_step_s: float = 0.002,
    mesh_fraction: float = 1.0,
    held_out: bool = False,
    margin_m: float = 0.0,
    table_margin_m: float = 0.0,
) -> Scene:
    """Returns the compiled world of the task, arm and profile with these names.

    `held_out`: the profile may be one that nothing is trained on; `margin_m`: of the task, see `make_task`;
    `table_margin_m`: see `build_scene`.

    Raises:
        ConfigError: one of them is not known, or the physics step does not divide a tick.
    """
    steps = TICK_S / physics_step_s
    if round(steps) < 1 or abs(steps - round(steps)) > 1e-9:
        raise ConfigError(f"A physics step of {physics_step_s} s does not divide a tick of {TICK_S} s; use 0.002, 0.005 or 0.01.")
    made, world = make_task(task, margin_m), load_profile(profile, held_out)
    return build_scene(made, load_arm(arm), world, physics_step_s, mesh_fraction, table_margin_m)


class ArmSimulation:
    """Simulates one arm. Several simulations may share one scene; positions are in the arm's base frame.

    Where the scene's profile varies, each simulation has a copy of the model, which every reset makes into its episode's world.
    """

    def __init__(self, scene: Scene) -> None:
        self.world = scene
        self.arm = scene.arm
        self.model: Any = copy.copy(scene.model) if scene.varied else scene.model
        self._data: Any = mujoco.MjData(self.model)
        self._past: Any = mujoco.MjData(self.model) if scene.varied else None
        self._stale = self._begun = False
        self._substeps = round(TICK_S / scene.model.opt.timestep)
        self.tick = 0
        self.layout: Layout | None = None
        self.variation = Variation()
        self._objects = list(scene.objects.values())
        self._qpos, self._dofs = _span(scene.qpos), _span(scene.dofs)
        self._seed = 0
        # Of each camera that was looked through in this episode: picture k of each has its own noise.
        self._effects: dict[str, ImageEffects] = {}
        self._command = np.zeros(len(scene.arm))
        # What moves by itself, and for how many ticks it has.
        self._tracks: list[tuple[int, Track]] = []
        self._age = 0
        # Commands that have not reached the servos yet, and where joints and objects were while the camera was still busy.
        self._commands: deque[NDArray[np.float64]] = deque()
        self._moments: deque[tuple[NDArray[np.float64], NDArray[np.float64]]] = deque()

    @property
    def data(self) -> Any:
        """MuJoCo's data with positions and contacts that belong to the joint angles: what a renderer needs.

        A physics step leaves those of its start. Looking changes nothing: the trajectory is the same bits, looked at or not.
        """
        self.look()
        return self._data

    def look(self) -> None:
        """Brings `data` up to date; reading `data`, `palm`, `scene` or `contacts` does so too."""
        if self._stale:
            # The first half of the next physics step, which then goes on from here: nothing is computed twice.
            mujoco.mj_step1(self.model, self._data)
            self._stale, self._begun = False, True

    @property
    def stamp_ns(self) -> int:
        """Simulated time since the start [ns]. It goes on over resets, as a clock must."""
        return self.tick * seconds_to_ns(TICK_S)

    def reset(self, seed: int) -> None:
        """Puts arm and objects where an episode with `seed` starts: drawn by the task, free of contact, at rest.

        Raises:
            ConfigError: the task proposed no start that is free.
        """
        if self.world.varied:
            self.variation = draw_variation(self.world.profile.ranges, seed)
            self._seed, self._effects = seed, {}
            vary(self.world, self.model, self._data, self.variation, seed)
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        for _ in range(_MAX_PROPOSALS):
            layout = self.world.task.sample_layout(self.arm, rng)
            self.place(layout)
            if self.data.ncon == 0 and self.world.task.accepts(layout, self.palm):
                return
        raise ConfigError(f"Task '{self.world.task.name}' proposed {_MAX_PROPOSALS} starts for seed {seed}, and none was free.")

    def place(self, layout: Layout) -> None:
        """Puts arm and objects where `layout` says, at rest.

        Raises:
            ContractError: the wrong number of joint angles.
        """
        if len(layout.joint_position) != len(self.arm):
            given = len(layout.joint_position)
            raise ContractError(f"Arm '{self.arm.name}' has {len(self.arm)} joints and the layout gives {given} angles.")
        data = self._data
        mujoco.mj_resetData(self.model, data)
        data.qpos[self.world.qpos] = layout.joint_position
        self.world.linkage.follow(data)
        for name, index in self.world.objects.items():
            data.mocap_pos[index] = layout.objects[name]
        self._tracks, self._age = [(self.world.objects[name], track) for name, track in layout.tracks.items()], 0
        mujoco.mj_forward(self.model, data)
        self._stale = self._begun = False
        self.layout = layout
        self._command = np.zeros(len(self.arm))
        self._commands = deque([self._command] * _ticks(self.variation.command_delay))
        self._moments = deque([self._moment()] * _ticks(self.variation.image_delay))

    def apply(self, velocity: NDArray[np.float64]) -> None:
        """Commands the joint velocities [rad/s], shape (n,), in the arm's order. They hold until the next call.

        Raises:
            ContractError: the wrong number, or one that is not finite.
        """
        self._require(velocity)
        self._command = np.array(velocity)
        if not self._commands:
            self._data.ctrl[:] = velocity

    def step(self) -> None:
        """Advances by one tick, 10 ms."""
        self._advance(self._command)

    def follow(self, velocities: NDArray[np.float64]) -> None:
        """Advances by a tick for each of the joint velocities [rad/s], shape (ticks, n): the same as `apply` and `step` for each.

        Raises:
            ContractError: the wrong number of joints, or a velocity that is not finite.
        """
        self._require(velocities)
        velocities = velocities.copy()
        if self._commands or self._moments:
            for velocity in velocities:
                self._advance(velocity)
        else:
            self._advance_undelayed(velocities)
        self._command = velocities[-1]

    def _advance(self, command: NDArray[np.float64]) -> None:
        if self._commands:
            self._commands.append(command)
            command = self._commands.popleft()
        if self._moments:
            self._moments.append(self._moment())
            self._moments.popleft()
        self._data.ctrl[:] = command
        left = self._substeps
        if self._begun:
            mujoco.mj_step2(self.model, self._data)
            self._begun, left = False, left - 1
        if left:
            mujoco.mj_step(self.model, self._data, left)
        self._stale = True
        self._pass(1)

    def _advance_undelayed(self, commands: NDArray[np.float64]) -> None:
        """Does what `_advance` does for each of `commands`, shape (ticks, n), without its questions: what training waits for."""
        # Training steps nothing as often as this: whatever stands in the loop is felt.
        model, data, substeps, step = self.model, self._data, self._substeps, mujoco.mj_step
        self._advance(commands[0])
        control = data.ctrl
        for command in commands[1:]:
            control[:] = command
            step(model, data, substeps)
        self._pass(len(commands) - 1)

    def _pass(self, ticks: int) -> None:
        """Lets time pass for all that is no physics: what moves by itself is felt by nobody."""
        self.tick += ticks
        self._age += ticks
        for index, track in self._tracks:
            self._data.mocap_pos[index] = track.at(self._age * TICK_S)

    def _moment(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns what a camera is busy with: joints and objects as they are now."""
        return np.array(self._data.qpos), np.array(self._data.mocap_pos)

    def _require(self, velocity: NDArray[np.float64]) -> None:
        if np.shape(velocity)[-1] != len(self.arm) or not np.isfinite(velocity).all():
            given = np.asarray(velocity).tolist()
            raise ContractError(f"Arm '{self.arm.name}' takes {len(self.arm)} finite velocities, got {given}.")

    def picture(self, renderer: Renderer, camera: str = POLICY_CAMERA) -> RgbImage:
        """Returns what a camera sends now: as long ago, and as blurred and noisy, as the episode's cameras have it."""
        return self._sent(renderer.draw(self._seen(), camera), camera)

    @staticmethod
    def pictures(simulations: Sequence[ArmSimulation], renderer: Renderer, camera: str = POLICY_CAMERA) -> NDArray[np.uint8]:
        """Returns what the cameras of that name of k simulations of one world send now: the same as `picture` of each."""
        images = np.empty((len(simulations), renderer.height, renderer.width, 3), np.uint8)
        renderer.draw_each((simulation._seen() for simulation in simulations), camera, images)
        for image, simulation in zip(images, simulations, strict=True):
            if simulation.world.varied:
                image[...] = simulation._sent(image, camera)
        return images

    def picture_with_depth(self, renderer: Renderer, camera: str = POLICY_CAMERA) -> tuple[RgbImage, DepthImage]:
        """Returns the same picture, and the depth of the same moment [mm], shape (height, width), without any noise."""
        image, depth = renderer.draw_with_depth(self._seen(), camera)
        return self._sent(image, camera), depth

    def _sent(self, image: RgbImage, camera: str) -> RgbImage:
        """Returns what becomes of a picture that was drawn."""
        if not self.world.varied:
            return image
        if camera not in self._effects:
            self._effects[camera] = ImageEffects(self.variation, self._seed, "" if camera == POLICY_CAMERA else camera)
        return self._effects[camera](image)

    def _seen(self) -> Any:
        """Returns MuJoCo's data of what the camera saw when it took the picture that arrives now."""
        if not self._moments:
            return self.data
        past = self._past
        past.qpos[:], past.mocap_pos[:] = self._moments[0]
        past.mocap_quat[:] = self._data.mocap_quat
        mujoco.mj_kinematics(self.model, past)
        mujoco.mj_camlight(self.model, past)
        return past

    @property
    def palm(self) -> Vector:
        """Where the palm is [m], shape (3,)."""
        return np.array(self.data.site_xpos[self.world.palm])

    @property
    def objects(self) -> NDArray[np.float64]:
        """Where the objects are [m], shape (objects, 3), in the task's order."""
        return np.asarray(self._data.mocap_pos[self._objects])

    def joints(self) -> JointSample:
        """Returns the measured joints, stamped with the simulated time."""
        return JointSample(
            self.stamp_ns,
            self.arm.joint_names,
            self._data.qpos[self._qpos],
            self._data.qvel[self._dofs],
            self._data.qfrc_actuator[self._dofs],
        )

    def scene(self) -> SceneSample:
        """Returns object positions and contacts, stamped with the simulated time."""
        objects = {name: self._data.mocap_pos[index].copy() for name, index in self.world.objects.items()}
        return SceneSample(self.stamp_ns, objects, self.contacts())

    def contacts(self) -> tuple[str, ...]:
        """Returns what touches what as "a|b", each pair once and sorted."""
        data = self.data
        if data.ncon == 0:
            return ()
        names = self.world.link_of_geom
        pairs = {tuple(sorted((names[first], names[second]))) for first, second in data.contact.geom[: data.ncon]}
        return tuple(sorted(f"{first}|{second}" for first, second in pairs if first != second))


def _span(indices: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Returns `indices` as a slice where they follow each other: numpy then looks instead of gathering."""
    first, last = int(indices[0]), int(indices[-1]) + 1
    return slice(first, last) if np.array_equal(indices, np.arange(first, last)) else indices


def _ticks(seconds: float) -> int:
    return round(seconds / TICK_S)
