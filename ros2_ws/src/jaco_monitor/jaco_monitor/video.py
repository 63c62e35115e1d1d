"""Draws a run after it: what the camera saw beside a view of the scene, with the verdict and the score below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import imageio.v2 as imageio
import numpy as np

from jaco_core.types import RgbImage, Vector
from jaco_monitor.palette import INK, PAPER, REWARD, state_color, state_name
from jaco_monitor.timeline import Moment

SceneRenderer = Callable[[Vector, dict[str, Vector]], RgbImage]
"""Joint positions [rad], shape (n,), and object positions [m] to a picture of the scene, uint8, shape (height, width, 3)."""

# The camera looks ten times a second: a video at this rate runs in real time.
FRAMES_PER_SECOND = 10
HEIGHT = 480
CAPTION_HEIGHT = 64
# Start, on the way, end: as parts of an episode. Most of the way is made early.
SHEET_MOMENTS = (0.0, 0.2, 1.0)
SHEET_ROWS = 3
SHEET_WIDTH = 560
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def compose(moment: Moment, scene: RgbImage) -> RgbImage:
    """Returns one frame of the video: camera, scene, and the caption below them."""
    camera = _scaled(moment.picture, HEIGHT, cv2.INTER_NEAREST)
    view = _scaled(scene, HEIGHT, cv2.INTER_AREA)
    pictures = np.hstack((camera, view))
    if moment.reward > 0.0:
        # A frame around the camera's picture: here the task is being done.
        cv2.rectangle(pictures, (3, 3), (camera.shape[1] - 4, HEIGHT - 4), REWARD, 6)
    frame = np.vstack((pictures, _caption(moment, pictures.shape[1])))
    # The codec wants even sizes.
    return np.ascontiguousarray(frame[: frame.shape[0] & ~1, : frame.shape[1] & ~1])


def write_video(moments: Sequence[Moment], renderer: SceneRenderer, path: Path) -> None:
    """Writes the moments as an MP4 that browsers play."""
    options = ["-preset", "veryfast", "-crf", "22", "-movflags", "+faststart"]
    writer: Any = imageio.get_writer(
        path,
        format="FFMPEG",
        fps=FRAMES_PER_SECOND,
        codec="libx264",
        pixelformat="yuv420p",
        macro_block_size=2,
        output_params=options,
    )
    with writer:
        for moment in moments:
            writer.append_data(compose(moment, renderer(moment.joint_position, moment.objects)))


def write_picture(moments: Sequence[Moment], renderer: SceneRenderer, path: Path) -> None:
    """Writes a contact sheet: a row per episode, from its start to its end."""
    rows = []
    for episode in sorted({moment.episode for moment in moments})[:SHEET_ROWS]:
        ones = [moment for moment in moments if moment.episode == episode]
        chosen = [ones[index] for index in np.round(np.multiply(SHEET_MOMENTS, len(ones) - 1)).astype(int)]
        frames = [compose(moment, renderer(moment.joint_position, moment.objects)) for moment in chosen]
        rows.append(np.hstack([cv2.resize(frame, _fitted(frame), interpolation=cv2.INTER_AREA) for frame in frames]))
    imageio.imwrite(path, np.vstack(rows))


def _caption(moment: Moment, width: int) -> RgbImage:
    bar = np.full((CAPTION_HEIGHT, width, 3), PAPER, np.uint8)
    state = state_name(moment.safety_state)
    reason = f": {moment.safety_reason}" if moment.safety_reason not in ("", "none") else ""
    cv2.circle(bar, (24, 32), 10, state_color(moment.safety_state), cv2.FILLED, cv2.LINE_AA)
    _write(bar, f"{state}{reason}", 46, 40)
    score = f"episode {moment.episode + 1}  step {moment.step:2d}  return {moment.episode_return:.0f}"
    if moment.ended:
        score += "  reached" if moment.success else "  missed"
    (text_width, _), _ = cv2.getTextSize(score, _FONT, 0.7, 2)
    _write(bar, score, width - text_width - 20, 40)
    return bar


def _write(image: RgbImage, text: str, left: int, baseline: int) -> None:
    cv2.putText(image, text, (left, baseline), _FONT, 0.7, INK, 2, cv2.LINE_AA)


def _scaled(image: RgbImage, height: int, interpolation: int) -> RgbImage:
    if image.shape[0] == height:
        return image
    width = round(image.shape[1] * height / image.shape[0])
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), dtype=np.uint8)


def _fitted(frame: RgbImage) -> tuple[int, int]:
    return SHEET_WIDTH, round(frame.shape[0] * SHEET_WIDTH / frame.shape[1])
