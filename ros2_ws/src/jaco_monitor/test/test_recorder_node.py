from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import rclpy
from jaco_interfaces.msg import EpisodeState, SafetyStatus
from monitor_support import episode, joints, status
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from sensor_msgs.msg import JointState

from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.waiting import spin_until, wait_for_peers
from jaco_monitor.recorder.node import RecorderNode
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording

TIMEOUT_S = 30.0
COUNT = 500


@contextmanager
def recorder(*arguments: str) -> Iterator[tuple[RecorderNode, Node, SingleThreadedExecutor]]:
    parameters = [part for argument in arguments for part in ("-p", argument)]
    domain = take_random_domain()
    rclpy.init(args=["--ros-args", *parameters] if parameters else None, domain_id=domain.number)
    try:
        node, speaker, executor = RecorderNode(), Node("speaker"), SingleThreadedExecutor()
        executor.add_node(node)
        executor.add_node(speaker)
        yield node, speaker, executor
        node.quiesce()
        node.release()
        # Else they live on, and publish, until they are collected.
        executor.shutdown()
        speaker.destroy_node()
        node.destroy_node()
    finally:
        rclpy.shutdown()
        domain.release()


def test_nothing_is_lost_and_what_is_said_during_shutdown_is_recorded_too(tmp_path: Path) -> None:
    with recorder(f"run_dir:={tmp_path / 'run'}", "peers_timeout:=0.0") as (node, speaker, executor):
        latched = speaker.create_publisher(SafetyStatus, "/safety/status", qos.LATCHED)
        latched.publish(status(SafetyStatus.READY))  # before there is a recorder
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        states = speaker.create_publisher(JointState, "/joint_states", qos.STATE)
        episodes = speaker.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        wait_for_peers([states, episodes, latched], TIMEOUT_S)
        for index in range(COUNT):
            states.publish(joints(0.001 * index))
            if index % 10 == 0:
                executor.spin_once(timeout_sec=0.0)
        node.quiesce()
        for index in range(20):
            episodes.publish(episode(index, 0, EpisodeState.FINISHED))
        assert not node.drained()
        spin_until(executor, node.drained, TIMEOUT_S, "the recorder to be drained")
        node.release()

    recording = Recording(tmp_path / "run" / FILE_NAME)
    assert recording.finished
    assert recording.lost == 0
    found = list(recording.messages())
    assert [item.received_ns for item in found] == sorted(item.received_ns for item in found)
    positions = [item.message.position[0] for item in found if item.topic == "/joint_states"]
    assert positions == [joints(0.001 * index).position[0] for index in range(COUNT)]
    assert [item.message.episode for item in found if item.topic == "/episode/state"] == list(range(20))
    assert [item.message.state for item in found if item.topic == "/safety/status"] == [SafetyStatus.READY]
    assert all(0 <= item.received_ns - item.published_ns < 5_000_000_000 for item in found if item.topic == "/joint_states")


def test_it_does_not_start_alone_and_names_what_is_missing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with recorder(f"run_dir:={tmp_path}", "peers_timeout:=0.2") as (node, _, _executor):
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() == TransitionCallbackReturn.FAILURE
    assert "nobody publishes /joint_states" in capfd.readouterr().err


def test_it_refuses_without_a_folder() -> None:
    with recorder() as (node, _, _executor):
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE


def test_it_refuses_an_unknown_topic_and_leaves_no_file(tmp_path: Path) -> None:
    with recorder(f"run_dir:={tmp_path}", "topics:=['/jont_states']") as (node, _, _executor):
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert not (tmp_path / FILE_NAME).exists()


def test_it_refuses_to_write_over_an_older_run(run_dir: Path) -> None:
    with recorder(f"run_dir:={run_dir}") as (node, _, _executor):
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert Recording(run_dir / FILE_NAME).finished
