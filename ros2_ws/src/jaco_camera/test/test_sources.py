from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from camera_support import FRAMES, HEIGHT, WIDTH, picture

from jaco_camera.sources import FrameSource, source_opener
from jaco_core.errors import ConfigError, HardwareFault


def reds(source: FrameSource, count: int) -> list[int]:
    """Returns which of conftest's pictures the next `count` frames are; -1 for none."""
    found = []
    for _ in range(count):
        found.append(round(float(source.decode()[:, :, 0].mean()) / 20.0) if source.grab() else -1)
    return found


def test_a_video_file_gives_its_frames_in_rgb_and_then_ends(video: Path) -> None:
    source = source_opener(str(video))()
    assert not source.live and not source.endless
    assert source.grab()
    image = source.decode()
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
    np.testing.assert_array_equal(source.decode(), picture(0))
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
