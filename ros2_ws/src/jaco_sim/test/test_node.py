"""The sim bridge over real topics: lockstep, its time-out, the real-time watchdog, and bad commands."""

from __future__ import annotations

import array
import math

import numpy as np
import pytest
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand
from jaco_interfaces.srv import ResetEpisode
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo, Image, JointState
from tf2_msgs.msg import TFMessage

from jaco_core.arms import load_arm
from jaco_core.cameras import camera_topics
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import RUNNING, EpisodeStatus, VelocityCommand
from jaco_sim.node import SimNode

ARM = load_arm("j2n6s300")


class Answers:
    """Stands in for supervisor and task: answers every joint state and image, with `velocity` [rad/s] for every joint."""

    def __init__(self, graph: GraphUnderTest, velocity: float) -> None:
        self.velocity = velocity
        self.silent = False
        self.states = 0
        self._image_ns = 0
        self._command: Publisher[JointVelocityCommand] = graph.console.create_publisher(
            JointVelocityCommand, "/arm/command", qos.COMMAND
        )
        self._episode: Publisher[EpisodeState] = graph.console.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        graph.console.create_subscription(JointState, "/joint_states", self._on_joints, qos.STATE)
        graph.console.create_subscription(Image, "/camera/image_raw", self._on_image, qos.STATE)
        for topic in ("/scene", "/camera/camera_info"):
            kind = {"/scene": "SceneState", "/camera/camera_info": "CameraInfo"}[topic]
            module = "jaco_interfaces.msg" if kind == "SceneState" else "sensor_msgs.msg"
            graph.console.create_subscription(
                getattr(__import__(module, fromlist=[kind]), kind), topic, lambda message: None, qos.STATE
            )

    def _on_joints(self, message: JointState) -> None:
        self.states += 1
        self.answer(convert.stamp_to_ns(message.header.stamp))

    def _on_image(self, message: Image) -> None:
        self._image_ns = convert.stamp_to_ns(message.header.stamp)
        if not self.silent:
            self._episode.publish(convert.episode_to_message(EpisodeStatus(self._image_ns, "reach", RUNNING)))
        self.answer(self._image_ns)

    def answer(self, stamp_ns: int) -> None:
        if not self.silent:
            velocity = np.full(len(ARM), self.velocity)
            command = VelocityCommand(stamp_ns, ARM.joint_names, velocity, policy_stamp_ns=self._image_ns)
            self._command.publish(convert.command_to_message(command))

    def send(self, names: list[str], velocities: list[float], stamp_ns: int) -> None:
        message = JointVelocityCommand(joint_names=names, velocities=array.array("d", velocities))
        message.header.stamp = message.policy_stamp = convert.ns_to_stamp(stamp_ns)
        self._command.publish(message)


def test_lockstep_advances_with_the_answers_and_names_the_one_that_is_missing() -> None:
    with GraphUnderTest(lockstep=True, lockstep_timeout=0.5) as graph:
        node = graph.add(SimNode)
        answers = Answers(graph, 0.1)
        applied = graph.collect(JointVelocityCommand, "/arm/applied", qos.STATE)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: answers.states >= 25, "25 ticks")
        answers.silent = True
        graph.until(lambda: node.failure is not None, "the time-out")
        assert node.failure is not None and "did not answer tick" in node.failure and "/arm/command" in node.failure
        node.quiesce()
        graph.until(lambda: bool(applied) and not any(applied[-1].velocities), "the last command to be zero")
        stamps = [convert.stamp_to_ns(message.header.stamp) for message in applied[:20]]
        assert np.all(np.diff(stamps) == 10_000_000)


def test_lockstep_waits_for_a_reset_only_when_an_episode_has_to_begin() -> None:
    with GraphUnderTest(lockstep=True) as graph:
        node = graph.add(SimNode)
        answers = Answers(graph, 0.0)
        joints = graph.collect(JointState, "/joint_states", qos.STATE)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: answers.states >= 5, "5 ticks")
        before = np.array(joints[-1].position)
        client = graph.console.create_client(ResetEpisode, "/scene/reset")
        graph.until(client.service_is_ready, "the reset service")
        for wrong in (-0.1, math.nan, math.inf):
            refused = client.call_async(ResetEpisode.Request(seed=11, furthest_m=wrong))
            graph.until(refused.done, "the refusal")
            answer = refused.result()
            assert answer is not None and not answer.success and not answer.pending
            assert f"got {wrong} m" in answer.message
        future = client.call_async(ResetEpisode.Request(seed=11))
        graph.until(future.done, "the reset")
        response = future.result()
        assert response is not None and response.success
        again = client.call_async(ResetEpisode.Request(seed=11))
        graph.until(again.done, "the same request again")
        repeated = again.result()
        assert repeated is not None and repeated.success and repeated.stamp == response.stamp
        seen = len(joints)
        graph.until(lambda: len(joints) > seen + 3, "ticks after the reset")
        later = [
            message for message in joints if convert.stamp_to_ns(message.header.stamp) >= convert.stamp_to_ns(response.stamp)
        ]
        assert np.max(np.abs(np.array(later[0].position) - before)) > 0.05


