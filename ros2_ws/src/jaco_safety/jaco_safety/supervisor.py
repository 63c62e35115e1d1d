"""The supervisor: joint states and proposals in, safe velocities and a state out. Pure; arrival order does not matter.

A joint state of time t opens tick t, which is answered with the newest command stamped <= t. When a command stamped t itself
comes later, the tick is answered again: the ramp always starts from the final answer of the tick before, so a second answer
replaces the first. A command stamped later than the newest joint state waits for its joint state.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.types import JointSample, VelocityCommand, frozen_vector
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_safety.account import Account
from jaco_safety.answer import Answer as Answer
from jaco_safety.answer import Tick
from jaco_safety.filter import Filtered
from jaco_safety.governor import Governor
from jaco_safety.handover import Handover
from jaco_safety.inputs import Inputs
from jaco_safety.interlocks import InputKind, Interlocks
from jaco_safety.latch import Latch
from jaco_safety.limits import SafetyLimits
from jaco_safety.modes import Mode
from jaco_safety.proposals import Proposals, Source
from jaco_safety.reasons import NO_COMMAND, Evidence, Reason, State, Verdict
from jaco_safety.reset import refusal
from jaco_safety.resumption import Resumption
from jaco_safety.sensing import Sensing
from jaco_safety.succession import Chronicle, Manner, Succession
from jaco_safety.triple import SupervisedStep
from jaco_safety.validity import check_command, check_joints

# A longer gap between joint states does not buy a bigger step in speed than this many regular ones.
_LONGEST_STEP = 2.0


class Supervisor:
    """Decides for one arm. Inputs return the answer to publish, or None when there is nothing to say yet."""

    def __init__(
        self,
        arm: Arm,
        limits: SafetyLimits,
        joint_silence: float | None = None,
        *,
        realtime: bool = False,
        mode: Mode = Mode.AUTONOMOUS,
    ) -> None:
        """`joint_silence`: longest wait for a new joint state on the steady clock [s]; the limits' own when None.

        `realtime`: images are watched, and commands on the steady clock too. A simulator in lockstep may take its time.
        """
        self._arm, self._limits, self._realtime = arm, limits, realtime
        self._sensing = Sensing(arm, limits)
        self._governor = Governor(arm, limits, self._sensing.barriers)
        self._latch = Latch(limits.cooldown)
        self._joint_silence = limits.joint_silence if joint_silence is None else joint_silence
        self._chronicle = Chronicle(arm, limits, self._joint_silence, realtime)
        self._still = frozen_vector(np.zeros(len(arm)))
        self._interlocks = Interlocks()
        self.mode = mode
        self.begin()

    def begin(self) -> None:
        """Starts afresh: no history, counts at zero. A latched stop stays latched, and what forbids motion still does."""
        limits, own = self._limits, self._limits.supervision
        self.proposals = Proposals(limits.command_age, limits.command_age)
        self.proposals.choose(self.mode)
        self._handover = Handover(limits.command_age)
        self._inputs = Inputs(limits, self._joint_silence)
        self._resumption = Resumption(self._arm.joint_names, own.agreement, own.ramp_up)
        self._account = Account()
        self._tick: Tick | None = None
        self._answer: Answer | None = None
        self._sensing.begin()
        self._bad_command_ns: int | None = None

    @property
    def state(self) -> State:
        if self._latch.evidence is not None:
            return self._latch.evidence.state
        return self._answer.state if self._answer is not None else State.STARTING

    @property
    def evidence(self) -> Evidence | None:
        """Why the state is what it is; None while starting."""
        return self._latch.evidence or (self._answer.evidence if self._answer is not None else None)

    @property
    def answer(self) -> Answer | None:
        """The newest answer, or None before the first joint state."""
        return self._answer

    @property
    def counts(self) -> dict[str, int]:
        """Ticks per verdict and reason since `begin`, each tick once, by its latest answer."""
        return self._account.counts(self._answer)

    @property
    def due_ns(self) -> int | None:
        """When, on the steady clock, `on_watchdog` has something to say if nothing comes; None before the first joint state."""
        if self._tick is None:
            return None
        due_ns = self._inputs.due_ns(self._needs_heartbeat)
        if due_ns is not None and due_ns <= self._tick.now_ns:
            return self._tick.now_ns + seconds_to_ns(1.0 / self._arm.state_rate_hz)  # silent already: on along the ramp
        return due_ns

    def take_step(self) -> SupervisedStep | None:
        """Returns the policy step that ended since the last call, or None."""
        return self._account.take_step()

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
        tick = self._open(sample.stamp_ns, ordered if bad is None else None, now_ns)
        if bad is not None:
            self._latch.set(bad, sample.stamp_ns)
        elif tick.around is not None:
            for fault in self._sensing.faults(tick.around):
                self._latch.set(fault, sample.stamp_ns)
        self._latch_lost_heartbeat(tick, now_ns)
        answer = self._decide(tick)
        halt = self._latch.evidence
        if halt is not None and self._limits.supervision.resumes(halt.reason) and self.request_reset(now_ns) is None:
            return self._decide(tick)
        return answer

    def on_malformed_joints(self, stamp_ns: int, problem: str, now_ns: int) -> Answer:
        """Answers a joint state that does not describe this arm, with a stop. `problem`: what is wrong, as a sentence."""
        tick = self._tick
        if tick is None or stamp_ns != tick.stamp_ns:
            tick = self._open(stamp_ns, None, now_ns)
        return self._stop(Evidence(Reason.JOINTS_MALFORMED, problem)) or self._decide(tick)

    def on_command(self, command: VelocityCommand, now_ns: int | None = None, source: Source = Source.POLICY) -> Answer | None:
        """Takes in a command; answers the newest joint state again when the command is the one for it."""
        self.proposals.add(command, source, now_ns if self._realtime else None)
        tick = self._tick
        return self._decide(tick) if tick is not None and command.stamp_ns == tick.stamp_ns else None

    def on_episode(self, phase: int, stamp_ns: int) -> None:
        """The task says what the observation of `stamp_ns` belongs to: between episodes a reset may move the arm."""
        self._handover.note_episode(phase, stamp_ns)

    def on_image(self, stamp_ns: int, now_ns: int) -> None:
        """An image of `stamp_ns` was published, received at `now_ns` on the steady clock."""
        self._inputs.images.note(stamp_ns, now_ns)

    def on_picture(self, digest: int) -> None:
        """A picture came in; `digest` stands for its pixels."""
        self._inputs.pictures.note(digest)

    def on_heartbeat(self, stamp_ns: int, now_ns: int) -> None:
        """The operator, who has seen the joint state of `stamp_ns`, holds the dead-man key."""
        self._inputs.heartbeat.note(stamp_ns, now_ns)

    def on_wrench(self, force: float) -> Answer | None:
        """A force [N] from outside was measured at the tool; answers at once when it counts as a contact."""
        return self._stop(self._sensing.feel(force))

    def on_stop_input(self, kind: InputKind, source: str, active: bool, message: str) -> Answer | None:
        """A stop input changed; answers at once when it demands a stop."""
        before = self._interlocks.input(kind, source)
        return self._stop_for(before, self._interlocks.set_input(kind, source, active, message))

    def on_publishers(self, topic: str, nodes: list[str]) -> Answer | None:
        """`nodes` publish on the command topic `topic`; answers with a stop when they are more than one."""
        before = self._interlocks.rivals(topic)
        return self._stop_for(before, self._interlocks.set_publishers(topic, nodes))

    def _stop_for(self, before: Evidence | None, evidence: Evidence | None) -> Answer | None:
        """Stops for a cause from outside, which may be told better than `before`: a node's name comes after its endpoint."""
        if evidence is not None:
            self._latch.amend(before, evidence)
        return self._stop(evidence)

    def on_watchdog(self, now_ns: int) -> Answer | None:
        """Brakes when an input has stopped coming at `now_ns` on the steady clock; None while all is well."""
        tick = self._tick
        if tick is None:
            return None
        silence = self._inputs.joints.by_receipt(now_ns)
        if silence is None:
            return self._decide(tick) if self._latch_lost_heartbeat(tick, now_ns) else None
        self._latch.set(silence, tick.stamp_ns)
        # Nothing is known about the arm any more: on along the ramp to rest, by the local clock.
        previous = self._answer.velocity if self._answer is not None else self._still
        seconds = min(ns_to_seconds(now_ns - tick.now_ns), _LONGEST_STEP / self._arm.state_rate_hz)
        self._tick = replace(tick, now_ns=now_ns, seconds=seconds, previous=previous, change=self._still, around=None)
        return self._decide(self._tick)

    def request_stop(self, who: str) -> Answer | None:
        """Latches the emergency stop on behalf of `who`; answers at once when there is a joint state."""
        return self._stop(Evidence(Reason.STOP_REQUEST, who))

    def request_reset(self, now_ns: int) -> str | None:
        """Ends a latched stop, or returns why it may not end yet. Commands from before the reset are not used after it."""
        if self._latch.evidence is None:
            return "There is no stop to reset."
        tick = self._tick
        if tick is None:
            return "No joint state has come yet; is the arm or the simulator running?"
        unheld = self.mode if self._needs_heartbeat and not self._inputs.heartbeat.seen else None
        lasting = self._inputs.joints.by_receipt(now_ns) or self._interlocks.lasting
        refused = refusal(self._arm, self._limits, tick, lasting, unheld, self.proposals, self._bad_command_ns)
        if (refused := refused or self._latch.refusal(tick.stamp_ns)) is not None:
            return refused
        self._latch.clear()
        self._withhold("reset", tick)
        if tick.around is not None:
            self._sensing.tolerate(tick.around)
        self._decide(tick)
        return None

    def set_mode(self, mode: Mode) -> Answer | None:
        """Changes the mode: the arm comes to rest, and whoever proposes from now on starts from there."""
        if mode is self.mode:
            return None
        self.mode = mode
        self.proposals.choose(mode)
        # The dead-man key must be pressed anew for the new mode.
        self._inputs.heartbeat.forget()
        if self._tick is None:
            return None
        self._withhold("change of mode", self._tick)
        return self._decide(self._tick)

    # The decision.
    @property
    def _needs_heartbeat(self) -> bool:
        return self._governor.envelope(self.mode).heartbeat

    def _open(self, stamp_ns: int, sample: JointSample | None, now_ns: int) -> Tick:
        """Makes the joint state of `stamp_ns` the newest tick."""
        last, period = self._tick, 1.0 / self._arm.state_rate_hz
        previous, change, seconds = self._still, self._still, period
        if last is not None and self._answer is not None:
            self._account.close(self._answer, self.proposals, sample)
            previous, change = self._answer.velocity, frozen_vector(self._answer.velocity - last.previous)
            succession = self._chronicle.judge(last, stamp_ns, sample, now_ns)
            seconds = succession.seconds
            self._adopt(succession, stamp_ns)
            if succession.manner is Manner.PLACED:
                previous = change = self._still
            elif succession.manner is Manner.PAUSED:
                # The arm may do anything between what was commanded and rest: on from what it does.
                top = self._arm.max_velocity
                previous = frozen_vector(np.clip(sample.velocity, -top, top)) if sample is not None else previous
                change = self._still
            if succession.manner is not Manner.PAUSED:
                self._resumption.observe(previous, sample.velocity if sample is not None else None)
        self._inputs.joints.note(stamp_ns, now_ns)
        around = self._sensing.measure(sample, previous, seconds, self._governor.envelope(self.mode).top_speed)
        seconds = min(seconds, _LONGEST_STEP * period)
        self._inputs.measured(sample, around, seconds)
        self._tick = Tick(stamp_ns, now_ns, seconds, previous, change, sample, around)
        return self._tick

    def _adopt(self, succession: Succession, stamp_ns: int) -> None:
        """Forgets and latches what a joint state of `stamp_ns` makes void when it does not simply follow the one before."""
        if succession.stop is not None:
            self._latch.set(succession.stop, stamp_ns)
        if succession.manner is Manner.REVERSED:
            # The new time is the one that counts from here on: nothing stamped before can be compared with it.
            self.proposals.clear()
            self._inputs.forget()
            self._bad_command_ns = None
            self._sensing.interrupt()
        elif succession.manner is Manner.PLACED:
            # What was commanded before says nothing about the arm as it is now.
            self.proposals.forget_before(stamp_ns)
            self._sensing.interrupt()
        elif succession.manner is Manner.PAUSED:
            self.proposals.forget_before(stamp_ns)
            self._resumption.begin("pause")

    def _stop(self, evidence: Evidence | None) -> Answer | None:
        """Latches `evidence`, if any, and answers the newest joint state with it."""
        if evidence is None:
            return None
        tick = self._tick
        self._latch.set(evidence, tick.stamp_ns if tick is not None else 0)
        return self._decide(tick) if tick is not None else None

    def _withhold(self, after: str, tick: Tick) -> None:
        self.proposals.forget_before(tick.stamp_ns + 1)
        self._resumption.begin(after)

    def _latch_lost_heartbeat(self, tick: Tick, now_ns: int) -> bool:
        """Latches the loss of the heartbeat in a mode that needs it, once it has been there; tells whether that happened now."""
        if not self._needs_heartbeat or (lost := self._inputs.heartbeat.judge(tick.stamp_ns, now_ns)) is None:
            return False
        self._latch.set(lost, tick.stamp_ns)
        self._inputs.heartbeat.forget()
        return True

    def _decide(self, tick: Tick) -> Answer:
        """Answers `tick` with what is known now."""
        for command in self.proposals.advance(tick.stamp_ns):
            if (bad := check_command(command, self._arm.joint_names)) is not None:
                self._latch.set(bad, tick.stamp_ns)
                self._bad_command_ns = command.stamp_ns
        self._hand_over(tick)
        policy = self.proposals.answered
        filtered = self._filtered(tick)
        stamp_ns, version = (policy.stamp_ns, policy.policy_version) if policy is not None else (0, 0)
        self._answer = Answer(
            tick.stamp_ns,
            frozen_vector(filtered.velocity),
            filtered.evidence,
            stamp_ns,
            version if self.proposals.source is Source.POLICY else 0,
            self._resumption.active or filtered.evidence.verdict in (Verdict.IDLE, Verdict.STOP),
        )
        return self._answer

    def _hand_over(self, tick: Tick) -> None:
        """Lets the commands of whoever may propose count. What came while another source did was not looked at yet."""
        source = self._handover.source(self.mode, tick.stamp_ns, self.proposals.of(Source.RESET))
        if source is self.proposals.source:
            return
        self.proposals.source = source
        command = self.proposals.usable
        if command is not None and (bad := check_command(command, self._arm.joint_names)) is not None:
            self._latch.set(bad, tick.stamp_ns)
            self._bad_command_ns = command.stamp_ns

    def _filtered(self, tick: Tick) -> Filtered:
        command, halt = self.proposals.usable, self._halt(tick)
        if tick.around is None:
            blind = Evidence(Reason.JOINTS_MALFORMED, "there is no usable measurement.")
            return self._governor.rest(tick, self._latch.evidence or blind)
        if halt is not None or command is None:
            return self._governor.rest(tick, halt or NO_COMMAND)
        return self._governor.go(tick, command, self.mode, self._resumption)

    def _halt(self, tick: Tick) -> Evidence | None:
        """Returns why nothing may be proposed now, the gravest cause first, or None."""
        if self._latch.evidence is not None:
            return self._latch.evidence
        if self.mode is Mode.OBSERVE:
            return Evidence(Reason.OBSERVING)
        if self._needs_heartbeat and not self._inputs.heartbeat.seen:
            return Evidence(Reason.NO_HEARTBEAT, self.mode.value)
        command = self.proposals.usable
        if command is None:
            return NO_COMMAND
        stale = self.proposals.stale(command, tick.stamp_ns) or (self.proposals.silent(tick.now_ns) if self._realtime else None)
        blind = self._realtime and self.proposals.source is Source.POLICY
        # A policy that gets no images falls silent, too: the camera is the cause to name.
        unseen = self._inputs.unseen(tick.stamp_ns, tick.now_ns) if blind else None
        return unseen or stale or self._resumption.withheld
