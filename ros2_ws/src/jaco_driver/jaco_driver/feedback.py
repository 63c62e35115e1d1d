"""What an arm that speaks by JointState messages says of itself: in the arm's order, unwrapped, finite, and recent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.types import JointSample, Vector
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_driver.port import ConnectionLost

# A joint that is reported faster than this many times its limit is reported in another unit.
_UNBELIEVABLE = 3.0
# Speeds are taken from positions over this time [s]: drivers repeat a position until the arm has told the next one.
_WINDOW_NS = seconds_to_ns(0.06)


@dataclass(frozen=True)
class Measured:
    """Joint angles [rad], speeds [rad/s] and efforts [N m] or empty, shape (n,), in the arm's order."""

    position: Vector
    velocity: Vector
    effort: Vector


class JointFeedback:
    """Keeps the newest usable joint state. An unusable one is an error at once or, where it may be another's, by its silence."""

    def __init__(
        self, arm: Arm, names: tuple[str, ...], timeout: float, differentiated: tuple[str, ...] = (), *, torques: bool = True
    ) -> None:
        """Begins with nothing measured.

        Args:
            arm: whose joints they are.
            names: what the messages call them, in the arm's order.
            timeout: the newest state must not be older than this [s].
            torques: whether the efforts are torques [N m] without gravity's part; else they are left out.
            differentiated: joints of the arm whose reported speeds mean nothing and are taken from their positions.
        """
        self._arm, self._names, self._timeout_ns = arm, names, seconds_to_ns(timeout)
        self._torques = torques
        self._continuous = np.isinf(arm.lower)
        self._always = np.array([name in differentiated for name in arm.joint_names])
        self.forget()

    def forget(self) -> None:
        """Begins anew: after a reset of the arm its clock and its turns may be others."""
        self._newest: Measured | None = None
        self._history: deque[tuple[int, Vector]] = deque()
        self._stamp_ns = 0
        self._taken_ns = 0
        self._differentiated: NDArray[np.bool_] | None = None
        self._complaint = ""
        self._broken = ""
        self._mended = False

    def restart(self) -> None:
        """Takes the next stamp as it comes: the arm's driver may have been started anew, with another clock."""
        self._stamp_ns = 0

    @property
    def spoken(self) -> bool:
        """Whether there has been a joint state of this arm, usable or not."""
        return self._newest is not None or bool(self._broken)

    @property
    def complaint(self) -> str:
        """Why the last message was of no use, as a clause; "" when it was."""
        return self._complaint

    def take(self, sample: JointSample, steady_ns: int) -> None:
        """Takes in one message, received at `steady_ns`. NaN velocities and efforts stand for values that it does not give."""
        try:
            ordered = sample.ordered(self._names)
        except ContractError:
            missing = [name for name in self._names if name not in sample.names]
            self._complaint = f"the last joint state names {', '.join(sample.names)} and lacks {', '.join(missing)}"
            return
        if sample.stamp_ns and sample.stamp_ns <= self._stamp_ns:
            self._complaint = "the stamps of its joint states do not advance"
            return
        if not np.isfinite(ordered.position).all():
            joint = self._arm.joint_names[int(np.argmin(np.isfinite(ordered.position)))]
            self._broken, self._mended = f"gives a position of {joint} that is not finite", False
            return
        position = self._unwrapped(ordered.position)
        velocity = self._velocity(position, ordered.velocity, steady_ns)
        if velocity is None:
            return
        effort = ordered.effort if self._torques and len(ordered.effort) and np.isfinite(ordered.effort).all() else np.zeros(0)
        self._newest = Measured(position, velocity, effort)
        self._stamp_ns, self._taken_ns, self._complaint, self._mended = sample.stamp_ns, steady_ns, "", True

    def newest(self, steady_ns: int) -> Measured:
        """Returns the newest joint state.

        Raises:
            ConnectionLost: there is none, it is too old, or what came after it cannot be used.
        """
        if self._broken:
            # Told once even where a good one came after it.
            broken, self._broken = self._broken, "" if self._mended else self._broken
            raise ConnectionLost(f"Arm '{self._arm.name}' {broken}; its joint states cannot be used.")
        age_ns = steady_ns - self._taken_ns
        if self._newest is None or age_ns > self._timeout_ns:
            age = f"for {ns_to_seconds(age_ns):.2f} s" if self._newest is not None else "yet"
            because = f": {self._complaint}" if self._complaint else ""
            raise ConnectionLost(f"Arm '{self._arm.name}' has sent no usable joint state {age}{because}.")
        return self._newest

    def _unwrapped(self, position: Vector) -> Vector:
        """Returns the angles with continuous joints on the turn that is nearest to the last one."""
        if self._newest is None:
            return position
        change = position - self._newest.position
        wrapped = self._newest.position + (change + np.pi) % (2.0 * np.pi) - np.pi
        return np.where(self._continuous, wrapped, position)

    def _velocity(self, position: Vector, reported: Vector, steady_ns: int) -> Vector | None:
        """Returns the speeds, from the positions where the arm does not report them; None when it reports nonsense."""
        if self._differentiated is None:
            self._differentiated = self._always | ~np.isfinite(reported)
        if self._history and self._history[-1][0] == steady_ns:
            self._history.pop()
        self._history.append((steady_ns, position))
        while len(self._history) > 2 and self._history[1][0] <= steady_ns - _WINDOW_NS:
            self._history.popleft()
        began_ns, began = self._history[0]
        seconds = ns_to_seconds(max(steady_ns - began_ns, 1))
        speeds = np.where(self._differentiated, (position - began) / seconds, reported)
        wrong = ~np.isfinite(speeds) | (np.abs(speeds) > _UNBELIEVABLE * self._arm.max_velocity + 1.0)
        if wrong.any():
            joint = int(np.argmax(wrong))
            name, speed, limit = self._arm.joint_names[joint], speeds[joint], self._arm.max_velocity[joint]
            self._mended = False
            self._broken = f"reports {speed:.3g} rad/s of {name}, whose limit is {limit:.3g} rad/s"
            return None
        return speeds
