"""`jaco identify`: what a run's recording says about its arm and camera, as a profile that the simulator can train on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
import yaml

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.ros import convert
from jaco_core.units import NS_PER_S
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording, stamp_ns
from jaco_sim.identification.camera import Camera, estimate_camera
from jaco_sim.identification.dynamics import Dynamics, estimate_dynamics
from jaco_sim.identification.estimate import Estimate
from jaco_sim.identification.profile import identified_profile, write_profile
from jaco_sim.identification.record import MotionRecord
from jaco_sim.profiles import load_profile
from jaco_sim.simulation import make_scene

TOPICS = ("/joint_states", "/arm/applied", "/camera/image_raw", "/camera/camera_info", "/diagnostics")


@dataclass(frozen=True)
class Identified:
    """What was found. `camera` is None where it was not asked for."""

    dynamics: Dynamics
    camera: Camera | None

    @property
    def estimates(self) -> list[Estimate]:
        return [*self.dynamics.estimates.values(), *(self.camera.estimates.values() if self.camera else ())]


def run(run_dir: Path, out: Path, base: str, camera: bool) -> int:
    """Identifies the run in `run_dir`, prints what was found and writes it to `out`; returns the exit code.

    Raises:
        ConfigError: the recording says too little, the base profile may not be trained on, or `out` cannot be written.
    """
    profile = load_profile(base)
    if out.suffix != ".yaml" or not out.absolute().parent.is_dir():
        raise ConfigError(f"The profile cannot be written to {out}: give a .yaml file in a folder that exists.")
    record, worlds = read_record(run_dir)
    if worlds > 1:
        typer.echo(
            f"The recording's world was drawn {worlds} times, and what follows may fit none of them: an arm has one.", err=True
        )
    found = identify(record, base, camera)
    for entry in found.estimates:
        typer.echo(f"{entry.name}: {entry.text}")
    typer.echo(
        f"off by {found.dynamics.residual:.2g} rad/s" + (f" and {found.camera.residual:.1f} grey levels" if found.camera else "")
    )
    estimates = {entry.name: entry for entry in found.dynamics.estimates.values()}
    notes = (
        f"Identified from {run_dir.name}, with 95 % intervals:",
        *(f"  {entry.name}: {entry.text}" for entry in found.estimates),
    )
    write_profile(out, identified_profile(profile, out.stem, estimates, found.camera), notes)
    typer.echo(f"Written to {out}; train on it with: ./jaco train reach --profile {out}")
    return 0


def identify(record: MotionRecord, base: str = "nominal", camera: bool = True) -> Identified:
    """Returns what `record` says, beginning at the profile `base`.

    Raises:
        ConfigError: it says too little.
    """
    scene = make_scene(arm=record.arm.name, profile=base)
    dynamics = estimate_dynamics(record, scene)
    return Identified(dynamics, estimate_camera(record, scene) if camera else None)


def read_record(run_dir: Path) -> tuple[MotionRecord, int]:
    """Returns the motion that the run in `run_dir` recorded, and how many different worlds the simulator drew for it.

    Raises:
        ConfigError: there is no such recording, or nothing moved in it.
    """
    arm = load_arm(_arm(run_dir))
    joints, commands, images, worlds = [], [], [], set()
    matrix = None
    for item in Recording(run_dir / FILE_NAME).messages(TOPICS):
        message = item.message
        if item.topic == "/joint_states":
            joints.append(convert.joints_from_message(message).ordered(arm.joint_names))
        elif item.topic == "/arm/applied":
            commands.append(convert.command_from_message(message))
        elif item.topic == "/camera/image_raw":
            images.append((stamp_ns(message.header), convert.image_from_message(message)))
        elif item.topic == "/camera/camera_info":
            matrix = np.array(message.k, float).reshape(3, 3)
        else:
            worlds |= {_world(status) for status in message.status if status.name == "variation"}
    if not joints or not commands:
        raise ConfigError(f"The recording in {run_dir} has {len(joints)} joint states and {len(commands)} applied commands.")
    stamps, order = np.unique([sample.stamp_ns for sample in joints], return_index=True)
    applied, spoken = np.unique([command.stamp_ns for command in commands], return_index=True)
    seen, drawn = np.unique([stamp for stamp, _ in images], return_index=True)
    begin = stamps[0]
    record = MotionRecord(
        arm,
        (stamps - begin) / NS_PER_S,
        np.array([joints[index].position for index in order]),
        np.array([joints[index].velocity for index in order]),
        (applied - begin) / NS_PER_S,
        np.array([commands[index].velocity for index in spoken]),
        (seen - begin) / NS_PER_S,
        np.array([images[index][1] for index in drawn], np.uint8),
        matrix,
    )
    return record, len(worlds)


def _world(status: Any) -> tuple[tuple[str, str], ...]:
    """Returns what a variation says, without the seed that drew it."""
    pairs: Iterable[tuple[str, str]] = ((entry.key, entry.value) for entry in status.values)
    return tuple(sorted((key, value) for key, value in pairs if key != "seed"))


def _arm(run_dir: Path) -> str:
    path = run_dir / "parameters" / "supervisor.yaml"
    try:
        return str(yaml.safe_load(path.read_text())["/supervisor"]["ros__parameters"]["arm"])
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        raise ConfigError(f"{run_dir} is no folder of a run: {path} is missing or unreadable.") from None
