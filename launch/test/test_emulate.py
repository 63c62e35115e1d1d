"""`jaco emulate`: the emulated base in the simulator's scene, with its camera."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jaco_interfaces.msg import EpisodeState

from jaco_bringup.bench.emulated import LISTENS
from jaco_bringup.commands.emulate import EmulateOptions, parse_troubles, start
from jaco_bringup.emulation.node import Person
from jaco_bringup.emulation.stage import Stage
from jaco_camera.calibration import load_calibration
from jaco_camera.sources import source_opener
from jaco_core.arms import load_arm
from jaco_core.domain import take_domain
from jaco_core.errors import ConfigError, JacoError
from jaco_core.ros import qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_driver.emulator.control import ControlServer
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.emulator.troubles import Troubles
from jaco_sim.profiles import load_profile

ARM = load_arm("gen3")
OPTIONS = EmulateOptions(
    arm="gen3",
    host="127.0.0.1",
    port_tcp=0,
    port_udp=0,
    port_control=0,
    task="reach",
    profile="nominal",
    seed=1,
    camera=True,
    image_size=64,
    troubles=("late_replies=0.1",),
)


@pytest.fixture(scope="module")
def emulation() -> Iterator[tuple[Emulator, ControlServer]]:
    with ExitStack() as stack:
        yield start(OPTIONS, stack)


def ask(control: ControlServer, path: str, method: str = "GET") -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{control.port}{path}", method=method)
    with urllib.request.urlopen(request, timeout=20.0) as answer:
        return json.load(answer)


def test_the_camera_node_can_open_the_emulated_camera(emulation: tuple[Emulator, ControlServer]) -> None:
    _, control = emulation
    source = source_opener(f"http://127.0.0.1:{control.port}/camera.mjpg")()
    try:
        assert source.live and source.grab()
        before = source.decode().image
        assert before.shape == (64, 64, 3) and before.std() > 10.0
        ask(control, "/move?name=target&x=0.35&y=0.15&z=0.035", "POST")
        for _ in range(100):
            assert source.grab()
            after = source.decode().image
            red = (after[:, :, 0] > 130) & (after[:, :, 1] < 60)
            if np.abs(after.astype(int) - before).max() > 60 and red.any():
                break
        else:
            pytest.fail("the target was not seen to move")
        assert source.grab() and not np.array_equal(source.decode().image, after), "a camera without noise looks frozen"
    finally:
        source.close()


def test_a_reset_draws_the_target_by_the_seed_and_leaves_the_arm(emulation: tuple[Emulator, ControlServer]) -> None:
    emulator, control = emulation
    first, again, other = (ask(control, f"/reset?seed={seed}", "POST")["objects"]["target"] for seed in (4, 4, 5))
    assert first == again != other
    assert np.allclose(emulator.read().position, ARM.home, atol=1e-3)
    seen = ask(control, "/scene")
    assert seen == {"objects": {"target": other}, "contacts": []}
    assert np.linalg.norm(emulator.read().tool_position - other) > 0.1


def test_the_table_is_in_the_arms_way(emulation: tuple[Emulator, ControlServer]) -> None:
    emulator, control = emulation
    emulator.place(np.array([0.0, 1.5, 3.1416, -0.9, 0.0, -0.74, 1.5708, 0.4]))
    touching = ask(control, "/scene")["contacts"]
    emulator.place(ARM.home)
    assert touching and all("table" in pair for pair in touching)


def test_troubles_of_the_command_line_are_on(emulation: tuple[Emulator, ControlServer]) -> None:
    assert emulation[0].troubles == Troubles(late_replies=0.1)
    with pytest.raises(ConfigError, match=r"written name=value, as in hung=true; got 'hung'"):
        parse_troubles(("hung",))


def test_an_object_that_is_not_there_is_not_moved() -> None:
    stage = Stage("reach", "gen3", "nominal", 0)
    with pytest.raises(ConfigError, match="no object 'cube' in the scene; there is target"):
        stage.move("cube", np.zeros(3))
    with pytest.raises(ConfigError, match="three finite numbers"):
        stage.move("target", np.array([0.0, np.nan, 0.0]))


def test_a_scene_whose_objects_move_by_themselves_is_refused() -> None:
    with pytest.raises(ConfigError, match="In task 'conveyor' the target moves by itself; an emulated base's scene stands still"):
        Stage("conveyor", "gen3", "nominal", 0)


def test_where_no_episode_could_start_a_target_is_drawn_all_the_same() -> None:
    stage = Stage("reach", "gen3", "nominal", 0)
    # Straight up: the palm is far above everything that the task accepts.
    assert np.all(np.isfinite(stage.reset(3, np.zeros(8))["target"]))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"arm": "j2n6s300"}, "knows the arms gen3, gen3_6dof"),
        ({"task": "juggle"}, "juggle"),
        ({"profile": "mars"}, "mars"),
        ({"troubles": ("hang=true",)}, "no trouble 'hang'"),
    ],
)
def test_wrong_options_are_refused_and_nothing_is_left(changes: dict[str, Any], problem: str) -> None:
    with ExitStack() as stack, pytest.raises(JacoError, match=problem):
        start(replace(OPTIONS, camera=False, **changes), stack)


def test_the_camera_has_a_calibration_that_the_camera_node_reads(
    emulation: tuple[Emulator, ControlServer], tmp_path: Path
) -> None:
    file = tmp_path / "calibration.yaml"
    file.write_text(json.dumps(ask(emulation[1], "/calibration")))
    calibration = load_calibration(file)
    vertical = load_profile("nominal").policy_camera.fovy
    assert calibration.height == 64 and calibration.matrix[1, 1] == pytest.approx(32.0 / np.tan(np.deg2rad(vertical / 2.0)))


def test_the_target_is_moved_before_every_episode_of_a_graph() -> None:
    seeds: list[int] = []
    # Not the first free one, which others try first.
    number = 70 + os.getpid() % 30
    with take_domain(number), GraphUnderTest(number) as graph, Person(number, seeds.append):
        states = graph.console.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        graph.until(lambda: states.get_subscription_count() > 0, "the person", 60.0)
        for phase, episode, seed in ((0, 0, 11), (0, 0, 11), (1, 0, 11), (2, 0, 11), (0, 1, 12)):
            states.publish(EpisodeState(phase=phase, episode=episode, seed=seed))
        graph.until(lambda: len(seeds) >= 2, "two episodes", 60.0)
    assert seeds == [11, 12]


def test_the_command_says_its_ports_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    ports = ["--port-tcp", "0", "--port-udp", "0", "--port-control", "0", "--no-camera"]
    command = [sys.executable, "-m", "jaco_bringup.cli", "emulate", "gen3", *ports]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=dict(os.environ))
    assert process.stdout is not None
    try:
        told = process.stdout.readline()
        assert "Emulating a Kinova gen3 on 127.0.0.1: TCP port" in told and LISTENS.search(told)
        process.send_signal(signal.SIGINT)
        assert process.wait(30.0) == 0
    finally:
        process.kill()
