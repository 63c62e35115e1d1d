"""What several cameras see, and the one picture that a policy gets of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.depth import depth_in_bytes
from jaco_core.types import DepthImage, RgbImage


@dataclass(frozen=True)
class View:
    """What one camera sees: `image`, uint8, shape (h, w, 3), RGB, and `depth` [mm], uint16, shape (h, w), where asked for."""

    image: RgbImage
    depth: DepthImage | None = None


def put_together(views: Sequence[View]) -> NDArray[np.uint8]:
    """Returns a policy's picture, uint8, shape (h, w, c): view after view its colours and, where it has depth, that in a byte."""
    if len(views) == 1 and views[0].depth is None:
        return views[0].image
    layers = []
    for view in views:
        layers.append(view.image)
        if view.depth is not None:
            layers.append(depth_in_bytes(view.depth)[..., None])
    return np.concatenate(layers, axis=-1)
