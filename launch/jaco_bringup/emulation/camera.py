"""The emulated camera: draws the stage while anybody watches, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import cv2

from jaco_bringup.emulation.stage import Stage
from jaco_core.errors import ConfigError
from jaco_core.types import RgbImage, Vector
from jaco_driver.emulator.pictures import PictureBoard

RATE_HZ = 30.0
# The pictures are as good as JPEG can make them, colours in full resolution: the policy is to see the scene, not the compression.
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
_PATIENCE_S = 10.0


class EmulatedCamera:
    """Puts pictures up on `board`, 30 a second, until `close`."""

    def __init__(self, stage: Stage, position: Callable[[], Vector], size: int) -> None:
        """`position`: returns the joint angles [rad] now. `size`: of the square pictures [px].

        Raises:
            ConfigError: there is no off-screen OpenGL.
        """
        self.board = PictureBoard()
        self._stage, self._position, self._size = stage, position, size
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._problem: ConfigError | None = None
        self._thread = threading.Thread(target=self._run, name="emulated-camera", daemon=True)
        self._thread.start()
        self._ready.wait(_PATIENCE_S)
        if self._problem is not None:
            raise self._problem

    def close(self) -> None:
        """Stops drawing."""
        self._stop.set()
        self.board.close()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        try:
            renderer = self._stage.renderer(self._size)
        except ConfigError as error:
            self._problem = error
            return
        finally:
            self._ready.set()
        while not self._stop.is_set():
            if self.board.watched(timeout=0.5):
                due = time.monotonic() + 1.0 / RATE_HZ
                self.board.show(jpeg(self._stage.picture(self._position(), renderer)))
                self._stop.wait(max(0.0, due - time.monotonic()))
        renderer.close()


def jpeg(image: RgbImage) -> bytes:
    """Returns `image` as a JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), _JPEG)
    assert done
    return bytes(data)
