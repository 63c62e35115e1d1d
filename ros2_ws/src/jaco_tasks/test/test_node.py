"""The task node over real topics: verdicts by stamp, resets, and the end."""

from __future__ import annotations

import numpy as np
from jaco_interfaces.msg import EpisodeState, SceneState
from jaco_interfaces.srv import ResetEpisode
from sensor_msgs.msg import CameraInfo, JointState
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.kinematics import Kinematics
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.types import ENDED, FINISHED, PAUSED, RUNNING, WAITING, JointSample, SceneSample, Vector, frozen_vector
from jaco_tasks.node import TaskNode
from jaco_tasks.seeds import episode_seed

ARM = load_arm("j2n6s300")
PERIOD_NS = 100_000_000
FAR = frozen_vector((0.4, 0.0, 0.03))


def at_the_palm() -> Vector:
    """Where the palm is [m], shape (3,), while the arm stands at its home."""
    kinematics = Kinematics(ARM)
    kinematics.update(ARM.home)
    return kinematics.position("palm")


class FakeScene:
    """Stands in for arm, camera and scene. `contacts` are reported with every image."""

    def __init__(self, graph: GraphUnderTest) -> None:
        self.contacts: tuple[str, ...] = ()
        self.missing: dict[str, str] = {}
        self.waits_for = ""
        self.seeds: list[int] = []
        self.furthest: dict[int, float] = {}
        self.place = FAR
        self.now_ns = 0
        console = graph.console
        self._joints = console.create_publisher(JointState, "/joint_states", qos.STATE)
        self._scene = console.create_publisher(SceneState, "/scene", qos.STATE)
        self._info = console.create_publisher(CameraInfo, "/camera/camera_info", qos.STATE)
        console.create_service(ResetEpisode, "/scene/reset", self._reset)

    def _reset(self, request: ResetEpisode.Request, response: ResetEpisode.Response) -> ResetEpisode.Response:
        self.seeds.append(int(request.seed))
        self.furthest[int(request.seed)] = float(request.furthest_m)
        response.pending, response.message = bool(self.waits_for), self.waits_for
        response.success = not self.waits_for
        response.stamp = convert.ns_to_stamp(self.now_ns + 1)
        return response

    def show(self, info: bool = True, joints: bool = True) -> int:
        """Publishes one observation, a control period later, in the least helpful order, and returns its stamp."""
        self.now_ns += PERIOD_NS
        if info:
            message = CameraInfo()
            message.header.stamp = convert.ns_to_stamp(self.now_ns)
            self._info.publish(message)
        objects = {"target": self.place} if "target" not in self.missing else {}
        sample = SceneSample(self.now_ns, objects, self.contacts, missing=self.missing)
        self._scene.publish(convert.scene_to_message(sample, "base"))
        if joints:
            sample = JointSample(self.now_ns, ARM.joint_names, ARM.home, np.zeros(len(ARM)))
            self._joints.publish(convert.joints_to_message(sample, "base"))
        return self.now_ns


def start(graph: GraphUnderTest) -> tuple[FakeScene, list[EpisodeState]]:
    scene = FakeScene(graph)
    states = graph.collect(EpisodeState, "/episode/state", qos.EVENT)
    node = graph.add(TaskNode)
    assert graph.configure(node) and graph.activate(node)
    return scene, states


def stamps(states: list[EpisodeState]) -> list[int]:
    return [convert.stamp_to_ns(state.header.stamp) for state in states]


def begin(graph: GraphUnderTest, scene: FakeScene, states: list[EpisodeState], resets: int = 1) -> None:
    graph.until(lambda: len(scene.seeds) == resets, "the reset request")
    scene.show()
    graph.until(lambda: bool(states) and states[-1].phase == RUNNING, "the episode to run")


