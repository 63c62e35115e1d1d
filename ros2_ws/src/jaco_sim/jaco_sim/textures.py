"""Patterns for table, background and arm, as materials of the compiled world. An episode picks one by its name."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_sim.variation import TEXTURES

_SIZE = 64


def material_name(texture: str) -> str:
    """Returns the name of the material that shows `texture`."""
    return f"pattern/{texture}"


def add_materials(spec: Any) -> None:
    """Adds a material for every pattern. Patterns are grey: an object's own colour shines through."""
    for texture in TEXTURES:
        name = material_name(texture)
        material = spec.add_material(name=name, texrepeat=(3.0, 3.0), specular=0.2, shininess=0.2)
        if texture == "plain":
            continue
        pixels = np.repeat(_pattern(texture)[..., None], 3, axis=2)
        spec.add_texture(
            name=name,
            type=mujoco.mjtTexture.mjTEXTURE_2D,
            width=_SIZE,
            height=_SIZE,
            nchannel=3,
            data=pixels.ravel().tolist(),
        )
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name


def _pattern(texture: str) -> NDArray[np.uint8]:
    """Returns the pattern's brightness, uint8, shape (64, 64). The same every time."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[0:_SIZE, 0:_SIZE]
    bright = {
        "checker": (row // 16 + column // 16) % 2 * 0.5,
        "stripes": (column // 8) % 2 * 0.4,
        "gradient": np.minimum(row, _SIZE - row) / _SIZE,
        "speckle": rng.uniform(0.0, 0.6, (_SIZE, _SIZE)),
        "clouds": _clouds(rng),
    }[texture]
    return np.asarray(np.rint(255.0 * (1.0 - bright)), np.uint8)


def _clouds(rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns smooth noise in 0..0.6 that repeats at the edges: low frequencies of white noise."""
    spectrum = np.fft.rfft2(rng.standard_normal((_SIZE, _SIZE)))
    frequency = np.hypot(np.fft.fftfreq(_SIZE)[:, None], np.fft.rfftfreq(_SIZE)[None])
    smooth = np.fft.irfft2(spectrum * np.exp(-((frequency * 12.0) ** 2)), (_SIZE, _SIZE))
    return np.asarray(0.6 * (smooth - smooth.min()) / np.ptp(smooth), np.float64)
