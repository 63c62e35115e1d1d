"""The whole real graph by itself: episodes and resets with the driver's fake arm before a drawn camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SceneState
from sensor_msgs.msg import JointState

from jaco_bringup.bench.standin import standin_graph
from jaco_bringup.runner import Outcome, Runner
from jaco_core.arms import load_arm
from jaco_core.domain import take_random_domain
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import ENDED, RUNNING
from jaco_tasks.reach import TARGET

EPISODES = 2
RUN_TIMEOUT_S = 200.0


class Witness:
    """What a run came to, by stamp."""

    def __init__(self, graph: GraphUnderTest) -> None:
        self.episodes: list[EpisodeState] = graph.collect(EpisodeState, "/episode/state", qos.RECORD)
        self.resets: list[JointVelocityCommand] = graph.collect(JointVelocityCommand, "/reset/command", qos.RECORD)
        self.commands: list[JointVelocityCommand] = graph.collect(JointVelocityCommand, "/arm/command", qos.RECORD)
        self.joints: list[JointState] = graph.collect(JointState, "/joint_states", qos.RECORD)
        self.perceived: list[SceneState] = graph.collect(SceneState, "/scene", qos.RECORD)
        self.truth: list[SceneState] = graph.collect(SceneState, "/standin/scene", qos.RECORD)


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Witness:
    """A run to its end. The bounds on silence are those of a machine that does other things, too."""
    folder: Path = tmp_path_factory.mktemp("real")
    with take_random_domain() as domain:
        arguments = {"episodes": EPISODES, "seed": 1, "run_dir": str(folder)}
        runner = Runner(standin_graph(arguments, joint_silence=5.0, command_age=2.0), folder, domain.number)
        with GraphUnderTest(domain.number) as graph:
            seen, outcomes = Witness(graph), list[Outcome]()
            try:
                runner.start()

                def over() -> bool:
                    outcome = runner.poll()
                    outcomes.extend([outcome] if outcome is not None else [])
                    return bool(outcomes)

                graph.until(over, "the end of the run", RUN_TIMEOUT_S)
            finally:
                runner.stop()
    assert outcomes[0].code == 0, (outcomes[0].sentence, (folder / "log.txt").read_text()[-3000:])
    return seen


def test_every_episode_is_played_to_its_end_and_earns_something(witness: Witness) -> None:
    ends = {state.episode: state for state in witness.episodes if state.phase == ENDED}
    assert sorted(ends) == list(range(EPISODES))
    assert all(end.reason == "time limit" and end.step == 50 for end in ends.values())
    assert sum(end.episode_return for end in ends.values()) > 0.0


def test_the_target_is_seen_where_it_is_all_through_the_episodes(witness: Witness) -> None:
    truth = {convert.stamp_to_ns(scene.header.stamp): convert.scene_from_message(scene) for scene in witness.truth}
    running = {convert.stamp_to_ns(state.header.stamp) for state in witness.episodes if state.phase == RUNNING}
    perceived = [convert.scene_from_message(scene) for scene in witness.perceived]
    errors = [
        float(np.linalg.norm(scene.objects[TARGET] - truth[scene.stamp_ns].objects[TARGET]))
        for scene in perceived
        if scene.stamp_ns in running and scene.stamp_ns in truth
    ]
    assert len(errors) >= 40 * EPISODES and max(errors) < 0.015


def test_between_the_episodes_the_arm_goes_to_another_start_without_a_jump(witness: Witness) -> None:
    arm = load_arm("j2n6s300")
    starts = {}
    joints = {convert.stamp_to_ns(state.header.stamp): np.array(state.position) for state in witness.joints}
    for state in witness.episodes:
        if state.phase == RUNNING and state.step == 0:
            stamp_ns = convert.stamp_to_ns(state.header.stamp)
            starts[state.episode] = joints[min(joints, key=lambda stamp, at=stamp_ns: abs(stamp - at))]  # type: ignore[misc]
    assert sorted(starts) == list(range(EPISODES)) and np.abs(starts[0] - starts[1]).max() > 0.1
    # A tick may be answered twice; its last answer counts, and the next tick's follows from it, by two regular ticks at most.
    # When the graph is taken down, the driver has stopped the arm before the supervisor's last word, which is zero.
    final = {convert.stamp_to_ns(command.header.stamp): np.array(command.velocities) for command in witness.commands}
    speeds = np.array([final[stamp_ns] for stamp_ns in sorted(final)[:-1]])
    assert (np.abs(speeds) <= arm.max_velocity).all()
    assert (np.abs(np.diff(speeds, axis=0)) <= 2.0 * arm.max_acceleration / arm.state_rate_hz + 1e-6).all()


def test_a_reset_proposes_nothing_while_an_episode_runs(witness: Witness) -> None:
    assert witness.resets
    running = [state for state in witness.episodes if state.phase == RUNNING]
    steps = {(state.episode, state.step): convert.stamp_to_ns(state.header.stamp) for state in running}
    spans = [(steps[episode, 0], steps[episode, 49]) for episode in range(EPISODES)]
    stamps = [convert.stamp_to_ns(command.header.stamp) for command in witness.resets]
    assert not [stamp for stamp in stamps for begin, end in spans if begin < stamp < end]
