"""The driver around a fake arm: watchdog, faults, and what is reported as applied."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import Arm, load_arm
from jaco_core.types import JointSample, VelocityCommand
from jaco_driver.driver import Driver
from jaco_driver.fake import FakeArm
from jaco_driver.port import ArmInFault

MS = 1_000_000


class Bench:
    """A started driver with its clock; the two clocks of the driver are ten seconds apart here."""

    def __init__(self) -> None:
        self.arm: Arm = load_arm("j2n6s300")
        self.fake = FakeArm(self.arm)
        self.fake.configure()
        self.driver = Driver(self.arm, self.fake, 0.15)
        self.now_ns = 10_000 * MS
        self.driver.start(self.now_ns)

    def command(self, velocity: float, names: tuple[str, ...] | None = None) -> VelocityCommand | None:
        command = VelocityCommand(self.now_ns - MS, names or self.arm.joint_names, np.full(len(self.arm), velocity), 5, 2, 77)
        return self.driver.command(command, self.now_ns, self.now_ns - 10_000 * MS)

    def tick(self, count: int = 1) -> tuple[JointSample | None, VelocityCommand | None]:
        sample, applied = None, None
        for _ in range(count):
            self.now_ns += 10 * MS
            sample, rest = self.driver.tick(self.now_ns, self.now_ns - 10_000 * MS)
            applied = applied or rest
        return sample, applied


@pytest.fixture
def bench() -> Bench:
    return Bench()


def speeds(sample: JointSample | None) -> np.ndarray:
    assert sample is not None
    return sample.velocity


def test_applied_keeps_the_commands_identity(bench: Bench) -> None:
    applied = bench.command(5.0)
    assert applied is not None
    assert (applied.stamp_ns, applied.sequence, applied.policy_version, applied.policy_stamp_ns) == (bench.now_ns - MS, 5, 2, 77)
    assert np.array_equal(applied.velocity, bench.arm.max_velocity)


def test_cause_is_told_better_once_more_is_known_and_else_the_first_stays(bench: Bench) -> None:
    bench.driver.trip("Somebody commands the arm.", bench.now_ns)
    bench.driver.trip("Another cause.", bench.now_ns)
    assert bench.driver.fault == "Somebody commands the arm."
    bench.driver.trip("Rival commands the arm.", bench.now_ns, instead_of="Somebody commands the arm.")
    assert bench.driver.fault == "Rival commands the arm."


def test_arm_moves_while_commands_come(bench: Bench) -> None:
    for _ in range(50):
        bench.command(0.2)
        sample, rest = bench.tick()
        assert rest is None
    assert np.allclose(speeds(sample), 0.2)


def test_arm_is_brought_to_rest_when_commands_stop_and_goes_on_with_the_next(bench: Bench) -> None:
    bench.command(0.2)
    _, rest = bench.tick(14)
    assert rest is None, "150 ms are allowed, and there is another tick before them"
    _, rest = bench.tick()
    assert rest is not None and not rest.velocity.any()
    assert rest.stamp_ns == bench.now_ns
    assert not speeds(bench.tick(30)[0]).any()
    assert bench.tick(10)[1] is None, "an arm at rest is left alone"
    assert bench.driver.fault == ""
    assert bench.command(0.2) is not None


def test_foreign_command_faults_the_driver(bench: Bench) -> None:
    assert bench.command(0.2, names=("joint_a",) * 9) is None
    assert "came to arm 'j2n6s300'" in bench.driver.fault
    assert bench.command(0.2) is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_command_that_is_not_finite_faults_the_driver(bench: Bench, bad: float) -> None:
    bench.command(0.2)
    bench.tick(5)
    assert bench.command(bad) is None
    assert "finite" in bench.driver.fault
    assert not speeds(bench.tick(30)[0]).any()


def test_fault_of_the_arm_stays_until_cleared(bench: Bench) -> None:
    bench.fake.inject_fault("joint_2 is too hot")
    assert bench.command(0.2) is None
    assert "joint_2 is too hot" in bench.driver.fault
    sample, _ = bench.tick()
    assert sample is not None, "a faulted arm still says where it is"
    assert bench.command(0.2) is None
    assert bench.driver.clear_faults(bench.now_ns) == ""
    assert bench.command(0.2) is not None


def test_lasting_fault_is_not_cleared(bench: Bench) -> None:
    bench.fake.inject_fault("joint_2 is too hot", lasts=True)
    bench.command(0.2)
    assert "joint_2 is too hot" in bench.driver.clear_faults(bench.now_ns)
    assert bench.command(0.2) is None


def test_lost_connection_is_a_fault_and_never_raises(bench: Bench) -> None:
    bench.command(0.2)
    bench.fake.disconnect()
    assert bench.tick(3) == (None, None)
    assert "does not answer" in bench.driver.fault
    bench.fake.reconnect()
    assert bench.command(0.2) is None
    bench.tick(2)
    assert not speeds(bench.tick(30)[0]).any(), "the stop that was lost is sent again"
    assert bench.driver.clear_faults(bench.now_ns) == ""
    assert bench.command(0.2) is not None


def test_halt_commands_rest_and_stops(bench: Bench) -> None:
    bench.command(0.2)
    bench.tick(10)
    bench.driver.halt(bench.now_ns)
    assert not speeds(bench.tick(30)[0]).any()
    assert bench.command(0.2) is None


def test_start_passes_on_why_it_cannot(bench: Bench) -> None:
    bench.driver.halt(bench.now_ns)
    bench.fake.inject_fault("joint_2 is too hot")
    with pytest.raises(ArmInFault):
        bench.driver.start(bench.now_ns)
