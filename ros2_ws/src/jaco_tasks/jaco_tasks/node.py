"""The task node: judges every camera tick, counts episodes and asks for resets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaco_interfaces.msg import EpisodeState, SceneState
from jaco_interfaces.srv import ResetEpisode
from rclpy.client import Client
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, JointState
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.errors import ContractError
from jaco_core.kinematics import Kinematics
from jaco_core.parameters import parameter
from jaco_core.ros import convert, qos
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.ros.polling import PolledSubscription
from jaco_core.ros.waiting import wait_for_peers
from jaco_core.scheduling import Urgency
from jaco_core.types import ENDED, FINISHED, PAUSED, RUNNING, WAITING, EpisodeStart, EpisodeStatus
from jaco_core.units import seconds_to_ns
from jaco_tasks.budget import Budget
from jaco_tasks.curriculum import CurriculumParameters
from jaco_tasks.episode import EpisodeJudge
from jaco_tasks.observations import Observations, Observed
from jaco_tasks.registry import make_task
from jaco_tasks.seeds import episode_seed

RETRY_S = 0.002
# How often a reset that is not done yet is asked for again; a reply that the middleware lost never comes.
ASK_AGAIN_S = 0.25


@dataclass(frozen=True)
class Config(CurriculumParameters):
    """Parameters of the task node."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    task: str = parameter("reach", "Name of the task.")
    episodes: int = parameter(0, "Episodes to run, 0 for no end.", lower=0, upper=1_000_000)
    minutes: float = parameter(
        0.0, "Time after which no episode begins any more, pauses not counted; 0 for no end.", unit="min", lower=0.0
    )
    steps: int = parameter(0, "Control steps after which the running episode is the last, 0 for no end.", lower=0, upper=10**9)
    seed: int = parameter(0, "Seed of the run; every episode's own seed follows from it.", lower=0, upper=2**31)
    lockstep: bool = parameter(True, "Joint states and scene must carry the image's own stamp; false allows `tolerance`.")
    tolerance: float = parameter(
        0.02, "Largest time between image and joint state or scene, in real time.", unit="s", lower=0.0, upper=0.5
    )
    lost_timeout: float = parameter(
        1.0, "In real time, an episode ends when an object of the task was out of sight for so long.", unit="s", lower=0.0
    )


