"""What must be known of a robot's ros2_control set-up: one YAML file each, in robots/ or anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_core.types import frozen_vector
from jaco_driver.ros2_control.commands import STYLES

EFFORTS = ("none", "compensated")
"""What the joint states' effort is: nothing that the supervisor can use, or torques [N m] without gravity's part."""


@dataclass(frozen=True)
class Status:
    """A topic that says how the robot is: all is well while `field` of its last message is one of `good`."""

    topic: str
    type: str
    field: str
    good: tuple[Any, ...]


@dataclass(frozen=True)
class Reset:
    """A service that clears faults; its request has no fields."""

    service: str
    type: str


@dataclass(frozen=True)
class Robot:
    """Controller and its kind, topics, prefix of the joint names, what tells faults and what clears them.

    `gripper`: what the joint states call the arm's gripper where another controller has it: it is measured and never moved. Empty
    where the controller drives every joint of the arm.
    """

    controller: str
    command_interface: str
    joint_states: str = "/joint_state_broadcaster/joint_states"
    joint_prefix: str = ""
    gripper: str = ""
    effort: str = "none"
    wrench: str = ""
    status: tuple[Status, ...] = ()
    resets: tuple[Reset, ...] = ()

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("command_interface", self.command_interface, tuple(STYLES)),
            ("effort", self.effort, EFFORTS),
        ):
            if value not in choices:
                raise ConfigError(f"'{name}' of a ros2_control robot is '{value}'; choices: {', '.join(choices)}.")
        if self.joint_states.strip("/") == "joint_states":
            raise ConfigError(
                "'joint_states' must not be /joint_states, which the driver itself publishes; let the broadcaster use its local "
                "topic (use_local_topics: true) or remap it."
            )

    def driven(self, arm: Arm) -> Arm:
        """Returns what of `arm` the controller drives."""
        if not self.gripper:
            return arm
        count = [joint.kind for joint in arm.joints].count("arm")
        return replace(arm, joints=arm.joints[:count], home=frozen_vector(arm.home[:count]))

    def state_names(self, arm: Arm) -> tuple[str, ...]:
        """Returns what the joint states call the joints of `arm`, in its order.

        Raises:
            ConfigError: `gripper` is given, and the arm has another number of fingers than one.
        """
        names = tuple(self.joint_prefix + name for name in self.driven(arm).joint_names)
        if self.gripper and len(names) + 1 != len(arm):
            raise ConfigError(f"Arm '{arm.name}' has {len(arm) - len(names)} fingers; 'gripper: {self.gripper}' is for one.")
        return (*names, self.joint_prefix + self.gripper) if self.gripper else names

    @property
    def command_topic(self) -> str:
        """Where the controller takes its commands."""
        return f"/{self.controller.strip('/')}/" + ("joint_trajectory" if self.command_interface == "trajectory" else "commands")


def robot_names() -> list[str]:
    """Returns the names of the robots that files are shipped for."""
    folder = files(__package__) / "robots"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_robot(name: str, **given: str) -> Robot:
    """Returns the robot called `name`, or of the file at the path `name`, with what is `given` and not empty put in its place.

    Raises:
        ConfigError: no such robot or file, or a key that is missing, unknown or wrong.
    """
    if name in robot_names():
        text = (files(__package__) / "robots" / f"{name}.yaml").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise ConfigError(f"There is no ros2_control robot '{name}' and no such file; known: {', '.join(robot_names())}.")
    try:
        data = dict(yaml.safe_load(text))
        status = tuple(Status(**{**entry, "good": tuple(entry["good"])}) for entry in data.pop("status", ()))
        resets = tuple(Reset(**entry) for entry in data.pop("resets", ()))
        robot = Robot(**data, status=status, resets=resets)
    except (TypeError, KeyError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"The ros2_control robot '{name}' cannot be read: {error}.") from None
    changes: dict[str, Any] = {key: value for key, value in given.items() if value}
    return replace(robot, **changes)
