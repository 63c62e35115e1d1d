"""`jaco emulate`: a Kortex base on this machine, with an arm in the simulator's scene and a camera, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from jaco_bringup.emulation.stage import Stage
from jaco_core.errors import ConfigError
from jaco_core.scheduling import Urgency, hurry
from jaco_core.types import frozen_vector
from jaco_driver.emulator.control import ControlServer, Route
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.emulator.pictures import PictureBoard
from jaco_driver.emulator.troubles import Troubles, change


@dataclass(frozen=True)
class EmulateOptions:
    """The options of `jaco emulate`. Ports: 0 takes a free one. `troubles`: as in "hung=true".

    `domain`: ROS domain of a graph before whose episodes the target is moved; None for no graph.
    """

    arm: str
    host: str
    port_tcp: int
    port_udp: int
    port_control: int
    task: str
    profile: str
    seed: int
    camera: bool
    image_size: int
    troubles: tuple[str, ...]
    domain: int | None = None


def run(options: EmulateOptions) -> int:
    """Emulates until a signal comes; returns the exit code.

    Raises:
        ConfigError: an option is wrong or a port is taken.
    """
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *unused: ended.set())
    with ExitStack() as stack:
        emulator, control = start(options, stack)
        print(
            f"Emulating a Kinova {options.arm} on {options.host}: TCP port {emulator.tcp_port}, UDP port {emulator.udp_port}; "
            f"control and camera on http://{options.host}:{control.port}. Ctrl-C ends it.",
            flush=True,
        )
        # A real base has a computer of its own: the graph's nodes must not keep this one from answering.
        print(hurry(Urgency.SUPERVISOR), flush=True)
        ended.wait()
    return 0


def start(options: EmulateOptions, stack: ExitStack) -> tuple[Emulator, ControlServer]:
    """Returns the running parts, which `stack` closes.

    Raises:
        ConfigError: an option is wrong or a port is taken.
    """
    troubles = parse_troubles(options.troubles)
    stage = Stage(options.task, options.arm, options.profile, options.seed)
    emulator = stack.enter_context(Emulator(options.arm, options.host, options.port_tcp, options.port_udp, troubles, stage.model))
    board: PictureBoard | None = None
    if options.camera:
        from jaco_bringup.emulation.camera import EmulatedCamera  # OpenGL, which a machine without a camera may lack

        camera = EmulatedCamera(stage, lambda: emulator.read().position, options.image_size)
        stack.callback(camera.close)
        board = camera.board
    routes = stage_routes(stage, emulator, options.image_size)
    control = ControlServer(emulator, options.host, options.port_control, routes, board)
    stack.callback(control.close)
    if options.domain is not None:
        from jaco_bringup.emulation.node import Person  # ROS, which an emulator alone does without

        stack.enter_context(Person(options.domain, lambda seed: stage.reset(seed, emulator.read().position)))
    return emulator, control


def stage_routes(stage: Stage, emulator: Emulator, image_size: int) -> dict[str, Route]:
    """Returns the routes that read and change the scene."""

    def reset(query: dict[str, str]) -> dict[str, Any]:
        seed = query.get("seed", "0")
        if not seed.isdecimal():
            raise ConfigError(f"The seed is a whole number, got '{seed}'.")
        objects = stage.reset(int(seed), emulator.read().position)
        return {"objects": {name: position.tolist() for name, position in objects.items()}}

    def move(query: dict[str, str]) -> None:
        try:
            name, position = query["name"], frozen_vector([float(query[axis]) for axis in "xyz"])
        except (KeyError, ValueError) as error:
            raise ConfigError(f"An object is moved by name, x, y and z [m], got {query}.") from error
        stage.move(name, position)

    return {
        "GET /scene": lambda query: stage.scene(emulator.read().position),
        "GET /calibration": lambda query: stage.calibration(image_size),
        "POST /reset": reset,
        "POST /move": move,
    }


def parse_troubles(texts: tuple[str, ...]) -> Troubles:
    """Returns the troubles that `texts` switch on, as in ("hung=true", "late_replies=0.3").

    Raises:
        ConfigError: a text is none.
    """
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise ConfigError(f"A trouble is written name=value, as in hung=true; got '{wrong[0]}'.")
    return change(Troubles(), dict(text.split("=", 1) for text in texts))
