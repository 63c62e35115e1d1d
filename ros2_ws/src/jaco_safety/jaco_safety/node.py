"""The safety supervisor's node: the only publisher of /arm/command."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import WrenchStamped
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SafetyStatus, StopInput, SupervisedStep
from jaco_interfaces.srv import SetMode
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from jaco_core.arms import load_arm
from jaco_core.ros import qos
from jaco_core.ros.convert import stamp_to_ns, wrench_from_message
from jaco_core.ros.endpoints import publisher_names
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.scheduling import Urgency
from jaco_core.types import frozen_vector
from jaco_core.units import seconds_to_ns
from jaco_safety.alarm import Alarm
from jaco_safety.arrivals import command_of, input_kind, joints_answer, picture_digest
from jaco_safety.limits import load_limits
from jaco_safety.modes import Mode
from jaco_safety.outputs import Outputs, Publishers
from jaco_safety.proposals import Source
from jaco_safety.reasons import Evidence, Reason
from jaco_safety.requests import Requests
from jaco_safety.settings import Config
from jaco_safety.supervisor import Answer, Supervisor

_DIAGNOSTICS_PERIOD = 1.0
# Longest time to brake in when the process is told to end; in lockstep the simulator may already have gone [s].
_WIND_DOWN_NS = seconds_to_ns(0.5)
# Topics that move the arm: one publisher each.
_SOLE = ("/arm/command", "/policy/command", "/operator/command", "/reset/command")


class SafetyNode(JacoNode[Config]):
    """Turns messages into the supervisor's inputs and its answers into messages."""

    def __init__(self) -> None:
        super().__init__("supervisor", Config)
        # Not the node's clock: a paused /clock must not disarm the watchdog.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._ending_ns: int | None = None

    def setup(self, config: Config) -> None:
        arm = load_arm(config.arm)
        limits = load_limits(arm.name, config.limits_file)
        if config.command_age > 0.0:
            limits = replace(limits, command_age=config.command_age)
        silence = config.lockstep_timeout if config.lockstep else config.joint_silence or limits.joint_silence
        # In lockstep it works as fast as it can, and everything else would have to wait for it.
        self.urgency = None if config.lockstep else Urgency.SUPERVISOR
        self._supervisor = Supervisor(arm, limits, silence, realtime=not config.lockstep, mode=Mode(config.mode))
        self._zero = frozen_vector([0.0] * len(arm))
        self._published_on = Publishers(
            self.create_publisher(JointVelocityCommand, "/arm/command", qos.COMMAND_WRITER),
            self.create_publisher(SafetyStatus, "/safety/status", qos.LATCHED),
            self.create_publisher(SupervisedStep, "/safety/step", qos.EVENT),
            self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT),
        )
        self._out = Outputs(self._published_on, self._supervisor, arm.joint_names, self._log_stop)
        self._requests = Requests(self._supervisor, self._out, lambda: self.active, self._now_ns)
        self._subscribe(lockstep=config.lockstep)
        self._services_made = [
            self.create_service(Trigger, "/safety/stop", self._requests.stop),
            self.create_service(Trigger, "/safety/reset", self._requests.reset),
            self.create_service(SetMode, "/safety/set_mode", self._on_set_mode),
        ]
        self._alarm = Alarm()
        timers = (
            (1.0, self._on_alarm),
            (limits.supervision.authority_period, self._on_authority),
            (_DIAGNOSTICS_PERIOD, self._on_diagnostics),
        )
        self._timers_made = [self.create_timer(period, callback, clock=self._steady) for period, callback in timers]
        self._set_alarm()

    def _subscribe(self, lockstep: bool) -> None:
        """Subscribes. The executor reads in this order: when it was kept from running, joint states judge what came before."""
        subscribe, policy, operator, reset = self.create_subscription, Source.POLICY, Source.OPERATOR, Source.RESET
        commands = (
            ("/policy/command", lambda message: self._on_command(message, policy)),
            ("/operator/command", lambda message: self._on_command(message, operator)),
        )
        self._subscriptions_made = [
            subscribe(StopInput, "/safety/inputs", self._on_stop_input, qos.INPUT),
            subscribe(Header, "/operator/heartbeat", self._on_heartbeat, qos.COMMAND),
            subscribe(WrenchStamped, "/arm/wrench", self._on_wrench, qos.STATE),
            subscribe(CameraInfo, "/camera/camera_info", self._on_camera_info, qos.SENSOR),
            *(subscribe(JointVelocityCommand, topic, callback, qos.COMMAND) for topic, callback in commands),
        ]
        if not lockstep:
            self._subscriptions_made += [
                # Serialised: the pixels need only be compared.
                subscribe(Image, "/camera/image_raw", self._on_picture, qos.SENSOR, raw=True),
                # In lockstep the simulator resets itself.
                subscribe(EpisodeState, "/episode/state", self._on_episode, qos.EVENT),
                subscribe(JointVelocityCommand, "/reset/command", lambda message: self._on_command(message, reset), qos.COMMAND),
            ]
        self._subscriptions_made.append(subscribe(JointState, "/joint_states", self._on_joints, qos.STATE))

    def start(self) -> None:
        self._supervisor.begin()
        self._out.begin()
        self._set_alarm()

    def wind_down(self) -> None:
        self._ending_ns = self._now_ns()
        self._answer(self._supervisor.request_stop("the end of the supervisor's own process"))

    def drained(self) -> bool:
        if self._ending_ns is None or self._now_ns() - self._ending_ns > _WIND_DOWN_NS:
            return True
        answer = self._supervisor.answer
        return answer is None or not answer.velocity.any()

    def halt(self) -> None:
        answer = self._supervisor.answer
        self._out.command(Answer(answer.stamp_ns if answer is not None else 0, self._zero, Evidence(Reason.NO_COMMAND)))
        self._out.begin()

    def release(self) -> None:
        if not hasattr(self, "_timers_made"):
            return
        for timer in self._timers_made:
            self.destroy_timer(timer)
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        for service in self._services_made:
            self.destroy_service(service)
        for publisher in self._published_on.all:
            self.destroy_publisher(publisher)
        del self._timers_made

    # Inputs.
    def _on_joints(self, message: JointState) -> None:
        if self.active:
            self._out.answer(joints_answer(self._supervisor, message, self._now_ns()))

    def _on_command(self, message: JointVelocityCommand, source: Source) -> None:
        if self.active:
            self._out.answer(self._supervisor.on_command(command_of(message), self._now_ns(), source))

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._supervisor.on_image(stamp_to_ns(message.header.stamp), self._now_ns())

    def _on_episode(self, message: EpisodeState) -> None:
        self._supervisor.on_episode(message.phase, stamp_to_ns(message.header.stamp))

    def _on_picture(self, serialised: bytes) -> None:
        self._supervisor.on_picture(picture_digest(serialised))

    def _on_heartbeat(self, message: Header) -> None:
        self._supervisor.on_heartbeat(stamp_to_ns(message.stamp), self._now_ns())
        self._set_alarm()

    def _on_stop_input(self, message: StopInput) -> None:
        self._answer(self._supervisor.on_stop_input(input_kind(message.kind), message.source, message.active, message.message))

    def _on_wrench(self, message: WrenchStamped) -> None:
        if self.active:
            self._answer(self._supervisor.on_wrench(float(np.linalg.norm(wrench_from_message(message).force))))

    def _on_alarm(self) -> None:
        now_ns = self._now_ns()
        if self.active and self._alarm.rings(self._supervisor.due_ns, now_ns):
            self._out.answer(self._supervisor.on_watchdog(now_ns))
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Wakes the node when the next bound runs out; what comes meanwhile makes that later, except where this is called."""
        timer = self._timers_made[0]
        timer.timer_period_ns = self._alarm.wait_ns(self._supervisor.due_ns, self._now_ns())
        timer.reset()

    def _on_authority(self) -> None:
        for topic in _SOLE if self.active else ():
            # Counting is a hundred times cheaper than naming.
            rivals = self.count_publishers(topic) > 1
            names = publisher_names(self, topic) if rivals else []
            self._answer(self._supervisor.on_publishers(topic, names))

    def _on_diagnostics(self) -> None:
        if self.active:
            self._out.diagnostics()

    def _on_set_mode(self, request: SetMode.Request, response: SetMode.Response) -> SetMode.Response:
        self._requests.set_mode(request, response)
        self._set_alarm()
        return response

    # Outputs.
    def _answer(self, answer: Answer | None) -> None:
        if self.active:
            self._out.answer(answer)

    def _log_stop(self, sentence: str) -> None:
        if self.active:
            self.get_logger().error(sentence, throttle_duration_sec=1.0)

    def _now_ns(self) -> int:
        return int(self._steady.now().nanoseconds)


def main() -> int:
    """Runs the supervisor until it is told to stop."""
    return run_node(SafetyNode)


if __name__ == "__main__":
    sys.exit(main())
