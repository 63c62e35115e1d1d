"""Every trap of Kinova's transport and every way to lose the arm: it comes to rest, the port lives, says why and awaits a reset.

Those of kortex_traps.py are sprung here through Kinova's client on the emulator, where that client can be imported; on the fake
base they are sprung under the driver's node, in test_kortex_fake_node.py.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from kortex_traps import EMULATED

from jaco_core.errors import ConfigError, HardwareFault
from jaco_driver.kortex.arm import KortexArm
from jaco_driver.kortex.fake_client import FakeVendor
from jaco_driver.kortex.loader import load_vendor
from jaco_driver.kortex.testing import PATIENT, Emulated, Faked, wait_for
from jaco_driver.port import ArmInFault, ConnectionLost, NotActive, PortClosed


@pytest.fixture
def faked() -> Iterator[Faked]:
    bench = Faked()
    bench.port.configure()
    yield bench
    bench.port.close()


@pytest.fixture
def emulated() -> Iterator[Emulated]:
    try:
        load_vendor()
    except ConfigError as error:
        pytest.skip(str(error))
    bench = Emulated()
    bench.port.configure()
    yield bench
    bench.port.close()
    bench.close()


def drive(bench: Faked | Emulated, moving: Callable[[], bool]) -> None:
    """Sends a velocity until the arm moves."""
    velocity = np.full(len(bench.arm), 0.2)

    def going() -> bool:
        bench.port.send(velocity, 0)
        return moving()

    wait_for(going, "the arm to move")


def refusal(bench: Faked | Emulated) -> HardwareFault:
    """Goes on sending until the port refuses, and returns why."""
    caught: list[HardwareFault] = []

    def refused() -> bool:
        try:
            bench.port.send(np.full(len(bench.arm), 0.2), 0)
        except HardwareFault as error:
            caught.append(error)
        return bool(caught)

    wait_for(refused, "the port to refuse a velocity")
    return caught[0]


def reset(bench: Faked | Emulated) -> None:
    """Does what an operator does, until it helps."""

    def helped() -> bool:
        try:
            bench.port.clear_faults()
            bench.port.activate(0)
        except HardwareFault:
            return False
        return True

    wait_for(helped, "the arm to be reset")


def moves(bench: Emulated) -> bool:
    return bool(np.any(np.abs(bench.emulator.read().velocity) > 0.02))


@pytest.mark.parametrize("name", EMULATED)
def test_trap_on_the_emulator(emulated: Emulated, name: str) -> None:
    trap, velocity = EMULATED[name], np.full(len(emulated.arm), 0.2)
    emulated.port.activate(0)
    drive(emulated, lambda: moves(emulated))
    trap.spring(emulated.emulator)
    error = refusal(emulated)
    assert isinstance(error, trap.kind) and re.search(trap.words, str(error))
    wait_for(lambda: not moves(emulated), "the arm to stand")
    with pytest.raises(HardwareFault):
        emulated.port.send(velocity, 0)
    trap.end(emulated.emulator)
    # A base that hung may still do the one speed that was under way, and then does the stop that was sent behind it.
    wait_for(lambda: not emulated.lost(), "the port to be connected")
    wait_for(lambda: not moves(emulated), "the arm to stand")
    with pytest.raises(HardwareFault):
        emulated.port.send(velocity, 0)
    assert not moves(emulated), "nothing moves before a reset"
    reset(emulated)
    assert not moves(emulated)
    drive(emulated, lambda: moves(emulated))


def test_one_lost_datagram_is_not_noticed(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    before = faked.port.state(time.monotonic_ns()).stamp_ns
    faked.base.drop_next_feedback()
    wait_for(lambda: faked.port.state(time.monotonic_ns()).stamp_ns > before and not faked.base.dropping, "feedback again")
    drive(faked, faked.base.moving)


def test_notification_that_nobody_waits_for_does_not_end_the_receive_thread(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    faked.base.notify()
    drive(faked, faked.base.moving)
    assert not any(transport.wedged for transport in faked.base.transports)
    assert any("No callback list" in sentence for sentence in faked.port.news())


def test_second_arm_in_one_process_is_refused(faked: Faked) -> None:
    with pytest.raises(ConfigError, match="drives a Kortex arm already"):
        KortexArm(faked.arm, PATIENT, FakeVendor(faked.base)).configure()


def test_no_speed_follows_a_stop(faked: Faked) -> None:
    faked.port.activate(0)
    for _ in range(5):
        drive(faked, faked.base.moving)
        faked.base.events.clear()
        faked.port.stop(0)
        wait_for(lambda: "Stop" in faked.base.events and not faked.base.moving(), "the arm to stand")
        after = faked.base.events[faked.base.events.index("Stop") :]
        assert "SendJointSpeedsCommand" not in after
        faked.port.activate(0)


def test_stop_does_not_wait_for_a_command_that_hangs(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    faked.base.hung = True
    returned = threading.Event()

    def stop() -> None:
        with contextlib.suppress(ConnectionLost):
            faked.port.stop(0)
        returned.set()

    faked.port.send(np.full(len(faked.arm), 0.2), 0)
    threading.Thread(target=stop).start()
    assert returned.wait(PATIENT.call_timeout / 2.0)
    faked.base.hung = False


def test_arm_that_ignores_a_stop_gets_an_emergency_stop(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    faked.base.ignores_stop = True
    faked.port.stop(0)
    wait_for(lambda: "ApplyEmergencyStop" in faked.base.events and not faked.base.moving(), "the arm to stand")
    with pytest.raises(ArmInFault, match="emergency stop"):
        faked.port.activate(0)


def test_command_thread_brings_the_arm_to_rest_when_nothing_is_sent_any_more(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    wait_for(lambda: not faked.base.moving(), "the arm to stand although nobody stopped it")
    drive(faked, faked.base.moving)


def test_fault_is_never_cleared_by_itself_and_one_that_lasts_stays(faked: Faked) -> None:
    faked.port.activate(0)
    faked.base.stuck_fault = True
    faked.fault()
    with pytest.raises(ArmInFault, match="a joint is in fault"):
        faked.port.clear_faults()
    assert faked.base.events.count("ClearFaults") == 1
    faked.base.stuck_fault = False
    with pytest.raises(ArmInFault, match="a joint is in fault"):
        faked.port.activate(0)
    assert faked.base.events.count("ClearFaults") == 1


def test_arm_that_moves_by_itself_is_not_activated(faked: Faked) -> None:
    faked.base.push(20.0)
    wait_for(lambda: bool(faked.port.state(0).velocity.any()), "the feedback to show it")
    with pytest.raises(ArmInFault, match="moves although nobody here moves it"):
        faked.port.activate(0)
    faked.base.push(0.0)


def test_reconnected_arm_is_stopped_and_inactive(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    faked.disconnect()
    faked.base.events.clear()
    faked.reconnect()
    assert "Stop" in faked.base.events
    assert any("again; it stays stopped" in sentence for sentence in faked.port.news())
    with pytest.raises(NotActive):
        faked.port.send(np.zeros(len(faked.arm)), 0)


def test_command_thread_that_hangs_is_noticed_by_another(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    faked.vendor.going.clear()
    error = refusal(faked)
    wait_for(lambda: not faked.base.moving(), "the arm to stand")
    faked.vendor.going.set()
    assert isinstance(error, ArmInFault) and "hangs" in str(error)
    reset(faked)
    drive(faked, faked.base.moving)


def test_driver_that_is_not_watched_does_not_move_the_arm(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    os.kill(faked.port.sentinel_pid, signal.SIGKILL)
    assert "heartbeat is gone" in str(refusal(faked))
    wait_for(lambda: not faked.base.moving(), "the arm to stand")
    faked.port.clear_faults()
    with pytest.raises(ArmInFault, match="heartbeat is gone"):
        faked.port.activate(0)


def test_feedback_that_froze_at_rest_is_noticed_when_the_arm_is_told_to_move(faked: Faked) -> None:
    faked.port.activate(0)
    faked.base.freezes = True
    assert re.search("frozen|does not follow", str(refusal(faked)))
    wait_for(lambda: not faked.base.moving(), "the arm to stand")


def test_arm_that_does_not_follow_is_stopped(faked: Faked) -> None:
    faked.port.activate(0)
    drive(faked, faked.base.moving)
    faked.base.push(-15.0)
    error = refusal(faked)
    assert isinstance(error, ArmInFault) and "does not follow" in str(error)
    faked.base.push(0.0)


def test_arm_recovers_from_an_angle_that_was_no_number(faked: Faked) -> None:
    faked.base.not_a_number = True
    wait_for(faked.lost, "the port to give the connection up")
    faked.base.not_a_number = False
    reset(faked)
    assert np.all(np.isfinite(faked.port.state(0).position))


def test_stop_survives_a_client_that_raises_what_it_does_not_announce(faked: Faked) -> None:
    faked.port.activate(0)
    for _ in range(2):
        drive(faked, faked.base.moving)
        faked.base.garbles = True
        assert "TypeError" in str(refusal(faked))
        wait_for(lambda: not faked.base.moving(), "the arm to stand")
        faked.base.garbles = False
        reset(faked)
    drive(faked, faked.base.moving)
    faked.port.stop(0)
    wait_for(lambda: not faked.base.moving(), "the arm to stand")


def test_port_that_is_closed_while_it_reconnects_stays_closed(faked: Faked) -> None:
    faked.disconnect()
    faked.base.drop_feedback, faked.base.unreachable = True, False
    faked.port.close()
    assert not faked.port.is_open
    with pytest.raises(PortClosed):
        faked.port.state(0)
    faked.base.drop_feedback = False
    faked.port.configure()