def test_in_real_time_the_arm_stops_when_commands_stop() -> None:
    with GraphUnderTest(lockstep=False, command_timeout=0.15) as graph:
        node = graph.add(SimNode)
        answers = Answers(graph, 0.2)
        applied = graph.collect(JointVelocityCommand, "/arm/applied", qos.STATE)
        joints = graph.collect(JointState, "/joint_states", qos.STATE)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: bool(joints) and joints[-1].velocity[0] > 0.15, "the arm to move")
        answers.silent = True
        graph.until(lambda: not any(applied[-1].velocities), "the watchdog's zero")
        graph.until(lambda: bool(np.max(np.abs(joints[-1].velocity)) < 0.01), "standstill")


@pytest.mark.parametrize("fault", ["nan", "infinite", "short", "names"])
def test_a_bad_command_is_never_applied(fault: str) -> None:
    names, velocities = list(ARM.joint_names), [0.1] * len(ARM)
    if fault == "nan":
        velocities[3] = math.nan
    elif fault == "infinite":
        velocities[3] = math.inf
    elif fault == "short":
        velocities.pop()
    else:
        names.reverse()
    with GraphUnderTest(lockstep=False) as graph:
        node = graph.add(SimNode)
        answers = Answers(graph, 0.0)
        answers.silent = True
        applied = graph.collect(JointVelocityCommand, "/arm/applied", qos.STATE)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: answers._command.get_subscription_count() > 0, "the match")
        for _ in range(20):
            seen = len(applied)
            answers.send(names, velocities, 1)
            graph.until(lambda seen=seen: len(applied) > seen, "a tick")  # type: ignore[misc]
        assert not any(any(message.velocities) for message in applied)


def test_several_cameras_with_depth_speak_under_one_stamp_and_say_where_they_are() -> None:
    with GraphUnderTest(58, lockstep=True, cameras="[wrist]", depth=True) as graph:
        node = graph.add(SimNode)
        Answers(graph, 0.1)
        topics = [camera_topics(name) for name in ("policy", "wrist")]
        images = [graph.collect(Image, entry.image, qos.STATE) for entry in topics]
        depths = [graph.collect(Image, entry.depth, qos.STATE) for entry in topics]
        infos = [graph.collect(CameraInfo, entry.info, qos.STATE) for entry in topics]
        frames = graph.collect(TFMessage, "/tf_static", qos.LATCHED)
        assert graph.configure(node) and graph.activate(node)
        graph.until(lambda: all(len(got) >= 2 for got in (*images, *depths, *infos)) and bool(frames), "two rounds of pictures")
        for got in (*images, *depths, *infos):
            assert got[1].header.stamp == images[0][1].header.stamp
        assert [got[0].header.frame_id for got in (*images, *depths)] == ["policy_camera", "wrist_camera"] * 2
        assert convert.depth_from_message(depths[1][0]).shape == (64, 64) and depths[1][0].encoding == "16UC1"
        assert infos[0][0].k[0] > infos[1][0].k[0], "the wrist's camera has the wider view"
        where = {told.child_frame_id: told.header.frame_id for told in frames[-1].transforms}
        assert where == {"policy_camera": "base", "wrist_camera": "hand"}


def test_an_unknown_camera_refuses_to_configure() -> None:
    with GraphUnderTest(57, cameras="[ceiling]") as graph:
        assert not graph.configure(graph.add(SimNode))


def test_an_unknown_task_or_profile_refuses_to_configure() -> None:
    with GraphUnderTest(task="juggle") as graph:
        assert not graph.configure(graph.add(SimNode))
    with GraphUnderTest(profile="mars") as graph:
        assert not graph.configure(graph.add(SimNode))