def test_one_verdict_per_image_with_the_images_stamp() -> None:
    with GraphUnderTest(seed=5) as graph:
        scene, states = start(graph)
        first = scene.show()
        graph.until(lambda: len(states) == 1, "the first verdict")
        assert states[0].phase == WAITING and stamps(states) == [first]
        begin(graph, scene, states)
        assert scene.seeds == [episode_seed(5, 0)] and states[-1].seed == scene.seeds[0] and states[-1].step == 0
        second = scene.show()
        graph.until(lambda: states[-1].step == 1, "the second step")
        assert stamps(states)[-1] == second
        scene.now_ns -= PERIOD_NS
        scene.show()
        graph.until(lambda: stamps(states)[-2:] == [second, second], "the same verdict on the same observation shown again")
        assert states[-1] == states[-2]


def test_an_image_without_its_joint_state_is_not_judged() -> None:
    with GraphUnderTest() as graph:
        scene, states = start(graph)
        scene.show()
        begin(graph, scene, states)
        lost = scene.show(joints=False)
        judged = scene.show()
        graph.until(lambda: judged in stamps(states), "the verdict on the image after it")
        assert lost not in stamps(states) and states[-1].step == 1


def test_a_contact_ends_the_episode_and_the_next_one_begins() -> None:
    with GraphUnderTest(seed=5) as graph:
        scene, states = start(graph)
        scene.show()
        begin(graph, scene, states)
        scene.contacts = ("hand|table",)
        scene.show()
        graph.until(lambda: states[-1].phase == ENDED, "the end")
        assert states[-1].terminated and "table contact" in states[-1].reason and not states[-1].success
        scene.contacts = ()
        begin(graph, scene, states, resets=2)
        assert states[-1].episode == 1 and scene.seeds[1] == episode_seed(5, 1) != scene.seeds[0]


def test_after_the_last_episode_it_says_so_and_asks_for_no_reset() -> None:
    with GraphUnderTest(episodes=1) as graph:
        scene, states = start(graph)
        scene.show()
        begin(graph, scene, states)
        for _ in range(50):
            seen = len(states)
            scene.show()
            graph.until(lambda seen=seen: len(states) > seen, "a verdict")  # type: ignore[misc]
        graph.until(lambda: states[-1].phase == FINISHED, "the end of the run")
        assert [state.phase for state in states[-2:]] == [ENDED, FINISHED]
        assert states[-2].truncated and states[-2].step == 50 and len(scene.seeds) == 1


def show_until(graph: GraphUnderTest, scene: FakeScene, states: list[EpisodeState], phase: int, what: str) -> EpisodeState:
    """Shows one observation after another, each once the verdict on the last has come, until one is of `phase`."""
    while not states or states[-1].phase != phase:
        seen = len(states)
        scene.show()
        graph.until(lambda seen=seen: len(states) > seen, what)  # type: ignore[misc]
    return states[-1]


def test_while_a_reset_takes_its_time_every_image_says_what_is_waited_for() -> None:
    with GraphUnderTest(lockstep=False) as graph:
        scene, states = start(graph)
        scene.waits_for = "the target moves."
        scene.show()
        scene.show()
        graph.until(lambda: len(scene.seeds) >= 3, "the reset to be asked for again")
        while states[-1].reason != scene.waits_for:
            seen = len(states)
            scene.show()
            graph.until(lambda seen=seen: len(states) > seen, "a verdict on each image")  # type: ignore[misc]
        assert states[-1].phase == WAITING and set(scene.seeds) == {episode_seed(0, 0)}
        scene.waits_for = ""
        assert show_until(graph, scene, states, RUNNING, "the episode to run").step == 0


def test_an_episode_ends_when_the_target_stays_out_of_sight_and_a_short_loss_is_passed_over() -> None:
    with GraphUnderTest(lockstep=False, lost_timeout=0.45) as graph:
        scene, states = start(graph)
        show_until(graph, scene, states, RUNNING, "the episode to run")
        scene.missing = {"target": "not_seen"}
        lost = [scene.show() for _ in range(3)]
        scene.missing = {}
        scene.show()
        step = states[-1].step
        graph.until(lambda: states[-1].step > step or states[-1].phase != RUNNING, "the episode to go on")
        assert states[-1].phase == RUNNING and not set(lost) & set(stamps(states))
        scene.missing = {"target": "ambiguous"}
        for _ in range(6):
            scene.show()
        graph.until(lambda: any(state.phase == ENDED for state in states), "the end")
        end = next(state for state in states if state.phase == ENDED)
        assert end.truncated and not end.success and end.reward == 0.0 and end.reason == "lost: target ambiguous"


