"""A Kortex arm behind the port. What the port's caller does here is put things into mailboxes and read what has arrived."""

from __future__ import annotations

import threading
import time

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import JointSample, Vector, WrenchSample
from jaco_core.units import seconds_to_ns
from jaco_driver.following import FollowingCheck
from jaco_driver.kortex.faults import STATES_READY, state_words
from jaco_driver.kortex.feedback import Feedback
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.life import Life, Phase
from jaco_driver.kortex.loader import load_vendor
from jaco_driver.kortex.pace import measure_pace
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.kortex.threads import UNWATCHED, WAIT, ArmThreads, wait_for
from jaco_driver.kortex.vendor import Vendor
from jaco_driver.port import ArmInFault, ConnectionLost

_one_arm = threading.Lock()


class KortexArm:
    """The port. Only one per process may be configured at a time: the vendor's client keeps state that arms would share."""

    def __init__(self, arm: Arm, settings: KortexSettings, vendor: Vendor | None = None) -> None:
        """`vendor`: what stands in for kortex_api; it is imported when None.

        Raises:
            ContractError: this cannot be a Kortex arm.
        """
        self._arm = arm
        self._settings = settings
        self._vendor = vendor
        self._joints = JointMap(arm)
        self._life = Life()
        self._following = FollowingCheck(arm)
        self._sent_ns = 0
        self._compared: Feedback | None = None
        self._sample: tuple[Feedback, JointSample] | None = None
        self._threads: ArmThreads

    # The port.
    def configure(self) -> None:
        if self.is_open:
            return
        self._vendor = self._vendor or load_vendor()
        if not _one_arm.acquire(blocking=False):
            raise ConfigError("This process drives a Kortex arm already; start another driver for the second one.")
        try:
            self._threads = ArmThreads(self._arm, self._settings, self._vendor, self._joints, self._life)
            self._threads.open()
        except Exception:
            _one_arm.release()
            raise

    def activate(self, now_ns: int) -> None:
        self._life.check_open()
        self._life.check_lost()
        threads = self._threads
        if not threads.watched:
            raise ArmInFault(UNWATCHED)
        wait_for(lambda: threads.age_ns < seconds_to_ns(self._settings.feedback_timeout), None)
        feedback = threads.fresh()
        if feedback.fault:
            raise ArmInFault(feedback.fault)
        if feedback.state not in STATES_READY:
            raise ArmInFault(f"The arm is {state_words(feedback.state)}, it must be ready; see Kinova's web application.")
        if self._life.phase is Phase.ACTIVE:
            self.stop(now_ns)
        if not threads.stopped(WAIT):
            raise ArmInFault("The arm does not come to rest, so it is not activated.")
        calls = threads.calls()
        wait_for(lambda: threads.fresh().at_rest, ArmInFault("The arm moves although nobody here moves it; stop it first."))
        try:
            calls.take_servoing()
            calls.speeds([0.0] * self._joints.count)
        except ConnectionLost as error:
            threads.failed(error, calls)
            raise
        threads.sent.clear()
        self._following.begin()
        self._life.activate()

    def state(self, now_ns: int) -> JointSample:
        self._life.check_open()
        self._life.check_lost()
        feedback = self._measured()
        if self._sample is None or self._sample[0] is not feedback:
            age_ns = time.monotonic_ns() - feedback.steady_ns
            sample = JointSample(now_ns - age_ns, self._arm.joint_names, feedback.position, feedback.velocity, feedback.effort)
            self._sample = (feedback, sample)
        return self._sample[1]

    def send(self, velocity: Vector, now_ns: int) -> Vector:
        if len(velocity) != len(self._arm) or not np.isfinite(velocity).all():
            raise ContractError(f"The arm takes {len(self._arm)} finite velocities, got {np.asarray(velocity).tolist()}.")
        self._life.check_open()
        with self._life.lock:
            self._life.check_active()
            position = self._measured().position
            self._life.check_active()  # the measurement may have been one too many
            applied = self._threads.limits.apply(position, velocity)
            self._sent_ns = time.monotonic_ns()
            self._life.mailbox.put(applied, self._sent_ns)
        self._following.command(applied, self._sent_ns)
        return applied

    def stop(self, now_ns: int) -> None:
        if not self.is_open:
            return
        if self._life.phase is Phase.ACTIVE:
            self._tell_pace()
        with self._life.lock:
            self._life.rest()
            self._life.check_lost()
        self._threads.stop()

    def clear_faults(self) -> None:
        self._life.check_open()
        self.stop(0)
        threads = self._threads
        calls = threads.calls()
        try:
            calls.clear_faults()
        except ConnectionLost as error:
            threads.failed(error, calls)
            raise
        since_ns = time.monotonic_ns()

        def cleared() -> bool:
            feedback = threads.fresh()
            return feedback.steady_ns > since_ns and not feedback.fault

        wait_for(cleared, None)
        feedback = threads.fresh()
        if feedback.fault:
            raise ArmInFault(feedback.fault)
        self._life.forgive()

    def close(self) -> None:
        if not self.is_open:
            return
        self._threads.close()
        _one_arm.release()

    # What the driver and its measurements may know beyond the port.
    @property
    def is_open(self) -> bool:
        """Whether it is configured."""
        return self._life.phase is not Phase.CLOSED

    @property
    def sentinel_pid(self) -> int:
        """The process that watches this one; of an open port."""
        return self._threads.sentinel_pid

    def fault(self) -> str:
        """Returns why the arm was stopped although nobody asked for it, "" when it was not."""
        reason = self._life.reason
        return "" if reason is None else str(reason)

    def news(self) -> list[str]:
        """Returns, once, sentences on what happened that is no fault: reconnection, errors on the vendor's threads."""
        return self._threads.news() if self.is_open else []

    def wrench(self, now_ns: int) -> WrenchSample | None:
        """Returns what pushes the tool from outside, as the base estimates it from its torques. PortClosed, ConnectionLost."""
        self._life.check_open()
        self._life.check_lost()
        feedback = self._threads.fresh()
        return WrenchSample(now_ns, self._arm.base_frame, feedback.force, feedback.torque)

    def pace(self) -> list[tuple[int, int]]:
        """Returns when the speed commands since activation went out and how old they were then, both in steady ns."""
        return list(self._threads.sent)

    def _tell_pace(self) -> None:
        pace = measure_pace(self.pace(), self._settings.command_period)
        if pace is not None:
            self._threads.tell(pace.sentence())

    def _measured(self) -> Feedback:
        """Returns the newest feedback, and faults an active arm that does not move as it was told: the feedback may be frozen,
        or somebody else moves the arm. Raises ConnectionLost.
        """
        feedback = self._threads.fresh()
        if feedback is not self._compared and self._life.phase is Phase.ACTIVE:
            self._compare(feedback)
        self._compared = feedback
        return feedback

    def _compare(self, feedback: Feedback) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._sent_ns > seconds_to_ns(self._settings.command_timeout):
            self._following.command(np.zeros(len(self._arm)), now_ns)  # as the command thread does by itself
        disobedience = self._following.measure(feedback.position, now_ns)
        if disobedience:
            self._threads.fault(f"{disobedience}.")
