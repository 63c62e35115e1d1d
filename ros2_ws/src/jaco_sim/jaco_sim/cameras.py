"""The cameras of one arm: the policy's and further ones, with depth where it is asked for. For the graph and the environments."""

from __future__ import annotations

from typing import Any

from jaco_core.cameras import POLICY, camera_frame, further_cameras
from jaco_core.errors import ConfigError
from jaco_core.views import View
from jaco_sim.profiles import FURTHER_CAMERAS
from jaco_sim.rendering import Renderer
from jaco_sim.simulation import ArmSimulation


def simulated_cameras(further: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the names of further cameras, without empty ones.

    Raises:
        ConfigError: one of them is not known or comes twice.
    """
    names = further_cameras(further)
    unknown = [name for name in names if name not in FURTHER_CAMERAS]
    if unknown:
        raise ConfigError(f"The simulator has no camera '{unknown[0]}'; known beside the policy's: {', '.join(FURTHER_CAMERAS)}.")
    return names


class Cameras:
    """Draws what they see. Must be used, and closed, by the thread that made it. `names`: the policy's first."""

    def __init__(self, model: Any, further: tuple[str, ...], depth: bool, size: int = 64) -> None:
        """`further`: names of cameras beside the policy's. `depth`: every camera measures it. `size`: width and height [px].

        Raises:
            ConfigError: one of the names is not known or comes twice, or no off-screen OpenGL here.
        """
        self.names, self.depth, self.size = (POLICY, *simulated_cameras(further)), depth, size
        self._renderer = Renderer(model, size, size)

    def look(self, simulation: ArmSimulation) -> dict[str, View]:
        """Returns what each camera sends now, by its name."""
        return {name: self._look(simulation, camera_frame(name)) for name in self.names}

    def _look(self, simulation: ArmSimulation, camera: str) -> View:
        if self.depth:
            return View(*simulation.picture_with_depth(self._renderer, camera))
        return View(simulation.picture(self._renderer, camera))

    def close(self) -> None:
        """Releases the renderer."""
        self._renderer.close()