class TaskNode(JacoNode[Config]):
    """Publishes one EpisodeState per image, and asks for a reset when an episode has to begin."""

    def __init__(self) -> None:
        super().__init__("task", Config)

    def setup(self, config: Config) -> None:
        self._config = config
        self.urgency = None if config.lockstep else Urgency.POLICY
        arm = load_arm(config.arm)
        self._arm = arm
        self._judge = EpisodeJudge(make_task(config.task), arm)
        self._kinematics = Kinematics(arm)
        self._observations: Observations[JointState] = Observations(0 if config.lockstep else seconds_to_ns(config.tolerance))
        self._budget = Budget(config.episodes, config.minutes, config.steps)
        self._curriculum = config.make_curriculum()
        self._start = EpisodeStart(0)
        self._unjudged = 0
        self._judged_ns = -1
        self._verdicts: list[EpisodeState] = []
        self._episode = -1
        self._begins_at = 0
        self._resetting = self._paused = self._finished = False
        self._waits_for = ""
        self._states = self.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        # Joint states come ten times as often as images, and only those that belong to one matter: they are read then.
        self._joint_queue = PolledSubscription(self, JointState, "/joint_states", qos.STATE)
        self._scene_queue = PolledSubscription(self, SceneState, "/scene", qos.STATE)
        images = self.create_subscription(
            CameraInfo, "/camera/camera_info", self._on_camera_info, qos.observation(config.lockstep)
        )
        # In real time the scene may come later, or from somebody who is not part of the graph.
        scene = (self._scene_queue.endpoint,) if config.lockstep else ()
        self._inputs = (self._joint_queue.endpoint, images, *scene)
        # For what comes after its image: looks again until nothing is pending.
        self._retry = self.create_timer(RETRY_S, self._judge_pending, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._retry.cancel()
        self._patience = self.create_timer(ASK_AGAIN_S, self._ask_again, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._reset: Client[ResetEpisode.Request, ResetEpisode.Response] = self.create_client(ResetEpisode, "/scene/reset")
        self.create_service(Trigger, "/episode/reset", self._on_reset_request)
        self.create_service(Trigger, "/episode/pause", self._on_pause_request)
        self.create_service(Trigger, "/episode/resume", self._on_resume_request)

    def start(self) -> None:
        wait_for_peers((*self._inputs, self._states), timeout=10.0)

    # Observations.
    def _on_camera_info(self, message: CameraInfo) -> None:
        # The camera's description comes with every image, under the same stamp, and is much smaller.
        stamp_ns = convert.stamp_to_ns(message.header.stamp)
        if stamp_ns == self._judged_ns:
            # A simulator in lockstep shows an observation again when its verdict did not arrive.
            for verdict in self._verdicts:
                self._states.publish(verdict)
            return
        self._observations.add_image(stamp_ns)
        self._judge_pending()

    def _judge_pending(self) -> None:
        for joints, _ in self._joint_queue.take_all():
            self._observations.joints.add(convert.stamp_to_ns(joints.header.stamp), joints)
        for message, _ in self._scene_queue.take_all():
            try:
                scene = convert.scene_from_message(message)
            except ContractError as error:
                self.get_logger().error(f"A scene was refused: {error}", throttle_duration_sec=1.0)
                continue
            self._observations.scenes.add(scene.stamp_ns, scene)
        self._wait_aloud()
        while self.active and not self._resetting and (seen := self._observations.take()) is not None:
            self._look_at(seen)
        if self._observations.waiting and not self._resetting:
            self._retry.reset()
        else:
            self._retry.cancel()

    def _wait_aloud(self) -> None:
        """In real time, says of every image that nothing is played: a policy and a supervisor must not wonder about silence."""
        if self._config.lockstep or not self.active or self._finished or not (self._paused or self._resetting):
            return
        for stamp_ns in self._observations.drop():
            if self._paused and self._judge.status.phase == RUNNING:
                self._take_note(self._judge.abort(stamp_ns, "paused by the operator"))
                continue
            self._budget.note(stamp_ns, self._paused)
            phase, reason = (PAUSED, "paused by the operator") if self._paused else (WAITING, self._waits_for)
            name, episode, start = self._judge.task.name, max(self._episode, 0), self._start
            self._judged_ns, self._verdicts = stamp_ns, []
            status = EpisodeStatus(stamp_ns, name, phase, episode=episode, seed=start.seed, reason=reason)
            self._publish(replace(status, furthest_m=start.furthest_m))

    def _look_at(self, seen: Observed[JointState]) -> None:
        if seen.stamp_ns < self._begins_at:
            return
        if seen.joints is None or seen.scene is None:
            lacking = "joint state" if seen.joints is None and self._observations.scenes.newest() is not None else "scene"
            self._pass_over(seen.stamp_ns, f"has no {lacking}")
            return
        gone = [item.name for item in self._judge.task.objects if item.name in seen.scene.missing]
        if gone:
            self._miss(seen.stamp_ns, f"{gone[0]} {seen.scene.missing[gone[0]].replace('_', ' ')}")
            return
        try:
            joints = convert.joints_from_message(seen.joints).ordered(self._arm.joint_names)
            if not np.isfinite(joints.position).all():
                raise ContractError(f"its positions are {joints.position.tolist()}.")
        except ContractError as error:
            # The supervisor stops the arm for it; the task waits for one that can be judged.
            self.get_logger().error(f"A joint state was refused: {error}", throttle_duration_sec=1.0)
            return
        self._kinematics.update(joints.position)
        try:
            status = self._judge.observe(seen.stamp_ns, joints, seen.scene, self._kinematics.position("palm"))
        except ContractError as error:
            self.fail(str(error))
            return
        self._take_note(replace(status, stamp_ns=seen.stamp_ns))

    def _pass_over(self, stamp_ns: int, why: str) -> None:
        self._unjudged += 1
        self.get_logger().warning(
            f"The image of {stamp_ns / 1e9:.3f} s {why} and was not judged; {self._unjudged} so far.", throttle_duration_sec=1.0
        )

    def _miss(self, stamp_ns: int, what: str) -> None:
        """An object of the task is out of sight: nothing is guessed, and an episode ends when it stays so."""
        status = self._judge.status
        self._pass_over(stamp_ns, f"does not show all ({what})")
        if status.phase == RUNNING and stamp_ns - status.stamp_ns > seconds_to_ns(self._config.lost_timeout):
            self._take_note(self._judge.abort(stamp_ns, f"lost: {what}"))
        elif status.phase == WAITING and self._episode < 0:
            self._take_note(replace(status, stamp_ns=stamp_ns, reason=what))
        elif status.phase == WAITING:
            self._judged_ns, self._verdicts = stamp_ns, []
            self._publish(replace(status, stamp_ns=stamp_ns, reason=what))

    # Episodes.
    def _take_note(self, status: EpisodeStatus) -> None:
        """Publishes what an observation came to, and goes on from there."""
        self._judged_ns, self._verdicts = status.stamp_ns, []
        self._budget.note(status.stamp_ns, self._paused)
        if not self._finished:
            self._publish(status)
        if status.step > 0 and status.phase in (RUNNING, ENDED):
            self._budget.count_step()
        if self._curriculum is not None and self._judge.played and not self._finished:
            self._curriculum.take(status.success)
        if status.phase == ENDED and self._budget.spent(self._episode + 1):
            if not self._finished:
                self._publish(replace(status, phase=FINISHED))
            self._finished = True
        elif status.phase in (WAITING, ENDED) and not self._paused:
            self._begin_next()

    def _publish(self, status: EpisodeStatus) -> None:
        message = convert.episode_to_message(status)
        self._verdicts.append(message)
        self._states.publish(message)

    def _begin_next(self) -> None:
        self._resetting = True
        self._episode += 1
        furthest_m = 0.0 if self._curriculum is None else self._curriculum.furthest_m
        if self._curriculum is not None and furthest_m != self._start.furthest_m:
            self.get_logger().info(self._curriculum.sentence)
        self._start = EpisodeStart(episode_seed(self._config.seed, self._episode), furthest_m)
        self._ask_for_reset(self._start)

    def _ask_again(self) -> None:
        if self.active and self._resetting and not self._paused:
            self._ask_for_reset(self._start)

    def _ask_for_reset(self, start: EpisodeStart) -> None:
        request = ResetEpisode.Request(seed=start.seed, furthest_m=start.furthest_m)
        self._reset.call_async(request).add_done_callback(lambda future: self._on_reset_done(future, start))

    def _on_reset_done(self, future: Future[ResetEpisode.Response], start: EpisodeStart) -> None:
        if not self._resetting or start != self._start:
            return  # the reply to a request that was repeated meanwhile
        response = future.result()
        if response is not None and response.pending:
            self._waits_for = response.message
            return
        if response is None or not response.success:
            self.fail(f"The reset of episode {self._episode} failed: {'no answer' if response is None else response.message}")
            return
        self._begins_at = convert.stamp_to_ns(response.stamp)
        self._judge.begin(self._episode, start.seed, start.furthest_m)
        self._resetting, self._waits_for = False, ""
        self._judge_pending()

    # Requests.
    def _on_reset_request(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self.active or self._resetting or self._judge.status.phase != RUNNING:
            response.message = "No episode is running that could be reset."
            return response
        self._begin_next()
        response.success = True
        return response

    def _on_pause_request(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._config.lockstep or self._paused or not self.active:
            response.message = "In lockstep nothing is paused." if self._config.lockstep else "There is nothing to pause."
            return response
        self._paused = response.success = True
        response.message = "Paused: the episode ends, and nothing begins before /episode/resume."
        return response

    def _on_resume_request(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self._paused:
            response.message = "The task is not paused."
            return response
        self._paused, response.success = False, True
        response.message = "The task goes on with the next episode."
        if not self._resetting and not self._finished and self._episode >= 0:
            self._begin_next()
        return response


def main() -> int:
    return run_node(TaskNode)


if __name__ == "__main__":
    raise SystemExit(main())
