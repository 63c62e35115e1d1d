"""Fixtures of this package's tests."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import pytest

# So that tests find their support module in every import mode of pytest.
sys.path.insert(0, str(Path(__file__).parent))

from camera_support import FRAMES, HEIGHT, WIDTH, depth, picture


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (WIDTH, HEIGHT))
    assert writer.isOpened()
    for index in range(FRAMES):
        writer.write(cv2.cvtColor(picture(index), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "stills"
    path.mkdir()
    # Written out of order: the source sorts by name.
    for index in (2, 0, 1):
        cv2.imwrite(str(path / f"{index:03d}.png"), cv2.cvtColor(picture(index), cv2.COLOR_RGB2BGR))
    (path / "notes.txt").write_text("not an image")
    return path


@pytest.fixture
def depth_folder(folder: Path) -> Path:
    for index in range(3):
        cv2.imwrite(str(folder / f"{index:03d}.depth.png"), depth(index))
    return folder
