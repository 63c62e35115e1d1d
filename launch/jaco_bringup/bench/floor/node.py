"""The floor's three processes. Nothing is checked, filtered or kept: what is left is transport and inference.

camera: sends an image and waits for the command that answers it; policy: image to command through the bare network; safety:
passes the command on.
"""

from __future__ import annotations

import array
import contextlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import rclpy
from jaco_interfaces.msg import JointVelocityCommand
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image

from jaco_core.arms import load_arm
from jaco_core.parameters import parameter
from jaco_core.ros import parameters, qos

SIZE = 64
WARM_UP = 10
IMAGE, PROPOSED, COMMAND = "/floor/image", "/floor/proposed", "/floor/command"


@dataclass(frozen=True)
class FloorConfig:
    """Parameters of the floor's processes."""

    role: str = parameter("camera", "Which of the processes this is.", choices=("camera", "policy", "safety"))
    checkpoint: str = parameter("", "policy: folder of the network.")
    arm: str = parameter("j2n6s300", "policy: arm that the network is for.")
    rate: float = parameter(10.0, "camera: images per second.", unit="Hz", lower=1.0, upper=1000.0)
    samples: int = parameter(60, "camera: round trips to measure.", lower=1, upper=100_000)
    output: str = parameter("", "camera: JSON file for the round trips [ms].")


class CameraNode(Node):
    """Measures the round trips."""

    def __init__(self) -> None:
        super().__init__("camera")
        parameters.declare(self, FloorConfig)
        self._config = parameters.read(self, FloorConfig)
        self._sent: dict[int, float] = {}
        self._trips_ms: list[float] = []
        self._image = Image(
            width=SIZE, height=SIZE, step=3 * SIZE, encoding="rgb8", data=array.array("B", bytes(3 * SIZE * SIZE))
        )
        self._publisher = self.create_publisher(Image, IMAGE, qos.observation(lockstep=False))
        self.create_subscription(JointVelocityCommand, COMMAND, self._on_command, qos.COMMAND)
        self.create_timer(1.0 / self._config.rate, self._send)
        self.done = False

    def _send(self) -> None:
        number = len(self._sent)
        self._image.header.stamp.sec = number
        self._sent[number] = time.monotonic()
        self._publisher.publish(self._image)

    def _on_command(self, message: JointVelocityCommand) -> None:
        self._trips_ms.append(1e3 * (time.monotonic() - self._sent[message.header.stamp.sec]))
        if len(self._trips_ms) >= WARM_UP + self._config.samples:
            Path(self._config.output).write_text(json.dumps(self._trips_ms[WARM_UP:]))
            self.done = True


class PolicyNode(Node):
    """Answers each image through the network alone."""

    def __init__(self) -> None:
        super().__init__("policy")
        import torch  # the other processes do without it

        from jaco_policy.camera_contract import require_one_view
        from jaco_policy.checkpoint import load_checkpoint

        torch.set_num_threads(1)
        parameters.declare(self, FloorConfig)
        config = parameters.read(self, FloorConfig)
        arm = load_arm(config.arm)
        checkpoint = load_checkpoint(Path(config.checkpoint), arm)
        require_one_view(checkpoint.card.name, checkpoint.card.camera, "the measured floor")
        self._torch, self._column = torch, checkpoint.column
        self._state = checkpoint.column.initial_state(1)
        # A policy that feels the joints takes as long whatever it feels.
        self._felt = torch.zeros(1, checkpoint.network.inputs)
        self._speeds = torch.from_numpy(checkpoint.card.speeds)
        self._command = JointVelocityCommand(joint_names=list(arm.joint_names))
        self._publisher = self.create_publisher(JointVelocityCommand, PROPOSED, qos.COMMAND)
        self.create_subscription(Image, IMAGE, self._on_image, qos.observation(lockstep=False))
        self.done = False

    def _on_image(self, message: Image) -> None:
        torch = self._torch
        with torch.inference_mode():
            image = torch.frombuffer(message.data, dtype=torch.uint8).reshape(1, SIZE, SIZE, 3)
            output, self._state = self._column(image, self._state, self._felt)
            chosen = output.logits.argmax(-1)
            self._command.velocities = array.array("d", self._speeds.gather(1, chosen.reshape(-1, 1)).reshape(-1).numpy())
        self._command.header = message.header
        self._publisher.publish(self._command)


class SafetyNode(Node):
    """Passes each command on."""

    def __init__(self) -> None:
        super().__init__("safety")
        parameters.declare(self, FloorConfig)
        self._publisher = self.create_publisher(JointVelocityCommand, COMMAND, qos.COMMAND)
        self.create_subscription(JointVelocityCommand, PROPOSED, self._publisher.publish, qos.COMMAND)
        self.done = False


ROLES: dict[str, type[CameraNode | PolicyNode | SafetyNode]] = {"camera": CameraNode, "policy": PolicyNode, "safety": SafetyNode}


def main() -> None:
    """Runs the process that parameter `role` names."""
    rclpy.init()
    probe = rclpy.create_node("floor")
    parameters.declare(probe, FloorConfig)
    role = parameters.read(probe, FloorConfig).role
    probe.destroy_node()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        node = ROLES[role]()
        while not node.done:
            rclpy.spin_once(node, timeout_sec=0.1)
    rclpy.try_shutdown()
    sys.exit(0)
