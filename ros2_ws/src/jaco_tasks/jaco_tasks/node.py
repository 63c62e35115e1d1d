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
from jaco_core.sync import StampBuffer
from jaco_core.types import ENDED, FINISHED, RUNNING, WAITING, EpisodeStatus, JointSample, SceneSample
from jaco_tasks.episode import EpisodeJudge
from jaco_tasks.registry import make_task
from jaco_tasks.seeds import episode_seed

RETRY_S = 0.002
ASK_AGAIN_S = 1.0


@dataclass(frozen=True)
class Config:
    """Parameters of the task node."""

    arm: str = parameter("j2n6s300", "Name of the arm.")
    task: str = parameter("reach", "Name of the task.")
    episodes: int = parameter(0, "Episodes to run, 0 for no end.", lower=0, upper=1_000_000)
    steps: int = parameter(0, "Control steps after which the running episode is the last, 0 for no end.", lower=0, upper=10**9)
    seed: int = parameter(0, "Seed of the run; every episode's own seed follows from it.", lower=0, upper=2**31)
    lockstep: bool = parameter(True, "Joint states and scene must carry the image's own stamp; false allows `tolerance`.")
    tolerance: float = parameter(
        0.02, "Largest time between image and joint state or scene, in real time.", unit="s", lower=0.0, upper=0.5
    )


