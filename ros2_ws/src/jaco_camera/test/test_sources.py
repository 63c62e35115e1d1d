from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from camera_support import FRAMES, HEIGHT, WIDTH, depth, picture

from jaco_camera.sources import FrameSource, source_opener
from jaco_core.errors import ConfigError, HardwareFault


def reds(source: FrameSource, count: int) -> list[int]:
    """Returns which of conftest's pictures the next `count` frames are; -1 for none."""
    found = []
    for _ in range(count):
        found.append(round(float(source.decode().image[:, :, 0].mean()) / 20.0) if source.grab() else -1)
    return found


def test_a_video_file_gives_its_frames_in_rgb_and_then_ends(video: Path) -> None:
    source = source_opener(str(video))()
    assert not source.live and not source.endless
    assert source.grab()
    image = source.decode().image
    assert image.shape == (HEIGHT, WIDTH, 3) and image.dtype == np.uint8
    assert image[:, :40, 2].mean() > 150 > 60 > image[:, 60:, 2].mean()  # blue left: the channels are not swapped
    assert reds(source, FRAMES) == [*range(1, FRAMES), -1]
    source.close()
    source.close()


def test_a_looping_video_begins_again(video: Path) -> None:
    source = source_opener(f"file:{video}", loop=True)()
    assert reds(source, FRAMES + 2) == [*range(FRAMES), 0, 1]


def test_a_folder_gives_its_images_by_name_exactly(folder: Path) -> None:
    source = source_opener(str(folder))()
    assert source.grab()
    np.testing.assert_array_equal(source.decode().image, picture(0))
    assert reds(source, 4) == [1, 2, -1, -1]


def test_a_looping_folder_begins_again(folder: Path) -> None:
    assert reds(source_opener(f"folder:{folder}", loop=True)(), 5) == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("no/such/clip.mp4", "no file or folder"),
        ("", "no file or folder"),
        ("device:front", "number of a device"),
        ("/dev/videoX", "number of a device"),
    ],
)
def test_an_unknown_source_is_refused_before_it_is_opened(text: str, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        source_opener(text)


def test_a_file_that_is_no_video_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("not a video")
    with pytest.raises(HardwareFault, match="does not open"):
        source_opener(str(path))()


def test_a_device_that_is_not_there_does_not_open() -> None:
    with pytest.raises(HardwareFault, match="'97' does not open"):
        source_opener("device:97")()


def test_a_folder_without_images_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no images"):
        source_opener(str(tmp_path))()


def test_a_broken_image_is_a_fault(folder: Path) -> None:
    (folder / "000.png").write_text("not an image")
    source = source_opener(str(folder))()
    assert source.grab()
    with pytest.raises(HardwareFault, match=r"000\.png"):
        source.decode()


def test_a_folder_gives_the_depth_that_lies_beside_its_images(depth_folder: Path) -> None:
    source = source_opener(str(depth_folder), depth=True)()
    for index in range(3):
        assert source.grab()
        capture = source.decode()
        np.testing.assert_array_equal(capture.image, picture(index))
        assert capture.depth is not None and capture.depth.dtype == np.uint16
        np.testing.assert_array_equal(capture.depth, depth(index))
    assert not source.grab(), "depth is no picture of its own"
    plain = source_opener(str(depth_folder))()
    assert plain.grab() and plain.decode().depth is None


def test_an_image_without_its_depth_is_refused(depth_folder: Path) -> None:
    (depth_folder / "001.depth.png").unlink()
    with pytest.raises(ConfigError, match=r"001\.png' has no depth beside it: '001\.depth\.png'"):
        source_opener(str(depth_folder), depth=True)()


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (np.zeros((HEIGHT, WIDTH), np.uint8), "it is uint8"),
        (np.zeros((HEIGHT, WIDTH, 3), np.uint16), "of shape"),
        (np.zeros((HEIGHT, WIDTH + 1), np.uint16), "not aligned"),
    ],
)
def test_what_is_no_depth_of_this_image_is_a_fault(depth_folder: Path, wrong: np.ndarray, part: str) -> None:
    cv2.imwrite(str(depth_folder / "000.depth.png"), wrong)
    source = source_opener(str(depth_folder), depth=True)()
    assert source.grab()
    with pytest.raises(HardwareFault, match=part):
        source.decode()


def test_a_source_without_depth_is_refused_where_depth_is_asked_for(video: Path) -> None:
    with pytest.raises(ConfigError, match="gives no depth; give realsense:"):
        source_opener(str(video), depth=True)
    with pytest.raises(ConfigError, match="'device:0' gives no depth"):
        source_opener("device:0", depth=True)
