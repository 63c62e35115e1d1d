"""Protection zones: distances, what is read, and how motion towards one is slowed down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.kinematics import Kinematics
from jaco_driver.kortex.zones import BOX, CYLINDER, SPHERE, Zone, ZoneGuard, read_zones

EYE = np.eye(3)
TURNED = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # z of the zone along x of the base


@pytest.mark.parametrize(
    ("zone", "point", "distance"),
    [
        (Zone("s", SPHERE, np.zeros(3), EYE, (0.5,)), (2.0, 0.0, 0.0), 1.5),
        (Zone("s", SPHERE, np.array([1.0, 0.0, 0.0]), EYE, (0.5,)), (1.0, 0.2, 0.0), -0.3),
        (Zone("b", BOX, np.zeros(3), EYE, (2.0, 2.0, 2.0)), (4.0, 5.0, 0.0), 5.0),
        (Zone("b", BOX, np.zeros(3), EYE, (2.0, 2.0, 2.0)), (0.7, 0.0, 0.0), -0.3),
        (Zone("c", CYLINDER, np.zeros(3), EYE, (1.0, 2.0)), (0.0, 0.0, 3.0), 2.0),
        (Zone("c", CYLINDER, np.zeros(3), EYE, (1.0, 2.0)), (3.0, 0.0, 0.5), 2.0),
        (Zone("c", CYLINDER, np.zeros(3), TURNED, (1.0, 2.0)), (3.0, 0.0, 0.0), 2.0),
    ],
)
def test_distance(zone: Zone, point: tuple[float, float, float], distance: float) -> None:
    assert zone.distance(np.array(point)) == pytest.approx(distance)


def message(**changes: Any) -> Any:
    """The base's answer with one box, 20 cm wide, 10 cm in front of the palm's home, and `changes` to its shape."""
    rows = {f"row{i + 1}": SimpleNamespace(**{f"column{j + 1}": EYE[i, j] for j in range(3)}) for i in range(3)}
    palm = Kinematics(load_arm("gen3")).position("palm")
    origin = SimpleNamespace(x=palm[0] + 0.2, y=palm[1], z=palm[2])
    shape: dict[str, Any] = {
        "shape_type": BOX,
        "origin": origin,
        "orientation": SimpleNamespace(**rows),
        "dimensions": [0.2, 2.0, 2.0],
        "envelope_thickness": 0.0,
    }
    zone = SimpleNamespace(
        name="table",
        is_enabled=True,
        shape=SimpleNamespace(**{**shape, **changes}),
        limitations=[],
        envelope_limitations=[SimpleNamespace(type=3, translation=0.05, orientation=0.0)],
    )
    off = SimpleNamespace(name="off", is_enabled=False)
    return SimpleNamespace(protection_zones=[zone, off])


def test_only_enabled_zones_are_read() -> None:
    zones = read_zones(message())
    assert [zone.name for zone in zones] == ["table"]
    assert zones[0].envelope_speed == pytest.approx(0.05)


@pytest.mark.parametrize("changes", [{"shape_type": 9}, {"dimensions": [0.1]}, {"dimensions": [float("nan"), 1.0, 1.0]}])
def test_zone_that_is_not_understood_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="Protection zone 'table'"):
        read_zones(message(**changes))


def towards(kinematics: Kinematics, direction: float, speed: float) -> np.ndarray:
    """Joint velocities that move the palm at `speed` [m/s] along x."""
    return np.linalg.pinv(kinematics.jacobian("palm")) @ np.array([direction * speed, 0.0, 0.0])


def test_motion_towards_a_zone_is_slowed_down_and_away_from_it_is_not() -> None:
    arm, kinematics = load_arm("gen3"), Kinematics(load_arm("gen3"))
    guard = ZoneGuard(kinematics, read_zones(message()))
    assert guard.scale(arm.home, towards(kinematics, 1.0, 1.0)) < 0.5
    assert guard.scale(arm.home, towards(kinematics, -1.0, 1.0)) == 1.0
    assert guard.scale(arm.home, towards(kinematics, 1.0, 0.01)) == 1.0


def test_arm_that_is_driven_at_a_zone_for_long_stays_outside_and_can_leave() -> None:
    arm, kinematics = load_arm("gen3"), Kinematics(load_arm("gen3"))
    zones = read_zones(message())
    guard = ZoneGuard(kinematics, zones)
    position = np.array(arm.home)
    for _ in range(300):
        kinematics.update(position)
        velocity = towards(kinematics, 1.0, 0.3)
        position = position + velocity * guard.scale(position, velocity) * 0.01
    kinematics.update(position)
    # The fingers, which reach farther than the palm, count wherever they are.
    distance = zones[0].distance(kinematics.position("fingers")) - kinematics.radii[kinematics.names.index("fingers")]
    assert -1e-3 < distance < 0.02
    assert guard.scale(position, towards(kinematics, -1.0, 0.3)) == 1.0


def test_envelope_has_a_speed_of_its_own() -> None:
    arm, kinematics = load_arm("gen3"), Kinematics(load_arm("gen3"))
    free = ZoneGuard(kinematics, read_zones(message()))
    slow = ZoneGuard(kinematics, read_zones(message(envelope_thickness=0.3)))
    velocity = towards(kinematics, 1.0, 0.1)
    assert free.scale(arm.home, velocity) == 1.0
    assert slow.scale(arm.home, velocity) == pytest.approx(0.5, abs=0.05)


def test_without_zones_nothing_is_slowed_down() -> None:
    assert ZoneGuard(None, ()).scale(np.zeros(7), np.ones(7)) == 1.0
