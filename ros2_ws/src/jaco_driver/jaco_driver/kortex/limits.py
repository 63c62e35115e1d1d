"""What the base allows: its speed limits, of which with the arm file's the stricter count, its braking, its protection zones."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.kinematics import Kinematics
from jaco_core.types import Vector, frozen_vector
from jaco_driver.kortex.calls import Calls
from jaco_driver.kortex.zones import ZoneGuard, read_zones

# Share by which a base's acceleration limit may be below the arm file's: what rounding from degrees makes.
_ROUNDING = 0.02


class Limits:
    """The limits that were read from one base."""

    def __init__(self, arm: Arm, count: int, calls: Calls) -> None:
        """Asks the base; the first `count` joints of `arm` are its actuators.

        Raises:
            ConnectionLost, ArmInFault: the base does not tell.
            ContractError: it tells what cannot be obeyed, or brakes more weakly than the arm's file says.
            ConfigError: it has zones, and there is no model of the arm to keep out of them.
        """
        speeds, accelerations = calls.hard_limits()
        self._speeds = stricter_speeds(arm, count, speeds)
        check_braking(arm, accelerations)
        zones = read_zones(calls.protection_zones())
        self.zone_names = tuple(zone.name for zone in zones)
        self._zones = ZoneGuard(Kinematics(arm) if zones else None, zones)

    def apply(self, position: Vector, velocity: Vector) -> Vector:
        """Returns what of `velocity` [rad/s] is allowed at the angles `position` [rad], all of shape (n,)."""
        allowed = np.clip(velocity, -self._speeds, self._speeds)
        return frozen_vector(allowed * self._zones.scale(position, allowed))


def stricter_speeds(arm: Arm, count: int, hard_deg_per_s: list[float]) -> Vector:
    """Returns the speed limits [rad/s], shape (n,), that both the arm's file and the base's hard limits allow.

    `hard_deg_per_s`: of the first `count` joints, in their order.

    Raises:
        ContractError: the base gives another number of limits, or one that is not a positive number.
    """
    hard = np.radians(np.asarray(hard_deg_per_s, dtype=np.float64))
    if len(hard) != count or not np.all(np.isfinite(hard)) or not np.all(hard > 0.0):
        raise ContractError(f"The base gives the speed limits {hard_deg_per_s} deg/s; {count} positive numbers are needed.")
    limits = np.array(arm.max_velocity)
    limits[:count] = np.minimum(limits[:count], hard)
    return frozen_vector(limits)


def check_braking(arm: Arm, hard_deg_per_s2: list[float]) -> None:
    """Compares the base's hard acceleration limits with the arm's file, on which every braking distance of the supervisor rests.

    `hard_deg_per_s2`: of the first joints, in their order. A base that tells none is not compared.

    Raises:
        ContractError: the base accelerates and brakes a joint more weakly than the file says.
    """
    for joint, hard in zip(arm.joints, np.radians(hard_deg_per_s2), strict=False):
        if not hard >= (1.0 - _ROUNDING) * joint.max_acceleration:  # so that NaN is refused too
            raise ContractError(
                f"The base brakes {joint.name} with {hard:.2f} rad/s^2 at most, the file of arm '{arm.name}' has "
                f"{joint.max_acceleration}: lower max_acceleration there, or raise the base's limit."
            )
