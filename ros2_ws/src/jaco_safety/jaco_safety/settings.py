"""Parameters of the supervisor's node; what an arm is held to is in config/<arm>.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from jaco_core.parameters import parameter
from jaco_safety.modes import MODE_NAMES


@dataclass(frozen=True)
class Config:
    """Parameters of the supervisor."""

    arm: str = parameter("j2n6s300", "Arm to supervise.")
    limits_file: str = parameter("", "YAML file with safety limits; empty: the packaged ones of the arm.")
    mode: str = parameter("autonomous", "Mode to start in; /safety/set_mode changes it.", choices=MODE_NAMES)
    lockstep: bool = parameter(False, "Joint states come at the pace of a simulator that waits for answers.")
    lockstep_timeout: float = parameter(10.0, "In lockstep, longest wait for a joint state.", unit="s", lower=0.1, upper=600.0)
    command_age: float = parameter(
        0.0, "Oldest policy command that is acted on; 0: as in the limits file.", unit="s", lower=0.0, upper=5.0
    )
    joint_silence: float = parameter(
        0.0, "In real time, longest wait for a joint state; 0: as in the limits file.", unit="s", lower=0.0, upper=5.0
    )
