from __future__ import annotations

from pathlib import Path

import pytest
from monitor_support import PERIOD_NS, Tape, image, joints, noise

from jaco_core.errors import ConfigError
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording, stamp_ns


def test_messages_come_back_typed_and_in_order(run_dir: Path) -> None:
    recording = Recording(run_dir / FILE_NAME)
    assert recording.finished
    assert recording.lost == 0
    found = list(recording.messages())
    assert [item.received_ns for item in found] == sorted(item.received_ns for item in found)
    states = list(recording.messages(["/joint_states"]))
    assert [stamp_ns(item.message.header) for item in states] == [PERIOD_NS * k for k in range(1, 9)]
    assert list(states[0].message.position) == list(joints().position)
    picture = next(recording.messages(["/camera/image_raw"])).message
    assert bytes(picture.data) == bytes(image(0).data)
    assert states[0].received_ns - states[0].published_ns == 1000


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    for index in range(200):
        tape.add("/camera/image_raw", noise(index), PERIOD_NS * index)
    tape.writer.close()
    whole = (tmp_path / FILE_NAME).read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole[: int(0.6 * len(whole))])
    recording = Recording(cut)
    assert not recording.finished
    assert recording.lost is None
    assert 80 < len(list(recording.messages())) < 125


@pytest.mark.parametrize("content", [b"", b"not a recording at all"])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is no MCAP file"):
        Recording(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Recording(tmp_path / "none.mcap")
