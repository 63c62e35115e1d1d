"""The cameras of one arm: the policy's and further ones, with depth where it is asked for. For the graph and the environments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaco_core.cameras import POLICY, camera_frame, further_cameras
from jaco_core.errors import ConfigError
from jaco_core.types import DepthImage, RgbImage
from jaco_sim.profiles import FURTHER_CAMERAS
from jaco_sim.rendering import Renderer
from jaco_sim.simulation import ArmSimulation


@dataclass(frozen=True)
class View:
    """What one camera sees: `image`, uint8, shape (h, w, 3), RGB, and `depth` [mm], uint16, shape (h, w), where asked for."""

    image: RgbImage
    depth: DepthImage | None = None


class Cameras:
    """Draws what they see. Must be used, and closed, by the thread that made it. `names`: the policy's first."""

    def __init__(self, model: Any, further: tuple[str, ...], depth: bool, size: int = 64) -> None:
        """`further`: names of cameras beside the policy's. `depth`: every camera measures it. `size`: width and height [px].

        Raises:
            ConfigError: one of the names is not known or comes twice, or no off-screen OpenGL here.
        """
        unknown = [name for name in further_cameras(further) if name not in FURTHER_CAMERAS]
        if unknown:
            raise ConfigError(
                f"The simulator has no camera '{unknown[0]}'; known beside the policy's: {', '.join(FURTHER_CAMERAS)}."
            )
        self.names, self.depth, self.size = (POLICY, *further), depth, size
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
