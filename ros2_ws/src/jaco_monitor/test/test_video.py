from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import imageio.v2 as imageio
import numpy as np
import pytest
from monitor_support import PERIOD_NS

from jaco_core.types import RgbImage, Vector, frozen_vector
from jaco_monitor.palette import PAPER, REWARD, state_color
from jaco_monitor.timeline import Moment
from jaco_monitor.video import FRAMES_PER_SECOND, HEIGHT, compose, write_picture, write_video
from jaco_safety.reasons import State

SCENE = np.full((480, 640, 3), 90, np.uint8)


def moment(step: int, episode: int = 0) -> Moment:
    picture = np.full((64, 64, 3), 30 + step, np.uint8)
    position = frozen_vector(np.full(9, 0.1 * step))
    return Moment(step * PERIOD_NS, picture, position, {}, episode, step, 0.0, 0.0, False, False, State.ACTIVE, "none")


def draw(position: Vector, objects: dict[str, Vector]) -> RgbImage:
    return np.full((480, 640, 3), round(100 * float(position[0])), np.uint8)


def test_camera_and_scene_stand_side_by_side_above_the_caption() -> None:
    frame = compose(moment(4), SCENE)
    assert frame.shape == (544, 1120, 3)
    assert np.all(frame[:HEIGHT, :480] == 34)
    assert np.all(frame[:HEIGHT, 480:] == 90)
    assert tuple(frame[-1, 0]) == PAPER


def test_the_caption_has_the_colour_of_the_verdict() -> None:
    limited = replace(moment(1), safety_state=int(State.LIMITED))
    assert tuple(compose(limited, SCENE)[HEIGHT + 32, 24]) == state_color(State.LIMITED)


def test_a_reward_frames_the_camera_s_picture() -> None:
    assert tuple(compose(replace(moment(1), reward=1.0), SCENE)[3, 200]) == REWARD
    assert tuple(compose(moment(1), SCENE)[3, 200]) == (31, 31, 31)


@pytest.mark.parametrize("shape", [(64, 64, 3), (480, 640, 3), (97, 131, 3)])
def test_every_camera_size_gives_a_frame_that_the_codec_takes(shape: tuple[int, int, int]) -> None:
    frame = compose(replace(moment(1), picture=np.zeros(shape, np.uint8)), SCENE)
    assert frame.shape[0] % 2 == frame.shape[1] % 2 == 0


def test_the_video_has_one_frame_per_moment_in_real_time(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    write_video([moment(step) for step in range(6)], draw, path)
    with imageio.get_reader(path) as reader:
        facts = reader.get_meta_data()
        frames = list(reader.iter_data())
    assert len(frames) == 6
    assert (facts["codec"], facts["fps"], facts["pix_fmt"].partition("(")[0]) == ("h264", FRAMES_PER_SECOND, "yuv420p")
    assert [int(frame[200, 800, 0]) // 10 for frame in frames] == pytest.approx(range(6), abs=1)


def test_the_picture_has_a_row_per_episode(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    write_picture([moment(step, episode) for episode in range(2) for step in range(5)], draw, path)
    assert imageio.imread(path).shape == (2 * 272, 3 * 560, 3)