class TaskNode(JacoNode[Config]):
    """Publishes one EpisodeState per image, and asks for a reset when an episode has to begin."""

    def __init__(self) -> None:
        super().__init__("task", Config)

    def setup(self, config: Config) -> None:
        self._config = config
        arm = load_arm(config.arm)
        self._arm = arm
        self._judge = EpisodeJudge(make_task(config.task), arm)
        self._kinematics = Kinematics(arm)
        self._tolerance_ns = 0 if config.lockstep else round(config.tolerance * 1e9)
        self._joints: StampBuffer[JointState] = StampBuffer()
        self._scenes: StampBuffer[SceneSample] = StampBuffer()
        self._pending: list[int] = []
        self._unjudged = 0
        self._judged_ns = -1
        self._verdicts: list[EpisodeState] = []
        self._episode = -1
        self._steps_taken = 0
        self._begins_at = 0
        self._resetting = False
        self._finished = False
        self._states = self.create_publisher(EpisodeState, "/episode/state", qos.EVENT)
        # Joint states come ten times as often as images, and only those that belong to one matter: they are read then.
        self._joint_queue = PolledSubscription(self, JointState, "/joint_states", qos.STATE)
        self._scene_queue = PolledSubscription(self, SceneState, "/scene", qos.STATE)
        images = self.create_subscription(
            CameraInfo, "/camera/camera_info", self._on_camera_info, qos.observation(config.lockstep)
        )
        # In real time the scene may come later, or from somebody who is not part of the graph: on an arm, from perception.
        scene = (self._scene_queue.endpoint,) if config.lockstep else ()
        self._inputs = (self._joint_queue.endpoint, images, *scene)
        # For what comes after its image: looks again until nothing is pending.
        self._retry = self.create_timer(RETRY_S, self._judge_pending, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._retry.cancel()
        self._patience = self.create_timer(ASK_AGAIN_S, self._ask_again, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._reset: Client[ResetEpisode.Request, ResetEpisode.Response] = self.create_client(ResetEpisode, "/scene/reset")
        self.create_service(Trigger, "/episode/reset", self._on_reset_request)

    def start(self) -> None:
        wait_for_peers((*self._inputs, self._states), timeout=10.0)

    def _on_camera_info(self, message: CameraInfo) -> None:
        # The camera's description comes with every image, under the same stamp, and is much smaller.
        stamp_ns = convert.stamp_to_ns(message.header.stamp)
        if stamp_ns == self._judged_ns:
            # A simulator in lockstep shows an observation again when its verdict did not arrive.
            for verdict in self._verdicts:
                self._states.publish(verdict)
            return
        if stamp_ns not in self._pending:
            self._pending = [*self._pending[-9:], stamp_ns]
        self._judge_pending()

    def _read_queues(self) -> None:
        for joints, _ in self._joint_queue.take_all():
            self._joints.add(convert.stamp_to_ns(joints.header.stamp), joints)
        for scene, _ in self._scene_queue.take_all():
            self._scenes.add(convert.stamp_to_ns(scene.header.stamp), convert.scene_from_message(scene))

    def _judge_pending(self) -> None:
        self._read_queues()
        self._judge_what_can_be()
        if self._pending and not self._resetting:
            self._retry.reset()
        else:
            self._retry.cancel()

    def _judge_what_can_be(self) -> None:
        while self.active and self._pending and not self._resetting:
            stamp_ns = self._pending[0]
            message = self._joints.match(stamp_ns, self._tolerance_ns)
            scene = self._scenes.match(stamp_ns, self._tolerance_ns)
            if message is None or scene is None:
                if not ((message is None and self._joints.passed(stamp_ns)) or (scene is None and self._scenes.passed(stamp_ns))):
                    return
                self._pending.pop(0)
                self._unjudged += 1
                lacking = "joint state" if message is None and self._scenes.newest() is not None else "scene"
                self.get_logger().warning(
                    f"The image of {stamp_ns / 1e9:.3f} s has no {lacking} and was not judged; {self._unjudged} so far.",
                    throttle_duration_sec=1.0,
                )
                continue
            self._pending.pop(0)
            if stamp_ns >= self._begins_at:
                try:
                    joints = convert.joints_from_message(message).ordered(self._arm.joint_names)
                    if not np.isfinite(joints.position).all():
                        raise ContractError(f"its positions are {joints.position.tolist()}.")
                except ContractError as error:
                    # The supervisor stops the arm for it; the task waits for one that can be judged.
                    self.get_logger().error(f"A joint state was refused: {error}", throttle_duration_sec=1.0)
                    continue
                self._judge_observation(stamp_ns, joints, scene)

    def _judge_observation(self, stamp_ns: int, joints: JointSample, scene: SceneSample) -> None:
        self._kinematics.update(joints.position)
        try:
            status = self._judge.observe(stamp_ns, joints, scene, self._kinematics.position("palm"))
        except ContractError as error:
            self.fail(str(error))
            return
        status = replace(status, stamp_ns=stamp_ns)
        self._judged_ns, self._verdicts = stamp_ns, []
        if not self._finished:
            self._publish(status)
        self._steps_taken += status.step > 0 and status.phase in (RUNNING, ENDED)
        if status.phase == ENDED and self._last_episode():
            self._finished = True
            self._publish(replace(status, phase=FINISHED))
        elif status.phase in (WAITING, ENDED):
            self._begin_next()

    def _last_episode(self) -> bool:
        config = self._config
        return 0 < config.episodes <= self._episode + 1 or 0 < config.steps <= self._steps_taken

    def _publish(self, status: EpisodeStatus) -> None:
        message = convert.episode_to_message(status)
        self._verdicts.append(message)
        self._states.publish(message)

    def _begin_next(self) -> None:
        self._resetting = True
        self._episode += 1
        seed = episode_seed(self._config.seed, self._episode)
        self._ask_for_reset(seed)

    def _ask_again(self) -> None:
        """A reply that the middleware lost never comes; the same reset twice is the same as once."""
        if self.active and self._resetting:
            self._ask_for_reset(episode_seed(self._config.seed, self._episode))

    def _ask_for_reset(self, seed: int) -> None:
        self._reset.call_async(ResetEpisode.Request(seed=seed)).add_done_callback(
            lambda future: self._on_reset_done(future, seed)
        )

    def _on_reset_done(self, future: Future[ResetEpisode.Response], seed: int) -> None:
        if not self._resetting or seed != episode_seed(self._config.seed, self._episode):
            return  # the reply to a request that was repeated meanwhile
        response = future.result()
        if response is None or not response.success:
            self.fail(f"The reset of episode {self._episode} failed: {'no answer' if response is None else response.message}")
            return
        self._begins_at = convert.stamp_to_ns(response.stamp)
        self._judge.begin(self._episode, seed)
        self._resetting = False
        self._judge_pending()

    def _on_reset_request(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self.active or self._resetting or self._judge.status.phase != RUNNING:
            response.message = "No episode is running that could be reset."
            return response
        self._begin_next()
        response.success = True
        return response


def main() -> int:
    return run_node(TaskNode)


if __name__ == "__main__":
    raise SystemExit(main())
