"""An operator corrects the policy in the midst of an episode: what is learned of it comes again from the recording."""

from __future__ import annotations

import threading
from pathlib import Path

from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SupervisedStep
from jaco_interfaces.srv import SetMode
from learning_run import learn
from sensor_msgs.msg import JointState

from jaco_bringup.commands.replay import replay
from jaco_bringup.runner import Runner
from jaco_core.ros import qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_learner.embedded.log import read_log
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording

JOG = 0.15
"""What the operator's console jogs with [rad/s]."""


def test_an_operator_s_steps_are_learned_from_in_the_graph_and_from_its_recording(tmp_path: Path) -> None:
    learned = tmp_path / "run" / "learning"
    assert learn(tmp_path / "run", _correct, episodes=3, algorithm="actor-critic").code == 0
    shown = [entry for entry in read_log(learned) if entry.corrected]
    assert {entry.episode for entry in shown} == {1} and sum(entry.steps for entry in shown) >= 10
    assert replay(tmp_path / "run").same
    judged = [item.message for item in Recording(tmp_path / "run" / FILE_NAME).messages(("/safety/step",))]
    operators = [message for message in judged if message.source == "operator"]
    # What the filter had not brought to the operator's speed, or ramped up, was nobody's lesson.
    followed = [message for message in operators if not message.withheld_ticks]
    assert followed and all(max(map(abs, message.supervised)) <= JOG + 1e-6 for message in followed)
    assert any(message.withheld_ticks for message in operators)


def _correct(runner: Runner, over: threading.Event) -> None:
    """Takes over in the second episode, jogs the first joint for two seconds, and gives back."""
    with GraphUnderTest(runner.domain) as graph:
        console = graph.console
        statuses = graph.collect(EpisodeState, "/episode/state", qos.EVENT)
        steps = graph.collect(SupervisedStep, "/safety/step", qos.EVENT)
        commands = console.create_publisher(JointVelocityCommand, "/operator/command", qos.COMMAND)
        modes = console.create_client(SetMode, "/safety/set_mode")

        def jog(joints: JointState) -> None:
            velocities = [JOG, *[0.0] * (len(joints.name) - 1)]
            commands.publish(JointVelocityCommand(header=joints.header, joint_names=joints.name, velocities=velocities))

        graph.until(lambda: bool(statuses) and statuses[-1].episode == 1 and statuses[-1].step >= 10, "the second episode", 60.0)
        console.create_subscription(JointState, "/joint_states", jog, qos.SENSOR)
        asked = modes.call_async(SetMode.Request(mode="guided"))
        graph.until(asked.done, "mode guided")
        graph.until(lambda: statuses[-1].step >= 35 or statuses[-1].episode > 1, "what the operator shows", 60.0)
        asked = modes.call_async(SetMode.Request(mode="autonomous"))
        graph.until(lambda: asked.done() and steps[-1].source == "policy", "the policy's turn")
        graph.until(over.is_set, "the end", 120.0)
