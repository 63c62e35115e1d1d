"""Protection zones that are set up on the emulated base. It tells them to clients, and does not itself keep the arm out."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jaco_core.errors import ConfigError
from jaco_driver.kortex_wire import schema

# Name -> Kinova's number and how many dimensions it has: radius and height, radius, three edges.
SHAPES = MappingProxyType({"cylinder": (1, 2), "sphere": (2, 1), "box": (3, 3)})
_VELOCITY_LIMITATION = 3


@dataclass(frozen=True)
class ProtectionZone:
    """A zone centred on `origin` [m] in the base's frame, along its axes, with `dimensions` [m] as its shape has them.

    Within `envelope` [m] of it the tool moves at most at `envelope_speed` [m/s].
    """

    name: str
    shape: str
    origin: tuple[float, float, float]
    dimensions: tuple[float, ...]
    envelope: float = 0.0
    envelope_speed: float = 0.0
    enabled: bool = True

    def __post_init__(self) -> None:
        wanted = SHAPES.get(self.shape, (0, -1))[1]
        if len(self.dimensions) != wanted:
            raise ConfigError(
                f"A protection zone is a sphere (1 dimension), cylinder (2) or box (3), got a {self.shape} of {self.dimensions}."
            )

    def message(self, number: int) -> Any:
        """Returns the zone as the base tells it, with the identifier `number`."""
        x, y, z = self.origin
        shape = schema.message(
            "ZoneShape",
            shape_type=SHAPES[self.shape][0],
            origin=schema.message("Point", x=x, y=y, z=z),
            orientation=schema.message("RotationMatrix", row1={"column1": 1.0}, row2={"column2": 1.0}, row3={"column3": 1.0}),
            dimensions=self.dimensions,
            envelope_thickness=self.envelope,
        )
        limitation = schema.message("CartesianLimitation", type=_VELOCITY_LIMITATION, translation=self.envelope_speed)
        return schema.message(
            "ProtectionZone",
            handle=schema.message("ProtectionZoneHandle", identifier=number),
            name=self.name,
            is_enabled=self.enabled,
            shape=shape,
            envelope_limitations=[limitation] if self.envelope else [],
        )
