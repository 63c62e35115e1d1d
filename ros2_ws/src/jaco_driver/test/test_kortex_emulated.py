"""The Kortex backend through Kinova's client at the emulated base: what it refuses, obeys and moves. Skipped without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jaco_core.errors import ConfigError, ContractError
from jaco_core.kinematics import Kinematics
from jaco_driver.emulator.zones import ProtectionZone
from jaco_driver.kortex.arm import KortexArm
from jaco_driver.kortex.gate import Gate
from jaco_driver.kortex.link import Link, WrongLogin
from jaco_driver.kortex.loader import load_vendor
from jaco_driver.kortex.testing import PATIENT, Emulated, wait_for
from jaco_driver.kortex_wire import schema
from jaco_driver.kortex_wire.codes import ArmState
from jaco_driver.port import ArmInFault


@pytest.fixture
def bench() -> Iterator[Emulated]:
    try:
        load_vendor()
    except ConfigError as error:
        pytest.skip(str(error))
    bench = Emulated()
    yield bench
    bench.port.close()
    bench.close()


def test_wrong_password_is_said_without_the_password(bench: Emulated) -> None:
    settings = replace(PATIENT, tcp_port=bench.emulator.tcp_port, udp_port=bench.emulator.udp_port, password="hidden")
    with pytest.raises(WrongLogin, match="refuses the login of user 'admin'") as caught:
        KortexArm(bench.arm, settings).configure()
    assert "hidden" not in str(caught.value)


def test_other_number_of_joints_is_refused(bench: Emulated) -> None:
    bench.emulator.set_troubles(actuator_count=6)
    with pytest.raises(ContractError, match="has 6 actuators, its description 7 joints"):
        bench.port.configure()


def test_arm_in_another_mode_is_not_activated(bench: Emulated) -> None:
    bench.port.configure()
    bench.emulator.set_troubles(wrong_mode=True)
    with pytest.raises(ArmInFault, match=r"low-level|servoing mode"):
        bench.port.activate(0)


def test_session_is_closed_at_the_end(bench: Emulated) -> None:
    bench.port.configure()
    assert bench.emulator.session_count == 2
    bench.port.close()
    wait_for(lambda: bench.emulator.session_count == 0, "the sessions to end")


def test_protection_zone_of_the_base_is_not_entered(bench: Emulated) -> None:
    kinematics = Kinematics(bench.arm)
    palm = kinematics.position("palm")
    zone = ProtectionZone("keep out", "box", (palm[0] + 0.15, palm[1], palm[2]), (0.2, 2.0, 2.0))
    bench.emulator.set_zones(zone)
    bench.port.configure()
    assert any("keep out" in sentence for sentence in bench.port.news())
    bench.port.activate(0)
    velocity = np.linalg.pinv(kinematics.jacobian("palm")) @ np.array([0.1, 0.0, 0.0])

    def reach() -> float:
        kinematics.update(bench.emulator.read().position)
        return float(kinematics.position("palm")[0] - palm[0])

    def held() -> bool:
        return not np.any(np.abs(bench.port.send(velocity, 0)) > 1e-3)

    wait_for(held, "the zone to hold the arm")
    wait_for(lambda: bench.emulator.standing, "the arm to stand")
    # The wrist, 45 mm thick, comes nearer to it than the palm does.
    assert 0.002 < reach() < 0.051
    assert np.any(bench.port.send(-velocity, 0))


def test_gripper_closes_opens_and_stops(bench: Emulated) -> None:
    port = bench.port
    port.configure()
    port.activate(0)

    def angle() -> float:
        return float(port.state(0).position[-1])

    def close(speed: float) -> float:
        port.send(np.array([0.0] * 7 + [speed]), 0)
        return angle()

    wait_for(lambda: close(1.0) > 0.7, "the gripper to close")
    wait_for(lambda: close(-1.0) < 0.5, "the gripper to open")
    port.stop(0)
    wait_for(lambda: not np.any(np.abs(port.state(0).velocity) > 1e-3), "the gripper to stop")
    assert angle() > 0.05


def test_arm_that_does_not_obey_a_stop_gets_an_emergency_stop_until_it_obeys(bench: Emulated) -> None:
    bench.port.configure()
    bench.port.activate(0)

    def moving() -> bool:
        return bool(np.all(bench.emulator.read().velocity > 0.1))

    wait_for(lambda: bool(np.any(bench.port.send(np.full(7, 0.2), 0))) and moving(), "the arm to move")
    bench.emulator.set_troubles(deaf_stop=True, deaf_emergency_stop=True)
    bench.port.stop(0)
    wait_for(lambda: bench.emulator.standing, "the arm to stand")
    assert bench.emulator.state == ArmState.IN_FAULT
    with pytest.raises(ArmInFault, match="emergency stop"):
        bench.port.activate(0)
    bench.emulator.set_troubles(deaf_stop=False, deaf_emergency_stop=False)
    bench.port.clear_faults()
    bench.port.activate(0)
    wait_for(lambda: bool(np.any(bench.port.send(np.full(7, 0.2), 0))) and moving(), "the arm to move again")


def test_force_on_the_tool_is_felt(bench: Emulated) -> None:
    bench.port.configure()
    wrench = bench.port.wrench(5)
    assert wrench is not None and wrench.frame == bench.arm.base_frame
    assert np.all(wrench.force == 0.0) and np.all(wrench.torque == 0.0)
    # A palm on a table, as told by who watches it: its contacts are tested with the emulated arm alone.
    bench.emulator.call(lambda: setattr(bench.emulator._arm, "_wrench", lambda: np.array([1.0, -2.0, 30.0, 0.1, 0.2, 0.3])))

    def felt() -> bool:
        now = bench.port.wrench(5)
        return now is not None and np.allclose([*now.force, *now.torque], [1.0, -2.0, 30.0, 0.1, 0.2, 0.3])

    wait_for(felt, "the wrench")


def test_notifications_reach_a_callback_and_one_that_raises_does_not_end_the_receive_thread(bench: Emulated) -> None:
    bench.emulator.set_troubles(early_notifications=True)
    settings = replace(PATIENT, tcp_port=bench.emulator.tcp_port, udp_port=bench.emulator.udp_port)
    vendor, told = load_vendor(), []
    link = Link(vendor, settings, "commands", Gate())
    link.open_tcp()
    assert link.router is not None
    base: Any = vendor.base(link.router)

    def on_state(notification: Any) -> None:
        told.append(notification.active_state)
        raise RuntimeError("a careless callback")

    # The first one comes before the reply to the subscription: nobody waits for it yet.
    base.OnNotificationArmStateTopic(on_state, schema.message("NotificationOptions"), options=vendor.options(5.0))
    wait_for(lambda: any("No callback list" in note for note in link.notes()), "the note of the early one")
    bench.emulator.fault("MAXIMUM_CURRENT")
    wait_for(lambda: told == [ArmState.IN_FAULT], "the fault")
    base.ClearFaults(options=vendor.options(5.0))
    wait_for(lambda: told == [ArmState.IN_FAULT, ArmState.SERVOING_READY], "the end of the fault")
    assert sum("a careless callback" in note for note in link.notes()) == 2
    link.close()
