from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from jaco_core.errors import ConfigError
from jaco_driver.emulator.control import ControlServer
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.emulator.pictures import PictureBoard
from jaco_driver.emulator.troubles import Troubles
from jaco_driver.kortex_wire.codes import ArmState

TIMEOUT_S = 20.0


@pytest.fixture
def board() -> PictureBoard:
    return PictureBoard()


@pytest.fixture
def control(emulator: Emulator, board: PictureBoard) -> Iterator[ControlServer]:
    server = ControlServer(emulator, "127.0.0.1", 0, {"POST /echo": lambda query: query}, board)
    yield server
    server.close()


def ask(control: ControlServer, path: str, method: str = "GET") -> tuple[int, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{control.port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_state_can_be_read(control: ControlServer) -> None:
    status, state = ask(control, "/state")
    assert status == 200 and state["arm_state"] == "SERVOING_READY" and state["standing"] and state["troubles"] == {}
    assert len(state["position"]) == len(state["velocity"]) == 8


def test_troubles_are_switched_on_and_off_one_by_one(control: ControlServer, emulator: Emulator) -> None:
    assert ask(control, "/troubles?late_replies=0.2&wrong_mode=true", "POST") == (200, {})
    assert ask(control, "/troubles?wrong_mode=false", "POST") == (200, {})
    assert emulator.troubles == Troubles(late_replies=0.2)
    assert ask(control, "/state")[1]["troubles"] == {"late_replies": 0.2}


def test_faults_come_by_name_and_last_where_asked(control: ControlServer, emulator: Emulator) -> None:
    assert ask(control, "/fault?name=2:MAXIMUM_TORQUE&lasts=true", "POST")[0] == 200
    assert emulator.state == ArmState.IN_FAULT
    assert ask(control, "/end_causes", "POST")[0] == 200
    assert ask(control, "/drop_connections", "POST")[0] == 200
    assert ask(control, "/lose_datagrams?count=3", "POST")[0] == 200


def test_other_routes_get_their_arguments(control: ControlServer) -> None:
    assert ask(control, "/echo?seed=3&name=target", "POST") == (200, {"seed": "3", "name": "target"})


@pytest.mark.parametrize(
    ("path", "method", "status", "problem"),
    [
        ("/troubles?hang=true", "POST", 400, "knows no trouble 'hang'"),
        ("/fault", "POST", 400, "argument 'name' is missing"),
        ("/fault?name=oops", "POST", 400, "no fault 'oops'"),
        ("/lose_datagrams?count=some", "POST", 400, "whole number, got 'some'"),
        ("/state", "POST", 404, "There is no POST /state"),
        ("/oops", "GET", 404, "There is no GET /oops"),
    ],
)
def test_wrong_requests_are_told_so(control: ControlServer, path: str, method: str, status: int, problem: str) -> None:
    answer = ask(control, path, method)
    assert answer[0] == status and problem in answer[1]["error"]


def test_pictures_are_streamed_one_after_another_to_who_watches(control: ControlServer, board: PictureBoard) -> None:
    assert not board.watched(timeout=0.0)
    with urllib.request.urlopen(f"http://127.0.0.1:{control.port}/camera.mjpg", timeout=TIMEOUT_S) as stream:
        assert stream.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=picture"
        for picture in (b"first", b"the second"):
            assert board.watched(TIMEOUT_S)
            board.show(picture)
            assert stream.readline() == b"--picture\r\n"
            assert stream.readline() == b"Content-Type: image/jpeg\r\n"
            assert stream.readline() == b"Content-Length: %d\r\n" % len(picture)
            assert stream.readline() == b"\r\n"
            assert stream.read(len(picture)) == picture
            assert stream.readline() == b"\r\n"


def test_one_picture_can_be_had(control: ControlServer, board: PictureBoard) -> None:
    def draw() -> None:
        if board.watched(TIMEOUT_S):
            board.show(b"picture")

    drawing = threading.Thread(target=draw)
    drawing.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{control.port}/camera.jpg", timeout=TIMEOUT_S) as answer:
        assert answer.read() == b"picture" and answer.headers["Content-Type"] == "image/jpeg"
    drawing.join(TIMEOUT_S)


def test_without_a_camera_there_are_no_pictures(emulator: Emulator) -> None:
    server = ControlServer(emulator, "127.0.0.1", 0)
    assert ask(server, "/camera.mjpg")[0] == 404
    server.close()


def test_a_taken_port_is_refused_with_one_sentence(control: ControlServer, emulator: Emulator) -> None:
    with pytest.raises(ConfigError, match=f"control port {control.port} on 127.0.0.1 cannot be opened"):
        ControlServer(emulator, "127.0.0.1", control.port)
