from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jaco_core.errors import ConfigError
from jaco_driver.emulator.refusal import Refusal
from jaco_driver.emulator.sessions import Connection, Sessions
from jaco_driver.emulator.troubles import KINDS, Troubles, change
from jaco_driver.kortex_wire.codes import SubError
from jaco_driver.kortex_wire.schema import message

MS = 1_000_000


def info(**changes: Any) -> Any:
    asked = {"username": "admin", "password": "admin", "session_inactivity_timeout": 5000, "connection_inactivity_timeout": 400}
    return message("CreateSessionInfo", **{**asked, **changes})


@pytest.mark.parametrize(
    ("changes", "wrong", "sub_error"),
    [
        ({"password": "nope"}, False, SubError.INVALID_PASSWORD),
        ({}, True, SubError.INVALID_PASSWORD),
        ({"username": "root"}, False, SubError.USER_NOT_FOUND),
    ],
)
def test_strangers_get_no_session(changes: dict[str, str], wrong: bool, sub_error: SubError) -> None:
    sessions = Sessions()
    with pytest.raises(Refusal) as caught:
        sessions.create(info(**changes), Connection(), 0, wrong)
    assert caught.value.sub_error == sub_error and len(sessions) == 0


def test_a_session_is_its_connections_own() -> None:
    sessions, mine = Sessions(), Connection()
    first, second = sessions.create(info(), mine, 0), sessions.create(info(), Connection(), 0)
    assert first.number != second.number and 0 not in (first.number, second.number)
    assert sessions.hear(first.number, mine, 1) is first
    with pytest.raises(Refusal) as caught:
        sessions.hear(second.number, mine, 1)
    assert caught.value.sub_error == SubError.INVALID_USER_SESSION_ACCESS
    with pytest.raises(Refusal) as caught:
        sessions.hear(99, mine, 1)
    assert caught.value.sub_error == SubError.INVALID_SESSION


def test_silence_is_told_once_at_the_time_that_the_client_chose() -> None:
    sessions, connection = Sessions(), Connection()
    session = sessions.create(info(), connection, 0)
    assert sessions.fallen_silent(400 * MS) == []
    assert sessions.fallen_silent(400 * MS + 1) == [session]
    assert sessions.fallen_silent(500 * MS) == []
    sessions.hear(session.number, connection, 600 * MS)
    assert sessions.fallen_silent(1000 * MS) == []
    assert sessions.fallen_silent(1001 * MS) == [session]


def test_a_session_ends_itself_after_its_own_time() -> None:
    sessions, connection = Sessions(), Connection()
    session = sessions.create(info(), connection, 0)
    sessions.fallen_silent(5000 * MS)
    assert len(sessions) == 1
    sessions.fallen_silent(5001 * MS)
    assert len(sessions) == 0
    with pytest.raises(Refusal):
        sessions.hear(session.number, connection, 5002 * MS)


def test_a_session_whose_connection_closed_stops_its_motion_and_ends() -> None:
    sessions, connection = Sessions(), Connection()
    session = sessions.create(info(), connection, 0)
    connection.open = False
    assert sessions.fallen_silent(300 * MS) == [] and len(sessions) == 1
    assert sessions.fallen_silent(401 * MS) == [session] and len(sessions) == 0


def test_what_a_client_does_not_choose_is_kinovas() -> None:
    session = Sessions().create(info(session_inactivity_timeout=0, connection_inactivity_timeout=0), Connection(), 0)
    assert (session.session_timeout_ns, session.connection_timeout_ns) == (60_000 * MS, 2_000 * MS)


def test_troubles_are_set_from_text() -> None:
    troubles = change(Troubles(hung=True), {"late_replies": "0.3", "wrong_mode": "True", "actuator_count": "6", "hung": "false"})
    assert troubles == Troubles(late_replies=0.3, wrong_mode=True, actuator_count=6)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("hang", "true", "knows no trouble 'hang'; it knows wrong_password"),
        ("hung", "1", "'hung' is true or false, got '1'"),
        ("late_replies", "soon", "'late_replies' is a number"),
        ("lost_datagrams", "1.5", "from 0 to 1"),
        ("late_replies", "-1", "cannot be negative"),
    ],
)
def test_wrong_troubles_are_refused(name: str, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        change(Troubles(), {name: text})


def test_the_readme_names_every_trouble() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    table = readme.split("| trouble | what it does |\n| --- | --- |\n")[1].split("\n\n")[0]
    assert [line.split("`")[1] for line in table.splitlines()] == list(KINDS)
