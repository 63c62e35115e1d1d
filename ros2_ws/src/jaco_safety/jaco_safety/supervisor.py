"""The supervisor: joint states and policy commands in, safe velocities and a state out. Pure; arrival order does not matter.

A joint state of time t opens tick t, which is answered with the newest command stamped <= t. When a command stamped t itself
comes later, the tick is answered again: the ramp always starts from the final answer of the tick before, so a second answer
replaces the first. A command stamped later than the newest joint state waits for its joint state.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.types import JointSample, Vector, VelocityCommand, frozen_vector
from jaco_core.units import NS_PER_S, ns_to_seconds
from jaco_safety.barriers import Barriers, PointKinematics, Surroundings
from jaco_safety.commands import CommandQueue
from jaco_safety.filter import Filtered, VelocityFilter
from jaco_safety.freshness import Receipt, stale_command
from jaco_safety.latch import Latch
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import NO_COMMAND, Evidence, Reason, State
from jaco_safety.validity import check_command, check_joints

# A longer gap between joint states does not buy a bigger step in speed than this many regular ones.
_LONGEST_STEP = 2.0


@dataclass(frozen=True)
class Answer:
    """What is commanded at the joint state of `stamp_ns`: `velocity` [rad/s], shape (n,), and why.

    `policy_stamp_ns` and `policy_version` are those of the newest command that was due, also when it was refused: in lockstep the
    simulator waits for the answer to it. Both are 0 when there was none.
    """

    stamp_ns: int
    velocity: Vector
    evidence: Evidence
    policy_stamp_ns: int = 0
    policy_version: int = 0

    @property
    def state(self) -> State:
        return self.evidence.state


@dataclass(frozen=True)
class _Tick:
    """The newest joint state. `around` is None when it cannot be used; `previous`: final velocity of the tick before."""

    stamp_ns: int
    seconds: float
    previous: Vector
    sample: JointSample | None
    around: Surroundings | None


class Supervisor:
    """Decides for one arm. Inputs return the answer to publish, or None when there is nothing to say yet."""

    def __init__(self, arm: Arm, limits: SafetyLimits, kinematics: PointKinematics, joint_silence: float | None = None) -> None:
        """`joint_silence`: longest wait for a new joint state on the steady clock [s]; the limits' own when None."""
        self._arm = arm
        self._limits = limits
        self._barriers = Barriers(arm, limits, kinematics)
        self._filter = VelocityFilter(arm, limits, self._barriers.barriers)
        self._latch = Latch(limits.cooldown)
        self._joint_silence = limits.joint_silence if joint_silence is None else joint_silence
        self._still = frozen_vector(np.zeros(len(arm)))
        self.begin()

    def begin(self) -> None:
        """Starts afresh: no history, counts at zero. A latched stop stays latched."""
        self._queue = CommandQueue()
        self._receipt = Receipt(self._joint_silence)
        self._tick: _Tick | None = None
        self._answer: Answer | None = None
        self._tolerated = self._barriers.tolerance
        self._bad_command_ns: int | None = None
        self._counted: Counter[str] = Counter()

    @property
    def state(self) -> State:
        if self._latch.evidence is not None:
            return self._latch.evidence.state
        return self._answer.state if self._answer is not None else State.STARTING

    @property
    def answer(self) -> Answer | None:
        """The newest answer, or None before the first joint state."""
        return self._answer

    @property
    def counts(self) -> dict[str, int]:
        """Ticks per verdict and reason since `begin`, each tick once, by its latest answer."""
        counted = self._counted.copy()
        if self._answer is not None:
            counted[self._answer.evidence.key] += 1
        return dict(sorted(counted.items()))

    # Inputs.
    def on_joints(self, sample: JointSample, now_ns: int) -> Answer:
        """Answers a joint state received at `now_ns` on the steady clock."""
        try:
            ordered = sample.ordered(self._arm.joint_names)
        except ContractError as error:
            return self.on_malformed_joints(sample.stamp_ns, str(error), now_ns)
        if self._tick is not None and sample.stamp_ns == self._tick.stamp_ns:
            return self._decide(self._tick)
        bad = check_joints(ordered)
        around = self._barriers.at(ordered.position) if bad is None else None
        tick = self._open(sample.stamp_ns, ordered if bad is None else None, around, now_ns)
        if bad is not None:
            self._latch.set(bad, sample.stamp_ns)
        elif around is not None:
            if (outside := self._barriers.violation(around.excess, self._tolerated)) is not None:
                self._latch.set(outside, sample.stamp_ns)
            # Once back inside, the ordinary tolerance holds again.
            self._tolerated = np.minimum(self._tolerated, np.maximum(around.excess, 0.0) + self._barriers.tolerance)
        return self._decide(tick)

    def on_malformed_joints(self, stamp_ns: int, problem: str, now_ns: int) -> Answer:
        """Answers a joint state that does not describe this arm, with a stop. `problem`: what is wrong, as a sentence."""
        tick = self._tick
        if tick is None or stamp_ns != tick.stamp_ns:
            tick = self._open(stamp_ns, None, None, now_ns)
        self._latch.set(Evidence(Reason.JOINTS_MALFORMED, problem), stamp_ns)
        return self._decide(tick)

    def on_command(self, command: VelocityCommand) -> Answer | None:
        """Takes in a policy command; answers the newest joint state again when the command is the one for it."""
        self._queue.add(command)
        tick = self._tick
        return self._decide(tick) if tick is not None and command.stamp_ns == tick.stamp_ns else None

    def on_watchdog(self, now_ns: int) -> Answer | None:
        """Returns a standstill when joint states have stopped coming at `now_ns` on the steady clock, or None."""
        silence = self._receipt.silence(now_ns)
        if silence is None or self._tick is None:
            return None
        self._latch.set(silence, self._tick.stamp_ns)
        # Nothing is known about the arm any more: rest at once, and from rest on. The arm side brakes at its own rate.
        self._tick = replace(self._tick, previous=self._still)
        return self._decide(self._tick)

    def request_stop(self, who: str) -> Answer | None:
        """Latches the emergency stop on behalf of `who`; answers at once when there is a joint state."""
        tick = self._tick
        self._latch.set(Evidence(Reason.STOP_REQUEST, who), tick.stamp_ns if tick is not None else 0)
        return self._decide(tick) if tick is not None else None

    def request_reset(self, now_ns: int) -> str | None:
        """Ends a latched stop, or returns why it may not end yet. Commands from before the reset are not used after it."""
        if self._latch.evidence is None:
            return "There is no stop to reset."
        tick = self._tick
        if tick is None:
            return "No joint state has come yet; is the arm or the simulator running?"
        if (refusal := self._refusal(tick, now_ns)) is not None:
            return refusal
        self._latch.clear()
        self._queue.forget_before(tick.stamp_ns + 1)
        if tick.around is not None:
            # Outside a limit, the way back must be open: what is tolerated starts from here and shrinks as the arm comes back.
            self._tolerated = np.maximum(tick.around.excess, 0.0) + self._barriers.tolerance
        self._decide(tick)
        return None

    # The decision.
    def _open(self, stamp_ns: int, sample: JointSample | None, around: Surroundings | None, now_ns: int) -> _Tick:
        """Makes the joint state of `stamp_ns` the newest tick."""
        last, period = self._tick, 1.0 / self._arm.state_rate_hz
        self._receipt.note(now_ns)
        if last is None or self._answer is None:
            self._tick = _Tick(stamp_ns, period, self._still, sample, around)
            return self._tick
        self._counted[self._answer.evidence.key] += 1
        previous, elapsed = self._answer.velocity, ns_to_seconds(stamp_ns - last.stamp_ns)
        if elapsed < 0.0:
            reversal = Evidence(Reason.TIME_REVERSED, "joint state", stamp_ns / NS_PER_S, last.stamp_ns / NS_PER_S, "s")
            # The new time is the one that counts from here on: nothing stamped before can be compared with it.
            self._queue.clear()
            self._bad_command_ns = None
            self._latch.set(reversal, stamp_ns)
            elapsed = period
        elif last.sample is not None and sample is not None and self._jumped(last.sample, sample, elapsed):
            # A simulator that was reset: what was commanded before says nothing about the arm as it is now.
            self._queue.forget_before(stamp_ns)
            previous = self._still
        self._tick = _Tick(stamp_ns, min(elapsed, _LONGEST_STEP * period), previous, sample, around)
        return self._tick

    def _jumped(self, before: JointSample, after: JointSample, elapsed: float) -> bool:
        reach = self._arm.max_velocity * elapsed * 1.5 + self._limits.jump_margin
        return bool((np.abs(after.position - before.position) > reach).any())

    def _decide(self, tick: _Tick) -> Answer:
        """Answers `tick` with what is known now."""
        for command in self._queue.advance(tick.stamp_ns):
            if (bad := check_command(command, self._arm.joint_names)) is not None:
                self._latch.set(bad, tick.stamp_ns)
                self._bad_command_ns = command.stamp_ns
        newest = self._queue.newest
        filtered = self._filtered(tick)
        self._answer = Answer(
            tick.stamp_ns,
            frozen_vector(filtered.velocity),
            filtered.evidence,
            newest.stamp_ns if newest is not None else 0,
            newest.policy_version if newest is not None else 0,
        )
        return self._answer

    def _filtered(self, tick: _Tick) -> Filtered:
        command, halt = self._queue.usable, self._latch.evidence
        if tick.around is None:
            blind = Evidence(Reason.JOINTS_MALFORMED, "there is no usable measurement.")
            return Filtered(self._filter.halt_blind(tick.previous, tick.seconds), halt or blind)
        if halt is None and command is None:
            halt = NO_COMMAND
        if halt is None and command is not None:
            halt = stale_command(command.stamp_ns, tick.stamp_ns, self._limits.command_age)
        proposed = self._still if halt is not None or command is None else command.velocity
        filtered = self._filter.apply(proposed, tick.previous, tick.seconds, tick.around)
        return filtered if halt is None else replace(filtered, evidence=halt)

    def _refusal(self, tick: _Tick, now_ns: int) -> str | None:
        """Returns why the latched stop may not end yet, or None."""
        if (silence := self._receipt.silence(now_ns)) is not None:
            return f"The cause lasts: {silence.sentence}"
        if tick.sample is None:
            return "The cause lasts: the newest joint state cannot be used."
        newest, bad_ns = self._queue.newest, self._bad_command_ns
        still_bad = bad_ns is not None and newest is not None and newest.stamp_ns <= bad_ns
        if still_bad and stale_command(bad_ns or 0, tick.stamp_ns, self._limits.command_age) is None:
            return "The cause lasts: the newest policy command cannot be used."
        speeds, standstill = np.abs(tick.sample.velocity), self._limits.standstill
        if (speeds > standstill).any():
            joint = int(np.argmax(speeds))
            name = self._arm.joint_names[joint]
            return f"{name} still moves at {speeds[joint]:.3f} rad/s; a reset needs standstill, below {standstill:.3f} rad/s."
        return self._latch.refusal(tick.stamp_ns)
