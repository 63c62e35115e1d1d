"""A ros2_control controller with a joint state broadcaster and a fault controller, on real topics, for any arm."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from rclpy.context import Context
from stand_in import STEP_NS, StandIn, main
from std_msgs.msg import Bool, Float64MultiArray
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from jaco_core.arms import Arm
from jaco_core.ros import qos
from jaco_core.ros.polling import PolledSubscription
from jaco_core.types import Vector
from jaco_driver.fake import FakeArm
from jaco_driver.port import ArmInFault, NotActive
from jaco_driver.ros2_control.robots import Reset, Robot, Status

CONTROLLER = "test_controller"
FAULT = "/fault_controller/internal_fault"
RESET = "/fault_controller/reset_fault"
# [1/s] Of the position servo.
GAIN = 20.0


def robot(interface: str) -> Robot:
    """Returns the set-up that the stand-in is."""
    return Robot(
        CONTROLLER,
        interface,
        status=(Status(FAULT, "std_msgs/msg/Bool", "data", (False,)),),
        resets=(Reset(RESET, "std_srvs/srv/Trigger"),),
    )


class ControllerStandIn(StandIn):
    """Velocities are kept until the next ones, as forward command controllers keep them; trajectories end."""

    def __init__(self, plant: FakeArm, arm: Arm, interface: str, context: Context | None = None, joints: Any = None) -> None:
        super().__init__(CONTROLLER, plant, "/joint_state_broadcaster/joint_states", context)
        self.node.declare_parameter("joints", list(joints or arm.joint_names))
        self._trouble = self.node.create_publisher(Bool, FAULT, qos.LATCHED)
        self._trouble.publish(Bool(data=False))
        self.node.create_service(Trigger, RESET, self._on_reset)
        self.interface = interface
        self.velocity: Vector = np.zeros(len(arm))
        self.target: Vector | None = None
        self.trajectory: list[tuple[int, Vector, Vector]] = []
        self.sample = plant.state(0)
        kind, topic = (JointTrajectory, "joint_trajectory") if interface == "trajectory" else (Float64MultiArray, "commands")
        self.commands = PolledSubscription(self.node, kind, f"/{CONTROLLER}/{topic}", qos.EVENT)

    def fault(self) -> None:
        self.plant.inject_fault("test")
        self._trouble.publish(Bool(data=True))

    def obey(self, message: Any, now_ns: int) -> None:
        if self.interface == "trajectory":
            start = self.target if self.target is not None else self.sample.position
            # It came at the beginning of the step that ends now.
            self.trajectory = [(now_ns - STEP_NS, np.array(start), self.velocity)]
            for point in message.points:
                after_ns = point.time_from_start.sec * 10**9 + point.time_from_start.nanosec
                self.trajectory.append((now_ns + after_ns, np.array(point.positions), np.array(point.velocities)))
        elif self.interface == "position":
            self.target = np.array(message.data)
        else:
            self.velocity = np.array(message.data)

    def drive(self, now_ns: int) -> None:
        if self.trajectory:
            self._follow(now_ns)
        goal = self.velocity
        if self.target is not None:
            goal = GAIN * (self.target - self.sample.position) + (self.velocity if self.interface == "trajectory" else 0.0)
        with contextlib.suppress(ArmInFault, NotActive):
            self.plant.send(goal, now_ns - STEP_NS)

    def _follow(self, now_ns: int) -> None:
        """Linear between the points: enough for a plant that filters anyway."""
        times = [time_ns for time_ns, _, _ in self.trajectory]
        for (begin_ns, begin, _), (end_ns, end, _) in zip(self.trajectory, self.trajectory[1:], strict=False):
            if begin_ns <= now_ns < end_ns:
                self.target = begin + (end - begin) * (now_ns - begin_ns) / (end_ns - begin_ns)
                self.velocity = (end - begin) / ((end_ns - begin_ns) * 1e-9)
                return
        if now_ns >= times[-1]:
            self.target, self.velocity = self.trajectory[-1][1], np.zeros(len(self.velocity))

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.plant.clear_faults()
        self.plant.activate(0)
        self.velocity, self.trajectory, self.target = np.zeros(len(self.velocity)), [], None
        self._trouble.publish(Bool(data=False))
        response.success = True
        return response


if __name__ == "__main__":
    main(lambda plant, arm, arguments: ControllerStandIn(plant, arm, arguments.interface))
