"""kinova-ros in front of a Jaco, on real topics: its queue of commands, its units, its twelve joints and its latch."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
from kinova_msgs.msg import JointVelocityWithFingerVelocity
from kinova_msgs.srv import Start, Stop
from rclpy.context import Context
from sensor_msgs.msg import JointState
from stand_in import STEP_NS, StandIn, main

from jaco_core.arms import Arm
from jaco_core.ros import qos
from jaco_core.ros.polling import PolledSubscription
from jaco_core.types import JointSample, Vector
from jaco_driver.fake import FakeArm

NAME = "j2n6s300"
QUEUE = 2000
# Their fingers 1, 2, 3 are these of the arm's.
FINGERS = ("finger_1", "finger_3", "finger_2")


class KinovaStandIn(StandIn):
    """Works off one command every 10 ms; without one the arm stands."""

    def __init__(self, plant: FakeArm, arm: Arm, context: Context | None = None) -> None:
        super().__init__(f"{NAME}_driver", plant, f"/{NAME}_driver/out/joint_state", context)
        self.arm = arm
        self.stopped = False
        self.stops = 0
        self.deaf = False
        self.queue: deque[Vector] = deque(maxlen=QUEUE)
        self.longest_queue = 0
        self.sample = plant.state(0)
        topic = f"/{NAME}_driver/in/joint_velocity_with_finger_velocity"
        self.commands = PolledSubscription(self.node, JointVelocityWithFingerVelocity, topic, qos.EVENT)
        self.node.create_service(Stop, f"/{NAME}_driver/in/stop", self._on_stop)
        self.node.create_service(Start, f"/{NAME}_driver/in/start", self._on_start)

    def obey(self, message: Any, now_ns: int) -> None:
        if self.stopped or self.deaf:
            return
        velocity = np.zeros(len(self.arm))
        for index in range(6):
            velocity[index] = math.radians(getattr(message, f"joint{index + 1}"))
        for number, name in enumerate(FINGERS, 1):
            turns = getattr(message, f"finger{number}")
            velocity[self.arm.joint_names.index(name)] = math.radians(turns * 80.0 / 6800.0)
        self.queue.append(velocity)
        self.longest_queue = max(self.longest_queue, len(self.queue))

    def drive(self, now_ns: int) -> None:
        self.plant.send(self.queue.popleft() if self.queue else np.zeros(len(self.arm)), now_ns - STEP_NS)

    def as_told(self, sample: JointSample) -> JointState:
        message = JointState()
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(sample.stamp_ns, 10**9)
        message.name = [f"{NAME}_joint_{n}" for n in range(1, 7)]
        message.name += [f"{NAME}_joint_finger_{n}" for n in (1, 2, 3)] + [f"{NAME}_joint_finger_tip_{n}" for n in (1, 2, 3)]
        fingers = [sample.position[self.arm.joint_names.index(name)] for name in FINGERS]
        message.position = [angle % (2.0 * math.pi) for angle in sample.position[:6]] + fingers + [0.0] * 3
        message.velocity = [*sample.velocity[:6], *[0.0] * 6]
        message.effort = [0.0] * 12
        return message

    def _on_stop(self, request: Any, response: Any) -> Any:
        self.stopped = True
        self.stops += 1
        self.queue.clear()
        response.stop_result = "Arm stopped"
        return response

    def _on_start(self, request: Any, response: Any) -> Any:
        self.stopped = self.deaf = False
        response.start_result = "Arm started"
        return response


if __name__ == "__main__":
    main(lambda plant, arm, arguments: KinovaStandIn(plant, arm))
