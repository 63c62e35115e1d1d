"""What may differ from one episode to the next, by name, and how it is drawn: a pure function of a profile's ranges and a seed.

Domain randomisation after Tobin et al. 2017 (arXiv:1703.06907) for looks and Peng et al. 2018 (arXiv:1710.06537) for dynamics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from zlib import crc32

import numpy as np

from jaco_core.errors import ConfigError

Triple = tuple[float, float, float]
SHAPES = ("sphere", "box", "cylinder", "ellipsoid")
TEXTURES = ("plain", "checker", "stripes", "gradient", "speckle", "clouds")
# "Per joint" factors are drawn for this many joints; an arm uses the first of them.
MAX_JOINTS = 16
MAX_DISTRACTORS = 4
GROUPS = ("light", "camera", "colour", "dynamics", "noise")


def factor(
    default: Any, group: str, unit: str, description: str, lower: float = 0.0, upper: float = 1.0, choices: tuple[str, ...] = ()
) -> Any:
    """Declares what may vary: its neutral value, its group, its unit and the bounds of each of its numbers, or its choices."""
    meta = {"group": group, "unit": unit, "description": description, "lower": lower, "upper": upper, "choices": choices}
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class Variation:
    """How one episode's world differs from its profile; the defaults change nothing. Base frame; colours in 0..1."""

    target_color: Triple | None = factor(None, "colour", "", "Colour of the task's objects.")
    target_shape: str = factor("sphere", "colour", "", "Shape of the task's objects.", choices=SHAPES)
    target_scale: float = factor(1.0, "colour", "", "Size of the task's objects, as a share of the task's.", 0.2, 3.0)
    table_color: Triple | None = factor(None, "colour", "", "Colour of the table.")
    floor_color: Triple | None = factor(None, "colour", "", "Colour of the background.")
    arm_color: Triple | None = factor(None, "colour", "", "Colour of the arm's shells.")
    ring_color: Triple | None = factor(None, "colour", "", "Colour of the arm's rings and fingers.")
    table_texture: str = factor("plain", "colour", "", "Pattern of the table.", choices=TEXTURES)
    floor_texture: str = factor("plain", "colour", "", "Pattern of the background.", choices=TEXTURES)
    arm_texture: str = factor("plain", "colour", "", "Pattern of the arm.", choices=TEXTURES)
    distractors: float = factor(0.0, "colour", "", "Things on the table that mean nothing, rounded down.", 0.0, 4.99)
    light_shift: Triple = factor((0.0, 0.0, 0.0), "light", "m", "Where the light moves to.", -3.0, 3.0)
    light_brightness: float = factor(1.0, "light", "", "Share of the profile's direct light.", 0.0, 3.0)
    ambient_brightness: float = factor(1.0, "light", "", "Share of the profile's ambient light.", 0.0, 3.0)
    light_tint: Triple = factor((1.0, 1.0, 1.0), "light", "", "Share of red, green and blue of all light.", 0.0, 2.0)
    camera_shift: Triple = factor((0.0, 0.0, 0.0), "camera", "m", "Where the policy's camera moves to.", -0.5, 0.5)
    camera_aim_shift: Triple = factor((0.0, 0.0, 0.0), "camera", "m", "Where the point that it looks at moves to.", -0.5, 0.5)
    camera_roll: float = factor(0.0, "camera", "deg", "Turn of the camera around its axis.", -45.0, 45.0)
    camera_fovy_change: float = factor(0.0, "camera", "deg", "Added to its vertical field of view.", -20.0, 20.0)
    exposure: float = factor(1.0, "noise", "", "Factor on every pixel.", 0.1, 3.0)
    image_noise: float = factor(0.0, "noise", "grey levels", "Standard deviation of each pixel's noise.", 0.0, 64.0)
    image_blur: float = factor(0.0, "noise", "pixel", "Standard deviation of the blur.", 0.0, 3.0)
    image_delay: float = factor(0.0, "noise", "s", "Age of what the camera shows, in whole ticks.", 0.0, 0.3)
    joint_friction: tuple[float, ...] = factor((1.0,) * MAX_JOINTS, "dynamics", "", "Share of each joint's friction.", 0.0, 5.0)
    joint_damping: tuple[float, ...] = factor((1.0,) * MAX_JOINTS, "dynamics", "", "Share of each joint's damping.", 0.0, 50.0)
    joint_gain: tuple[float, ...] = factor((1.0,) * MAX_JOINTS, "dynamics", "", "Share of each velocity servo's gain.", 0.02, 3.0)
    payload: float = factor(0.0, "dynamics", "kg", "Mass in the hand that nobody compensates.", 0.0, 2.0)
    command_delay: float = factor(0.0, "dynamics", "s", "Time from a command to its effect, in whole ticks.", 0.0, 0.3)


FACTORS = {entry.name: entry for entry in fields(Variation)}


@dataclass(frozen=True)
class Range:
    """What a factor is drawn from: uniformly between `low` and `high`, component by component, or one of `choices`."""

    factor: str
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """One of GROUPS."""
        return str(FACTORS[self.factor].metadata["group"])

    def draw(self, seed: int) -> Any:
        """Returns the factor's value in the episode with `seed`. Each factor has random numbers of its own."""
        rng = np.random.default_rng(np.random.SeedSequence((seed, crc32(self.factor.encode()))))
        if self.choices:
            return str(self.choices[int(rng.integers(len(self.choices)))])
        value = rng.uniform(self.low, self.high)
        return float(value[0]) if _size(self.factor) == 1 else tuple(float(entry) for entry in value)


def draw_variation(ranges: tuple[Range, ...], seed: int) -> Variation:
    """Returns how the world differs in the episode with `seed`."""
    return Variation(**{entry.factor: entry.draw(seed) for entry in ranges})


def parse_ranges(data: Mapping[str, Any], where: str) -> tuple[Range, ...]:
    """Returns the ranges of a profile's file: factor -> [low, high], one value, or a list of names.

    Low and high are numbers, or lists of one number per component.

    Raises:
        ConfigError: no such factor, or a value that it cannot have. `where` begins the sentence.
    """
    return tuple(_parse(name, value, where) for name, value in data.items())


def _parse(name: str, value: Any, where: str) -> Range:
    if name not in FACTORS:
        raise ConfigError(f"{where}: there is no factor '{name}'; known: {', '.join(FACTORS)}.")
    meta = FACTORS[name].metadata
    if meta["choices"]:
        choices = tuple(value) if isinstance(value, list) else (value,)
        if not choices or not all(choice in meta["choices"] for choice in choices):
            raise ConfigError(f"{where}: {name} is {value}; it may be any of {', '.join(meta['choices'])}.")
        return Range(name, choices=choices)
    pair = value if isinstance(value, list) and len(value) == 2 else (value, value)
    try:
        low, high = (tuple(np.broadcast_to(np.asarray(end, float), (_size(name),)).tolist()) for end in pair)
    except (TypeError, ValueError):
        raise ConfigError(f"{where}: {name} is {value}; give [low, high] with {_size(name)} number(s) each.") from None
    if not all(meta["lower"] <= a <= b <= meta["upper"] for a, b in zip(low, high, strict=True)):
        raise ConfigError(f"{where}: {name} is {value}; it must rise and lie within {meta['lower']} and {meta['upper']}.")
    return Range(name, low, high)


def _size(name: str) -> int:
    """How many numbers a factor has."""
    default = FACTORS[name].default
    if default is None:
        return 3
    return len(default) if isinstance(default, tuple) else 1