def call(graph: GraphUnderTest, service: str) -> Trigger.Response:
    client = graph.console.create_client(Trigger, service)
    graph.until(client.service_is_ready, service)
    future = client.call_async(Trigger.Request())
    graph.until(future.done, f"the answer of {service}")
    return future.result()


def test_a_pause_ends_the_episode_and_nothing_begins_before_it_is_over() -> None:
    with GraphUnderTest(lockstep=False) as graph:
        scene, states = start(graph)
        show_until(graph, scene, states, RUNNING, "the episode to run")
        assert call(graph, "/episode/pause").success and not call(graph, "/episode/pause").success
        end = show_until(graph, scene, states, ENDED, "the end")
        assert end.truncated and end.reason == "paused by the operator"
        seeds = len(scene.seeds)
        show_until(graph, scene, states, PAUSED, "the pause")
        assert len(scene.seeds) == seeds
        assert call(graph, "/episode/resume").success and not call(graph, "/episode/resume").success
        assert show_until(graph, scene, states, RUNNING, "the next episode").episode == 1


def play(graph: GraphUnderTest, scene: FakeScene, states: list[EpisodeState], episode: int, success: bool) -> float:
    """Plays `episode` to its end, over a target that is reached or missed, and returns how near it was asked to begin [m]."""
    scene.place = at_the_palm() if success else FAR
    while not states or states[-1].episode != episode or states[-1].phase != ENDED:
        seen = len(states)
        scene.show()
        graph.until(lambda seen=seen: len(states) > seen, "a verdict")  # type: ignore[misc]
    assert states[-1].success is success and states[-1].step == 50
    assert states[-1].furthest_m == scene.furthest[episode_seed(5, episode)]
    return float(states[-1].furthest_m)


def test_a_curriculum_asks_for_near_starts_that_follow_from_the_ends_and_says_so() -> None:
    told: dict[str, bool | int | float] = {"curriculum_first": 0.2, "curriculum_window": 1, "curriculum_own_from": 0.35}
    with GraphUnderTest(lockstep=False, seed=5, curriculum=True, **told) as graph:
        scene, states = start(graph)
        ends = [True, True, True, False, False, False]
        assert [play(graph, scene, states, *end) for end in enumerate(ends)] == [0.2, 0.3, 0.0, 0.0, 0.3, 0.2]
        # What is cut short counts for nothing.
        show_until(graph, scene, states, RUNNING, "the next episode")
        scene.place = at_the_palm()
        scene.show()
        graph.until(lambda: states[-1].success, "the target to be reached")
        assert call(graph, "/episode/pause").success
        assert show_until(graph, scene, states, ENDED, "the end").furthest_m == 0.2
        assert call(graph, "/episode/resume").success
        assert play(graph, scene, states, 7, True) == 0.2


def test_without_a_curriculum_starts_are_the_tasks_own() -> None:
    with GraphUnderTest() as graph:
        scene, states = start(graph)
        scene.show()
        begin(graph, scene, states)
        assert scene.furthest == {episode_seed(0, 0): 0.0} and states[-1].furthest_m == 0.0


def test_in_lockstep_nothing_is_paused() -> None:
    with GraphUnderTest() as graph:
        start(graph)
        answer = call(graph, "/episode/pause")
        assert not answer.success and "lockstep" in answer.message


def test_after_the_minutes_no_episode_begins() -> None:
    with GraphUnderTest(lockstep=False, minutes=0.05) as graph:
        scene, states = start(graph)
        show_until(graph, scene, states, FINISHED, "the end of the run")
        assert states[-2].phase == ENDED and states[-1].episode == 0 and states[-2].step == 50


def test_an_unknown_task_refuses_to_configure() -> None:
    with GraphUnderTest(task="juggle") as graph:
        assert not graph.configure(graph.add(TaskNode))
