"""The emulator's control port: HTTP, so that curl and a browser can read it, trouble it and see what its camera sees.

GET answers with JSON, POST changes something. Arguments stand in the query, as in /troubles?hung=true.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from jaco_core.errors import ConfigError, JacoError
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.emulator.pictures import PictureBoard
from jaco_driver.emulator.troubles import change

Route = Callable[[dict[str, str]], Any]
"""Takes the query's arguments and returns what becomes JSON; None for nothing to say."""

_BOUNDARY = "picture"
# [s] A watcher is sent away when there is no picture for so long.
_PATIENCE_S = 5.0


class ControlServer:
    """Serves the emulator's control port in threads of its own until `close`."""

    def __init__(
        self,
        emulator: Emulator,
        host: str,
        port: int,
        routes: Mapping[str, Route] | None = None,
        pictures: PictureBoard | None = None,
    ) -> None:
        """`routes`: further ones, as in {"POST /reset": ...}. `pictures`: what /camera.mjpg and /camera.jpg show.

        Raises:
            ConfigError: the port is taken.
        """
        self.routes: dict[str, Route] = {**emulator_routes(emulator), **(routes or {})}
        self.pictures = pictures
        try:
            self._server = _Server((host, port), _Handler)
        except OSError as error:
            raise ConfigError(f"The emulator's control port {port} on {host} cannot be opened: {error.strerror}.") from error
        self._server.control = self
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="emulator-control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops serving."""
        if self.pictures is not None:
            self.pictures.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_PATIENCE_S)


def emulator_routes(emulator: Emulator) -> dict[str, Route]:
    """Returns the routes that read and trouble `emulator`."""
    return {
        "GET /state": lambda query: _state(emulator),
        "POST /troubles": lambda query: emulator.change_troubles(lambda present: change(present, query)),
        "POST /fault": lambda query: emulator.fault(_need(query, "name"), query.get("lasts", "") == "true"),
        "POST /end_causes": lambda query: emulator.end_causes(),
        "POST /drop_connections": lambda query: emulator.drop_connections(),
        "POST /lose_datagrams": lambda query: emulator.lose_datagrams(_whole(query, "count")),
    }


def _state(emulator: Emulator) -> dict[str, Any]:
    reading = emulator.read()
    return {
        "arm_state": emulator.state.name,
        "standing": emulator.standing,
        "sessions": emulator.session_count,
        "position": np.round(reading.position, 6).tolist(),
        "velocity": np.round(reading.velocity, 6).tolist(),
        "tool_position": np.round(reading.tool_position, 6).tolist(),
        "troubles": {name: value for name, value in vars(emulator.troubles).items() if value},
    }


def _need(query: dict[str, str], name: str) -> str:
    if name not in query:
        raise ConfigError(f"The argument '{name}' is missing.")
    return query[name]


def _whole(query: dict[str, str], name: str) -> int:
    text = _need(query, name)
    if not text.isdecimal():
        raise ConfigError(f"The argument '{name}' is a whole number, got '{text}'.")
    return int(text)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    control: ControlServer


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    # A picture is sent at once, not when more of it has gathered.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        pictures = self._control.pictures
        if pictures is not None and path == "/camera.mjpg":
            self._stream(pictures)
        elif pictures is not None and path == "/camera.jpg":
            self._picture(pictures)
        else:
            self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Says nothing: a line per request is nothing to read."""

    @property
    def _control(self) -> ControlServer:
        assert isinstance(self.server, _Server)
        return self.server.control

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        route = self._control.routes.get(f"{method} {parts.path}")
        if route is None:
            known = ", ".join(sorted(self._control.routes))
            self._send(404, {"error": f"There is no {method} {parts.path}; there are {known}."})
            return
        try:
            self._send(200, route(dict(parse_qsl(parts.query))) or {})
        except JacoError as error:
            self._send(400, {"error": str(error)})

    def _send(self, status: int, data: Any) -> None:
        self._send_bytes(status, "application/json", json.dumps(data).encode() + b"\n")

    def _send_bytes(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _picture(self, pictures: PictureBoard) -> None:
        with pictures:
            found = pictures.newer(pictures.number, _PATIENCE_S)
        if found is None:
            self._send(503, {"error": "There is no picture."})
        else:
            self._send_bytes(200, "image/jpeg", found[1])

    def _stream(self, pictures: PictureBoard) -> None:
        """Sends pictures until the watcher goes away."""
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        self.close_connection = True
        number = pictures.number
        try:
            with pictures:
                while (found := pictures.newer(number, _PATIENCE_S)) is not None:
                    number, picture = found
                    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode() + picture + b"\r\n")
        except (ConnectionError, TimeoutError):
            return
