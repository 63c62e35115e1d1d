"""Both sessions of one arm: commands over TCP, feedback over UDP, opened and lost together."""

from __future__ import annotations

from jaco_core.errors import ContractError
from jaco_driver.kortex.calls import Calls
from jaco_driver.kortex.feedback import Feedback, read_feedback
from jaco_driver.kortex.gate import Gate
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.link import Link
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.kortex.vendor import Vendor
from jaco_driver.port import ConnectionLost


class Connection:
    """One life of the two sessions; a new one is made for every attempt."""

    def __init__(self, vendor: Vendor, settings: KortexSettings, joints: JointMap, gate: Gate) -> None:
        self._vendor = vendor
        self._settings = settings
        self._joints = joints
        self._commands = Link(vendor, settings, "commands", gate)
        self._feedback = Link(vendor, settings, "feedback", gate)
        self._sequence = 0

    def open(self) -> None:
        """Opens both sessions and compares the arm with its description; on an error nothing stays open.

        Raises:
            ConnectionLost: the arm does not answer or refuses the login.
            ContractError: it has another number of actuators.
        """
        try:
            self._commands.open_tcp()
            self.calls = Calls(self._vendor, self._commands, self._settings.call_timeout, self._settings.connect_timeout)
            self._feedback.open_udp()
            if self._feedback.router is None:
                raise ConnectionLost("The session for feedback is not open.")
            self._cyclic = self._vendor.base_cyclic(self._feedback.router)
            count = self.calls.actuator_count()
            if count != self._joints.count:
                raise ContractError(
                    f"The arm at {self._settings.robot_ip} has {count} actuators, its description {self._joints.count} joints."
                )
        except Exception:
            self.sever()
            raise

    def refresh(self, steady_ns: int, timeout: float) -> Feedback:
        """Asks for one feedback, for at most `timeout` [s]; it counts as received at `steady_ns`.

        Raises:
            ConnectionLost: no answer.
            ContractError: the answer is not of this arm.
        """
        try:
            message = self._cyclic.RefreshFeedback(options=self._vendor.options(timeout))
        except self._vendor.call_errors() as error:
            reason = str(error) or "no answer"
            raise ConnectionLost(f"The base did not send feedback within {timeout * 1000.0:.0f} ms ({reason}).") from error
        self._sequence += 1
        return read_feedback(message, self._joints, self._sequence, steady_ns)

    @property
    def silent(self) -> bool:
        """Whether the vendor's client says that the base has fallen silent."""
        return self._commands.silent or self._feedback.silent

    def notes(self) -> list[str]:
        """Returns, once, what went wrong on the vendor's own threads."""
        return self._commands.notes() + self._feedback.notes()

    def sever(self) -> None:
        """Drops both at once and without a word."""
        self._commands.sever()
        self._feedback.sever()

    def close(self) -> None:
        """Ends both sessions; bounded, does not raise."""
        self._feedback.close()
        self._commands.close()
