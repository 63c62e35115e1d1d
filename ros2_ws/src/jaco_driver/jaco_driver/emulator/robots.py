"""The robots that the emulator knows: what a base says of its actuators beyond the arm's own description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaco_core.errors import ConfigError


@dataclass(frozen=True)
class Robot:
    """`hard_speeds` [deg/s]: one per actuator, in their order, of which the first `large` are large ones."""

    hard_speeds: tuple[float, ...]
    large: int

    @property
    def count(self) -> int:
        """How many actuators there are."""
        return len(self.hard_speeds)


# Hard limits: 80 and 70 deg/s of the Gen3's user guide; 1.6 and 3.2 rad/s of the Gen3 lite's URDF.
ROBOTS: Mapping[str, Robot] = MappingProxyType(
    {
        "gen3": Robot((80.0,) * 4 + (70.0,) * 3, 4),
        "gen3_6dof": Robot((80.0,) * 3 + (70.0,) * 3, 3),
        "gen3_lite": Robot((91.67,) * 5 + (183.35,), 3),
    }
)
"""Name of the arm's description -> robot."""


def find_robot(arm: str) -> Robot:
    """Returns the robot whose arm is called `arm`.

    Raises:
        ConfigError: no Kortex base has such an arm.
    """
    if arm not in ROBOTS:
        raise ConfigError(f"The emulator is a Kortex base and knows the arms {', '.join(ROBOTS)}; there is none for '{arm}'.")
    return ROBOTS[arm]
