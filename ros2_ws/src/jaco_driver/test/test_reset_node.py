"""The reset node over real topics: pending, proposals at joint states, done with a stamp, and what it waits for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SafetyStatus, SceneState
from jaco_interfaces.srv import ResetEpisode
from reset_support import ARM, PLACE, TICK_NS
from sensor_msgs.msg import JointState

from jaco_core.kinematics import Kinematics
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.ros.waiting import wait_for_peers
from jaco_core.types import JointSample, SceneSample
from jaco_driver.reset.node import ResetNode


class Stage:
    """The arm, the supervisor, perception and the task, by hand."""

    def __init__(self, graph: GraphUnderTest) -> None:
        self.graph = graph
        self.now_ns, self.position, self.velocity = 1_000_000_000, np.array(ARM.home), np.zeros(len(ARM))
        self.commands: list[JointVelocityCommand] = graph.collect(JointVelocityCommand, "/reset/command", qos.EVENT)
        make = graph.console.create_publisher
        self._joints = make(JointState, "/joint_states", qos.STATE)
        self._scenes = make(SceneState, "/scene", qos.STATE)
        self._statuses = make(SafetyStatus, "/safety/status", qos.LATCHED)
        self._episodes = make(EpisodeState, "/episode/state", qos.EVENT)
        self._client = graph.console.create_client(ResetEpisode, "/scene/reset")
        node = graph.add(ResetNode)
        assert graph.configure(node)
        wait_for_peers((self._joints, self._scenes, self._episodes), timeout=10.0)
        graph.until(self._client.service_is_ready, "the service")
        assert graph.activate(node)

    def ask(self, seed: int, furthest_m: float = 0.0) -> Any:
        future = self._client.call_async(ResetEpisode.Request(seed=seed, furthest_m=furthest_m))
        self.graph.until(future.done, "an answer")
        return future.result()

    def say(self, mode: str, phase: int = EpisodeState.WAITING) -> None:
        self._statuses.publish(SafetyStatus(state=SafetyStatus.READY, mode=mode, reason="none", message="All is well."))
        self._episodes.publish(EpisodeState(phase=phase))

    def step(self, count: int = 1) -> None:
        """Publishes the next joint states and scenes; the arm goes at the speed that was proposed last."""
        for _ in range(count):
            self.now_ns += TICK_NS
            self.position = self.position + self.velocity * TICK_NS * 1e-9
            scene = SceneSample(self.now_ns, {"target": PLACE})
            self._scenes.publish(convert.scene_to_message(scene, "base"))
            sample = JointSample(self.now_ns, ARM.joint_names, self.position, np.zeros(len(ARM)))
            self._joints.publish(convert.joints_to_message(sample, "base"))
            before = len(self.commands)
            for _ in range(20):
                self.graph.executor.spin_once(timeout_sec=0.005)
                if len(self.commands) > before:
                    break
            self.velocity = np.array(self.commands[-1].velocities) if len(self.commands) > before else np.zeros(len(ARM))

    def play(self, seed: int, furthest_m: float = 0.0) -> Any:
        """Steps until the reset of `seed` is over, and returns its answer."""
        for _ in range(200):
            answer = self.ask(seed, furthest_m)
            if not answer.pending:
                return answer
            self.step(5)
        raise AssertionError(f"The reset is not over: {answer.message}")


def test_a_reset_is_pending_then_done_and_asked_again_it_is_the_same() -> None:
    with GraphUnderTest(start="home") as graph:
        stage = Stage(graph)
        stage.position[0] += 0.4
        assert stage.ask(7).pending
        stage.say("autonomous")
        answer = stage.play(7)
        assert answer.success and not answer.message and 0 < convert.stamp_to_ns(answer.stamp) <= stage.now_ns + 1
        np.testing.assert_allclose(stage.position, ARM.home, atol=0.03)
        sequences = [command.sequence for command in stage.commands]
        assert sequences == sorted(set(sequences)) and sequences[0] == 1
        again = stage.ask(7)
        assert again.success and again.stamp == answer.stamp
        # The episode is played; the same seed once more is a new reset.
        stage.say("autonomous", EpisodeState.RUNNING)
        stage.step(3)
        assert stage.ask(7).success
        stage.say("autonomous", EpisodeState.ENDED)
        stage.step(3)
        assert stage.ask(7).pending


def test_a_distance_that_is_none_is_refused_and_a_near_start_is_led_to() -> None:
    with GraphUnderTest() as graph:
        stage, kinematics = Stage(graph), Kinematics(ARM)
        stage.say("autonomous")
        for wrong in (-0.1, math.nan, math.inf):
            answer = stage.ask(7, wrong)
            assert not answer.success and not answer.pending and f"got {wrong} m" in answer.message
        stage.step(5)
        assert not stage.commands
        assert stage.play(7, 0.15).success
        kinematics.update(stage.position)
        assert np.linalg.norm(kinematics.position("palm") - PLACE) <= 0.17


def test_from_home_alone_no_episode_starts_near_the_target() -> None:
    with GraphUnderTest(start="home") as graph:
        stage = Stage(graph)
        stage.say("autonomous")
        answer = stage.ask(7, 0.15)
        assert not answer.success and not answer.pending
        assert "start at the arm's home and not within 0.15 m of the target; choose start random." in answer.message
        stage.step(5)
        assert not stage.commands


def test_in_mode_observe_it_waits_and_proposes_nothing() -> None:
    with GraphUnderTest(start="home") as graph:
        stage = Stage(graph)
        stage.position[0] += 0.4
        stage.say("observe")
        stage.ask(7)
        stage.step(10)
        answer = stage.ask(7)
        assert answer.pending and "in mode observe the arm does not move by itself" in answer.message
        assert not stage.commands


def test_a_start_that_is_not_reached_is_a_failure_with_a_sentence() -> None:
    with GraphUnderTest(start="home", timeout=2.0) as graph:
        stage = Stage(graph)
        stage.position[0] += 0.4
        stage.say("autonomous")
        stage.ask(7)
        for _ in range(100):
            stage.position = np.array(ARM.home) + 0.4 * np.eye(len(ARM))[0]  # held back
            stage.step()
            if not (answer := stage.ask(7)).pending:
                break
        assert not answer.success and not answer.pending
        assert "did not reach a start within 2.0 s of motion: joint_1" in answer.message and "All is well." in answer.message


def test_a_task_that_is_not_known_is_refused() -> None:
    with GraphUnderTest(task="juggle") as graph:
        assert not graph.configure(graph.add(ResetNode))
