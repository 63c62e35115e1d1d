"""A step's triple: means over its ticks, and whether it was changed."""

from __future__ import annotations

import numpy as np

from jaco_core.types import VelocityCommand
from jaco_safety.modes import Mode
from jaco_safety.proposals import Source
from jaco_safety.reasons import PASSED, Evidence, Reason
from jaco_safety.testing import Bench
from jaco_safety.triple import StepRecorder


def command(stamp_ns: int, velocity: float) -> VelocityCommand:
    return VelocityCommand(stamp_ns, ("a", "b"), np.full(2, velocity), stamp_ns, 4)


def test_new_proposal_ends_the_step() -> None:
    recorder = StepRecorder()
    first = command(1, 1.0)
    assert recorder.add(first, "policy", np.full(2, 0.5), np.full(2, 0.4), PASSED) is None
    limited = Evidence(Reason.POSITION, "a", 1.0, 0.5, "rad/s")
    assert recorder.add(first, "policy", np.full(2, 1.0), np.full(2, 0.8), limited) is None
    step = recorder.add(command(2, 0.0), "policy", np.zeros(2), np.zeros(2), PASSED)
    assert step is not None
    assert (step.stamp_ns, step.ticks, step.changed_ticks, step.policy_version) == (1, 2, 1, 4)
    assert step.proposed.tolist() == [1.0, 1.0]
    assert np.allclose(step.supervised, 0.75) and np.allclose(step.measured, 0.6)
    assert step.evidence is limited


def test_nothing_is_told_without_a_proposal() -> None:
    recorder = StepRecorder()
    assert recorder.add(None, "policy", np.zeros(2), np.zeros(2), PASSED) is None
    assert recorder.add(command(1, 1.0), "policy", np.zeros(2), None, PASSED) is None
    assert recorder.add(command(2, 1.0), "policy", np.zeros(2), np.zeros(2), PASSED) is None


def test_supervisor_tells_each_step_once_with_its_source(bench: Bench) -> None:
    bench.joints()
    steps = []
    for tick in range(31):
        if tick % 10 == 0:
            bench.command(0.1)
        bench.step()
        if (step := bench.supervisor.take_step()) is not None:
            steps.append(step)
    assert [step.ticks for step in steps] == [10, 10, 10]
    assert all(step.source == "policy" and step.policy_version == 7 for step in steps)
    # The arm of the bench does exactly as it is told, one tick later.
    assert np.allclose(steps[-1].measured, 0.1)
    bench.supervisor.set_mode(Mode.GUIDED)
    assert bench.supervisor.take_step() is None


def test_an_operator_s_step_is_told_part_by_part_with_the_policy_s_step_and_what_was_withheld(bench: Bench) -> None:
    bench.joints()
    bench.command(0.1)
    bench.step()
    bench.supervisor.set_mode(Mode.GUIDED)
    parts = []
    for tick in range(80):
        if tick % 10 == 0:
            bench.command(0.1)
        if tick % 4 == 0:
            shown = VelocityCommand(bench.stamp_ns, bench.arm.joint_names, np.full(len(bench.arm), 0.05), tick + 1)
            bench.supervisor.on_command(shown, bench.stamp_ns, Source.OPERATOR)
        bench.step()
        if (step := bench.supervisor.take_step()) is not None and step.source == "operator":
            parts.append(step)
    # A part ends with the operator's command and with the policy's; those of a step name the policy's stamp.
    assert {part.ticks for part in parts} == {2, 4}
    by_step: dict[int, int] = {}
    for part in parts:
        by_step[part.policy_stamp_ns] = by_step.get(part.policy_stamp_ns, 0) + part.ticks
    assert list(by_step.values())[1:-1] == [10] * (len(by_step) - 2)
    # At first the arm comes to rest and is ramped up again.
    assert parts[0].withheld_ticks == parts[0].ticks and not parts[-1].withheld_ticks
    assert np.allclose(parts[-1].supervised, 0.05) and not parts[-1].policy_version
