"""The supervisor's outputs as messages."""

from __future__ import annotations

import array

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from jaco_interfaces.msg import SafetyStatus
from jaco_interfaces.msg import SupervisedStep as SupervisedStepMessage

from jaco_core.ros.convert import ns_to_stamp
from jaco_safety.proposals import Source
from jaco_safety.reasons import Evidence, Reason, State
from jaco_safety.supervisor import Supervisor
from jaco_safety.triple import SupervisedStep

_LEVELS = {
    State.HOLD: DiagnosticStatus.WARN,
    State.PROTECTIVE_STOP: DiagnosticStatus.ERROR,
    State.EMERGENCY_STOP: DiagnosticStatus.ERROR,
}

StatusKey = tuple[State, Reason, str, str, int]


def status_key(supervisor: Supervisor, second: int) -> StatusKey:
    """Returns what makes a status worth publishing: another state, another cause, another mode or another `second`."""
    state, evidence = supervisor.state, supervisor.evidence
    # While it moves, reasons come and go with every tick; the counts have them.
    still = evidence is not None and state not in (State.ACTIVE, State.LIMITED)
    if evidence is None or not still:
        return state, Reason.NONE, "", supervisor.mode.value, second
    return state, evidence.reason, evidence.subject, supervisor.mode.value, second


def status_message(supervisor: Supervisor) -> SafetyStatus:
    """Returns the state with the evidence for it: what happened, to which joint, at what value against which bound."""
    answer, evidence, counts = supervisor.answer, supervisor.evidence, supervisor.counts
    message = SafetyStatus(state=int(supervisor.state), counted=list(counts), counts=list(counts.values()))
    message.mode = supervisor.mode.value
    if answer is not None:
        message.header.stamp = ns_to_stamp(answer.stamp_ns)
    if evidence is None:
        evidence, message.message = Evidence(), "Waiting for the first joint state."
    else:
        message.message = evidence.sentence
    message.reason, message.subject, message.unit = evidence.reason.value, evidence.subject, evidence.unit
    message.value, message.bound = evidence.value, evidence.bound
    return message


def step_message(step: SupervisedStep, joint_names: tuple[str, ...], mode: str) -> SupervisedStepMessage:
    """Returns the triple of one policy step."""
    message = SupervisedStepMessage(
        joint_names=list(joint_names),
        proposed=array.array("d", step.proposed),
        supervised=array.array("d", step.supervised),
        measured=array.array("d", step.measured),
        ticks=step.ticks,
        changed_ticks=step.changed_ticks,
        reason=step.evidence.reason.value,
        mode=mode,
        source=step.source,
        policy_version=step.policy_version,
        policy_stamp=ns_to_stamp(step.policy_stamp_ns),
        withheld_ticks=step.withheld_ticks,
    )
    message.header.stamp = ns_to_stamp(step.stamp_ns)
    return message


def diagnostics_message(supervisor: Supervisor) -> DiagnosticArray:
    """Returns the state and what the sequence numbers of commands tell."""
    evidence = supervisor.evidence
    status = DiagnosticStatus(name="supervisor", level=_LEVELS.get(supervisor.state, DiagnosticStatus.OK))
    status.message = evidence.sentence if evidence is not None else "Waiting for the first joint state."
    facts = {"state": supervisor.state.name, "mode": supervisor.mode.value}
    for source in Source:
        numbers = supervisor.proposals.sequences[source]
        facts |= {
            f"{source.value}_gaps": str(numbers.gaps),
            f"{source.value}_repeats": str(numbers.repeats),
            f"{source.value}_reversals": str(numbers.reversals),
            f"{source.value}_refused": str(supervisor.proposals.refused(source)),
        }
    status.values = [KeyValue(key=key, value=value) for key, value in facts.items()]
    message = DiagnosticArray(status=[status])
    if supervisor.answer is not None:
        message.header.stamp = ns_to_stamp(supervisor.answer.stamp_ns)
    return message
