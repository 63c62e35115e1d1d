"""Mailbox, gate, credentials, the sentinel and the loader: the small parts of the Kortex backend."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jaco_core.errors import ConfigError
from jaco_driver.kortex import loader, sentinel
from jaco_driver.kortex.credentials import FACTORY, read_credentials
from jaco_driver.kortex.gate import Gate, GateShut
from jaco_driver.kortex.heartbeat import Heartbeat
from jaco_driver.kortex.mailbox import Mailbox
from jaco_driver.kortex.settings import MAX_INACTIVITY_S, KortexSettings

TIMEOUT = 20.0


def test_mailbox_keeps_the_newest_and_gives_it_once() -> None:
    mailbox: Mailbox[str] = Mailbox()
    assert mailbox.take() is None
    mailbox.put("old", 1)
    mailbox.put("new", 2)
    assert mailbox.take() == ("new", 2)
    assert mailbox.take() is None


def test_gate_lets_only_commands_of_the_present_opening_through() -> None:
    gate, sent = Gate(), []
    assert gate.opening is None
    gate.open()
    first = gate.opening
    assert first is not None
    with gate.through(first):
        gate.pass_on(lambda: sent.append("speed"))
    gate.shut()
    with gate.through(first), pytest.raises(GateShut):
        gate.pass_on(lambda: sent.append("late speed"))
    gate.pass_on(lambda: sent.append("stop"))
    gate.open()
    with gate.through(first), pytest.raises(GateShut):
        gate.pass_on(lambda: sent.append("speed of before the stop"))
    assert sent == ["speed", "stop"]


def test_password_does_not_show_and_the_base_stops_soon_by_itself() -> None:
    settings = KortexSettings(password="secret")
    assert "secret" not in repr(settings)
    assert settings.connection_timeout <= MAX_INACTIVITY_S


def test_credentials_come_from_the_environment_or_a_private_file(tmp_path: Path) -> None:
    assert read_credentials("", {}) == FACTORY
    assert read_credentials("", {"JACO_KORTEX_USER": "ada", "JACO_KORTEX_PASSWORD": "secret"}) == ("ada", "secret")
    file = tmp_path / "arm"
    file.write_text("ada\nsecret\n")
    file.chmod(0o600)
    assert read_credentials(str(file), {}) == ("ada", "secret")


def test_bad_credentials_files_are_refused_without_showing_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_credentials(str(tmp_path / "none"), {})
    file = tmp_path / "arm"
    file.write_text("ada\nsecret\n")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        read_credentials(str(file), {})
    assert "secret" not in str(caught.value)
    file.write_text("ada\n")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="two lines"):
        read_credentials(str(file), {})


@pytest.mark.parametrize(("beats", "silent"), [((b"I",), False), ((b"A", b"I"), False), ((b"A",), True), ((b"I", b"A"), True)])
def test_sentinel_notices_silence_only_while_the_arm_may_move(beats: tuple[bytes, ...], silent: bool) -> None:
    reader, writer = os.pipe()
    for beat in beats:
        os.write(writer, beat)
    if not silent:
        os.close(writer)
    assert sentinel.watch(reader, 0.02) is silent


CHILD = """
import os, sys, time
from jaco_driver.kortex.heartbeat import Heartbeat
heartbeat = Heartbeat(float(sys.argv[1]))
heartbeat.beat(True)
print(heartbeat.pid, flush=True)
time.sleep(60.0)
"""


def test_sentinel_kills_a_driver_whose_command_thread_hangs() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, "0.2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.wait(TIMEOUT) == -signal.SIGKILL
        assert child.stderr is not None
        assert "gave no sign for 0.2 s" in child.stderr.read()


def test_sentinel_ends_with_its_driver_and_its_end_is_noticed() -> None:
    heartbeat = Heartbeat(30.0)
    assert heartbeat.beat(True) and heartbeat.watched
    heartbeat.end()
    assert not heartbeat.watched
    with pytest.raises(ProcessLookupError):
        os.kill(heartbeat.pid, 0)


def test_sentinel_that_hangs_is_noticed_when_its_pipe_is_full() -> None:
    heartbeat = Heartbeat(30.0)
    os.kill(heartbeat.pid, signal.SIGSTOP)
    try:
        beats = next(count for count in range(100_000) if not heartbeat.beat(False))
    finally:
        os.kill(heartbeat.pid, signal.SIGCONT)
        heartbeat.end()
    assert beats <= 40 * 110, "at 40 beats a second that takes less than two minutes"


def test_missing_kortex_api_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(loader.PATH_VARIABLE, str(tmp_path))

    def missing(name: str) -> None:
        raise ImportError(f"No module named '{name}'")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r"kortex_api cannot be imported .* protobuf==3.20.3") as caught:
        loader.load_vendor()
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in sys.path
    sys.path.remove(str(tmp_path))
