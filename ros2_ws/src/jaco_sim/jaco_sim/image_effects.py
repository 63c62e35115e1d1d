"""What a real camera does to a picture, after it is drawn: blur, exposure, noise. Pure numpy."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import RgbImage
from jaco_sim.variation import Variation


class ImageEffects:
    """The effects of one episode, in the order in which light meets them. Picture k of an episode always has the same noise."""

    def __init__(self, variation: Variation, seed: int, camera: str = "") -> None:
        """`camera`: name of a further one, whose noise is another; "" for the policy's."""
        self._variation = variation
        self._rng = np.random.default_rng(np.random.SeedSequence((seed, 1, crc32(camera.encode())) if camera else (seed, 1)))
        self._kernel = _gaussian(variation.image_blur)

    def __call__(self, image: RgbImage) -> RgbImage:
        """Returns the picture, uint8, shape (h, w, 3), as the camera would have sent it."""
        variation = self._variation
        seen = image.astype(np.float32)
        if variation.image_blur > 0.0:
            seen = _blurred(seen, self._kernel)
        seen *= np.float32(variation.exposure)
        if variation.image_noise > 0.0:
            seen += np.float32(variation.image_noise) * self._rng.standard_normal(seen.shape, np.float32)
        return np.clip(np.rint(seen, out=seen), 0.0, 255.0, out=seen).astype(np.uint8)


def _gaussian(sigma: float) -> NDArray[np.float32]:
    """Returns a normalised kernel, shape (2 r + 1,), with r = 3 sigma; sigma in pixels."""
    radius = int(np.ceil(3.0 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(sigma, 1e-9)) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)


def _blurred(image: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns `image`, shape (h, w, c), convolved along both axes; beyond the edge it goes on as it is at the edge."""
    height, width, channels = image.shape
    radius, row = len(kernel) // 2, width * channels
    rows = image.reshape(height, row)
    total, share = np.empty_like(rows), np.empty_like(rows)
    padded = np.concatenate((np.repeat(rows[:1], radius, 0), rows, np.repeat(rows[-1:], radius, 0)))
    _accumulate([padded[offset : offset + height] for offset in range(len(kernel))], kernel, total, share)
    left, right = np.tile(total[:, :channels], radius), np.tile(total[:, -channels:], radius)
    padded = np.concatenate((left, total, right), axis=1)
    _accumulate([padded[:, offset : offset + row] for offset in range(0, len(kernel) * channels, channels)], kernel, total, share)
    return total.reshape(image.shape)


def _accumulate(
    parts: list[NDArray[np.float32]], kernel: NDArray[np.float32], total: NDArray[np.float32], share: NDArray[np.float32]
) -> None:
    """Writes the sum of `parts`, weighted by `kernel`, into `total`; `share` is room for one of them."""
    np.multiply(parts[0], kernel[0], out=total)
    for part, weight in zip(parts[1:], kernel[1:], strict=True):
        total += np.multiply(part, weight, out=share)
