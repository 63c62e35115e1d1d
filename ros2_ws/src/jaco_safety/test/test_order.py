"""Whatever order the same messages arrive in, each tick gets the same final answer, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jaco_core.arms import Arm
from jaco_core.types import JointSample, Vector, VelocityCommand
from jaco_safety.limits import SafetyLimits
from jaco_safety.supervisor import Supervisor
from jaco_safety.testing import TICK_NS

TICKS = 40


@dataclass(frozen=True)
class Script:
    """Joint states, one per tick, and policy commands, stamped with ticks."""

    joints: list[JointSample]
    commands: list[VelocityCommand]


def script(arm: Arm, seed: int, faulty: bool) -> Script:
    """Returns a drive with a simulator reset, a pause of the policy and, if `faulty`, a bad command somewhere."""
    rng = np.random.default_rng(seed)
    position: Vector = arm.home.copy()
    joints: list[JointSample] = []
    commands: list[VelocityCommand] = []
    for tick in range(TICKS):
        position = arm.home + rng.uniform(-0.5, 0.5, 9) * 0.3 if tick == TICKS // 2 else position + rng.uniform(-0.002, 0.002, 9)
        stamp = (tick + 100) * TICK_NS
        joints.append(JointSample(stamp, arm.joint_names, position, np.zeros(9)))
        if rng.random() < 0.25:
            velocity = rng.uniform(-1.0, 1.0, 9)
            if faulty and rng.random() < 0.2:
                velocity[int(rng.integers(9))] = np.nan
            commands.append(VelocityCommand(stamp, arm.joint_names, velocity, len(commands), 1))
    return Script(joints, commands)


def play(supervisor: Supervisor, drive: Script, lead: list[int], repeats: list[bool]) -> dict[int, tuple[bytes, int, str]]:
    """Feeds the script: a command comes after its joint state (lead 0) or before that of `lead - 1` ticks earlier."""
    final: dict[int, tuple[bytes, int, str]] = {}
    first = drive.joints[0].stamp_ns
    early = [
        (max(first, c.stamp_ns - (ahead - 1) * TICK_NS), c) for ahead, c in zip(lead, drive.commands, strict=True) if ahead > 0
    ]
    prompt = [c for ahead, c in zip(lead, drive.commands, strict=True) if ahead == 0]
    for tick, sample in enumerate(drive.joints):
        answers = [supervisor.on_command(command) for arrival_ns, command in early if arrival_ns == sample.stamp_ns]
        answers.append(supervisor.on_joints(sample, 0))
        answers += [supervisor.on_command(command) for command in prompt if command.stamp_ns == sample.stamp_ns]
        if repeats[tick]:
            answers.append(supervisor.on_joints(sample, 0))
        for answer in answers:
            if answer is not None:
                final[answer.stamp_ns] = (answer.velocity.tobytes(), answer.policy_stamp_ns, answer.evidence.key)
    return final


@settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), faulty=st.booleans())
def test_order_of_arrival_does_not_matter(arm: Arm, limits: SafetyLimits, data: st.DataObject, seed: int, faulty: bool) -> None:
    drive = script(arm, seed, faulty)
    plain, shuffled = Supervisor(arm, limits), Supervisor(arm, limits)
    lead = data.draw(st.lists(st.integers(0, 8), min_size=len(drive.commands), max_size=len(drive.commands)))
    repeats = data.draw(st.lists(st.booleans(), min_size=TICKS, max_size=TICKS))
    expected = play(plain, drive, [0] * len(drive.commands), [False] * TICKS)
    assert len(expected) == TICKS
    assert play(shuffled, drive, lead, repeats) == expected
    assert shuffled.counts == plain.counts
