"""An episode of a training run's best policy so far, as a video beside it: what the policy sees, and the scene."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import imageio.v2 as imageio
import numpy as np
import torch

from jaco_core.errors import JacoError
from jaco_core.types import ENDED, EpisodeStatus, RgbImage
from jaco_learner.player import Player, load_player
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.rendering import Renderer
from jaco_sim.scene import SCENE_CAMERA, Scene

VIDEO_FILE, NOTE_FILE = "best.mp4", "best.json"
# Filming may take this share of a run's time; a film is expected to take so long, and a shorter run has none [s].
_SHARE, _EXPECTED_S, _SHORTEST_S = 0.01, 2.0, 60.0
# The start that every film of a run has.
_SEED = 0
_HEIGHT, _WIDTH, _CAPTION = 256, 340, 28


@dataclass(frozen=True)
class Filmed:
    """What the video shows: the policy after so many `frames`, whose `training_return` was the best so far, and the episode's."""

    frames: int
    training_return: float
    episode_return: float
    success: bool


class BestFilm:
    """Films a run's best policy, judged by its mean return while training. `filmed`: what the video shows, None without one.

    A film needs no random number of the run's, so the run ends with the same weights with it and without. One that fails is told
    of, and is the last that is tried.
    """

    def __init__(self, scene: Scene, out: Path) -> None:
        self._scene, self._out = scene, out
        self.filmed: Filmed | None = None
        self._spent_s = 0.0
        self._broken = self._begun = False

    def resume(self) -> None:
        """Goes on with the video that is there, if there is one. Otherwise it is an earlier run's, and goes."""
        self._begun = True
        try:
            self.filmed = Filmed(**json.loads((self._out / NOTE_FILE).read_text()))
        except (OSError, ValueError, TypeError):
            self.filmed = None

    def consider(self, frames: int, mean_return: float, elapsed_s: float, last: bool) -> bool:
        """Films the policy that was saved in the run's folder if it is the best so far and there is time; tells whether it did.

        `elapsed_s`: what the run has taken [s]; `last`: it ends here, so time is no matter.
        """
        if not self._begun:
            self._begun = True
            for name in (VIDEO_FILE, NOTE_FILE):
                (self._out / name).unlink(missing_ok=True)
        best = 0.0 if self.filmed is None else self.filmed.training_return
        there_is_time = last or self._spent_s + _EXPECTED_S <= _SHARE * elapsed_s
        if self._broken or mean_return <= best or elapsed_s < _SHORTEST_S or not there_is_time:
            return False
        began = time.monotonic()
        try:
            # To make a network draws its first weights.
            with torch.random.fork_rng(devices=[]):
                status = self._film(load_player(self._out))
        except (JacoError, OSError, RuntimeError) as error:
            print(f"No video of the best policy is made: {error}", file=sys.stderr)
            self._broken = True
            return False
        self._spent_s += time.monotonic() - began
        self.filmed = Filmed(frames, mean_return, status.episode_return, status.success)
        partial = self._out / f"{NOTE_FILE}.partial"
        partial.write_text(json.dumps(asdict(self.filmed)))
        os.replace(partial, self._out / NOTE_FILE)
        return True

    def _film(self, player: Player) -> EpisodeStatus:
        """Writes the video in one atomic step; returns how the episode ended."""
        environment = player.environment(self._scene, 1)
        renderer = Renderer(self._scene.model, _WIDTH, _HEIGHT)
        partial = self._out / f"partial-{VIDEO_FILE}"
        options = ["-preset", "veryfast", "-crf", "24", "-threads", "1", "-movflags", "+faststart"]
        writer: Any = imageio.get_writer(
            partial,
            format="FFMPEG",
            fps=round(1.0 / self._scene.task.control_period_s),
            codec="libx264",
            pixelformat="yuv420p",
            macro_block_size=2,
            output_params=options,
        )
        try:
            with writer:
                for picture, status in _play(environment, player):
                    view = renderer.draw(environment.simulations[0].data, SCENE_CAMERA)
                    writer.append_data(_compose(picture, view, status))
        finally:
            renderer.close()
            environment.close()
        os.replace(partial, self._out / VIDEO_FILE)
        return status


@torch.inference_mode()
def _play(environment: BatchEnv, player: Player) -> Iterator[tuple[RgbImage, EpisodeStatus]]:
    """Plays one episode with the likeliest actions; yields what the policy's own camera takes each time, and where it stands."""
    step = environment.reset([_SEED])
    state = player.begin(1)
    yield step.image[0, ..., :3], environment.statuses[0]
    while environment.statuses[0].phase != ENDED:
        logits, state = player.logits(step, state, environment.joints if player.feels else None)
        step = environment.step(logits.argmax(-1).numpy())
        yield step.image[0, ..., :3], environment.statuses[0]


def _compose(picture: RgbImage, view: RgbImage, status: EpisodeStatus) -> RgbImage:
    """Returns one frame: the policy's picture, enlarged, the scene, and step and return so far below them."""
    seen = cv2.resize(picture, (_HEIGHT, _HEIGHT), interpolation=cv2.INTER_NEAREST)
    pictures = np.hstack((seen, view))
    caption = np.full((_CAPTION, pictures.shape[1], 3), 255, np.uint8)
    text = f"step {status.step}, return {status.episode_return:.0f}{', ' + status.reason if status.reason else ''}"
    cv2.putText(caption, text, (8, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 30, 35), 1, cv2.LINE_AA)
    return np.vstack((pictures, caption))
