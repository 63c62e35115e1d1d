"""What every backend must do. A backend joins by one more entry in RIGS: how to build it and how its time passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from controller_stand_in import ControllerStandIn, robot
from rigs import BEGIN_NS, TIMEOUT_S, TopicRig
from stand_in import ready_plant

from jaco_core.arms import Arm, load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import JointSample, Vector
from jaco_driver.fake import FakeArm
from jaco_driver.kinova_ros.arm import KinovaRosArm
from jaco_driver.kinova_ros.node import KinovaTopics
from jaco_driver.kortex.loader import load_vendor
from jaco_driver.kortex.testing import Emulated, Faked
from jaco_driver.port import ArmInFault, ArmPort, ConnectionLost, NotActive, PortClosed
from jaco_driver.ros2_control.arm import Ros2ControlArm
from jaco_driver.ros2_control.node import ControllerTopics
from jaco_driver.simulated import SimulatedArm


@dataclass
class Rig:
    """A port under test. `fault` and `disconnect` do to the device what the real world may; `pass_time` lets [s] go by."""

    arm: Arm
    port: ArmPort
    fault: Callable[[], None]
    disconnect: Callable[[], None]
    reconnect: Callable[[], None]
    pass_time: Callable[[float], None]
    now_ns: Callable[[], int]
    close: Callable[[], None] = lambda: None

    def ready(self) -> None:
        self.port.configure()
        self.port.activate(self.now_ns())

    def drive(self, velocity: Vector, seconds: float) -> JointSample:
        """Sends `velocity` [rad/s] every 10 ms for `seconds` and returns the state after it."""
        for _ in range(round(seconds / 0.01)):
            self.port.send(velocity, self.now_ns())
            self.pass_time(0.01)
        return self.port.state(self.now_ns())

    def wait(self, seconds: float) -> JointSample:
        self.pass_time(seconds)
        return self.port.state(self.now_ns())


def own_rig(kind: type[FakeArm]) -> Rig:
    arm = load_arm("j2n6s300")
    fake, clock = kind(arm), [BEGIN_NS]

    def pass_time(seconds: float) -> None:
        clock[0] += round(seconds * 1e9)

    return Rig(arm, fake, lambda: fake.inject_fault("test"), fake.disconnect, fake.reconnect, pass_time, lambda: clock[0])


def kortex_rig(bench: Faked | Emulated) -> Rig:
    return Rig(
        bench.arm, bench.port, bench.fault, bench.disconnect, bench.reconnect, bench.pass_time, time.monotonic_ns, bench.close
    )


def kortex_fake_rig(arm: str) -> Rig:
    return kortex_rig(Faked(arm=arm))


def kortex_emulated_rig(arm: str) -> Rig:
    """Skipped where Kinova's wheel is not there."""
    try:
        load_vendor()
    except ConfigError as error:
        pytest.skip(str(error))
    return kortex_rig(Emulated(arm=arm))


def ros2_control_rig(interface: str, name: str) -> Rig:
    arm, setup = load_arm(name), robot(interface)
    plant = ready_plant(arm, BEGIN_NS)
    rig = TopicRig(lambda context: ControllerStandIn(plant, arm, interface, context))
    port = rig.port = Ros2ControlArm(
        arm,
        setup,
        lambda: rig.watch(ControllerTopics("link", arm, setup, rig.port.connect_timeout, rig.context)),
        0.15,
        TIMEOUT_S,
        rig.now_ns,
    )

    def fault() -> None:
        assert isinstance(rig.stand_in, ControllerStandIn) and rig.link is not None
        rig.stand_in.fault()
        rig.until(lambda: bool(rig.link and rig.link.trouble()), "the fault to be told")

    return Rig(arm, port, fault, rig.disconnect, rig.reconnect, rig.pass_time, rig.now_ns, rig.close)


class HandTurned:
    """Beats that come when the rig's time passes."""

    def __init__(self, rig: TopicRig, beat: Callable[[], None]) -> None:
        rig.beat, self._rig, self.alive = beat, rig, True

    def periods(self) -> Vector:
        return np.zeros(0)

    def close(self) -> None:
        self._rig.beat = lambda: None


def kinova_ros_rig() -> Rig:
    if find_spec("kinova_msgs") is None:
        pytest.skip("kinova_msgs is not installed: docker/underlay has what is needed of it")
    from kinova_stand_in import NAME, KinovaStandIn

    arm = load_arm("j2n6s300")
    plant = ready_plant(arm, BEGIN_NS)
    rig = TopicRig(lambda context: KinovaStandIn(plant, arm, context))
    port = rig.port = KinovaRosArm(
        arm,
        NAME,
        True,
        False,
        lambda: rig.watch(KinovaTopics("link", NAME, True, rig.port.connect_timeout, False, rig.context)),
        0.09,
        TIMEOUT_S,
        rig.now_ns,
        partial(HandTurned, rig),
    )

    def fault() -> None:
        """Nothing tells an e-stop but the arm's standing still."""
        assert isinstance(rig.stand_in, KinovaStandIn)
        rig.stand_in.deaf = True
        rig.stand_in.queue.clear()
        rig.provoke(0.3 * arm.max_velocity)

    return Rig(arm, port, fault, rig.disconnect, rig.reconnect, rig.pass_time, rig.now_ns, rig.close)


RIGS: dict[str, Callable[[], Rig]] = {
    "fake": partial(own_rig, FakeArm),
    "simulated": partial(own_rig, SimulatedArm),
    "kinova_ros": kinova_ros_rig,
    "kortex-fake gen3": partial(kortex_fake_rig, "gen3"),
    "kortex-fake gen3_lite": partial(kortex_fake_rig, "gen3_lite"),
    "kortex-emulated gen3": partial(kortex_emulated_rig, "gen3"),
    "kortex-emulated gen3_6dof": partial(kortex_emulated_rig, "gen3_6dof"),
    "kortex-emulated gen3_lite": partial(kortex_emulated_rig, "gen3_lite"),
    "ros2_control position": partial(ros2_control_rig, "position", "fr3"),
    "ros2_control trajectory": partial(ros2_control_rig, "trajectory", "gen3"),
    "ros2_control velocity": partial(ros2_control_rig, "velocity", "ur5e"),
}


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = RIGS[request.param]()
    yield rig
    rig.port.close()
    rig.close()


def speed(rig: Rig, share: float = 0.3) -> Vector:
    """Returns `share` of every joint's speed limit, shape (n,)."""
    return share * rig.arm.max_velocity


def test_nothing_works_before_configure(rig: Rig) -> None:
    with pytest.raises(PortClosed):
        rig.port.activate(rig.now_ns())
    with pytest.raises(PortClosed):
        rig.port.state(rig.now_ns())
    with pytest.raises(PortClosed):
        rig.port.send(speed(rig), rig.now_ns())


def test_state_before_activation_and_no_velocity(rig: Rig) -> None:
    rig.port.configure()
    state = rig.port.state(rig.now_ns())
    assert state.names == rig.arm.joint_names
    assert 0 <= rig.now_ns() - state.stamp_ns < 500_000_000
    assert np.isfinite(state.position).all() and np.isfinite(state.velocity).all()
    with pytest.raises(NotActive):
        rig.port.send(speed(rig), rig.now_ns())


def test_activated_arm_stands_still(rig: Rig) -> None:
    rig.ready()
    before = rig.port.state(rig.now_ns()).position
    after = rig.wait(0.5)
    assert np.allclose(after.position, before, atol=1e-3)
    assert np.allclose(after.velocity, 0.0, atol=1e-3)


def test_arm_follows_and_applied_is_what_was_sent(rig: Rig) -> None:
    rig.ready()
    before = rig.port.state(rig.now_ns())
    assert np.array_equal(rig.port.send(speed(rig), rig.now_ns()), speed(rig))
    after = rig.drive(speed(rig), 0.5)
    assert np.allclose(after.velocity, speed(rig), rtol=0.05, atol=0.02)
    # Less than full motion all the time: the arm has to gather speed first.
    share = (after.position - before.position) / (speed(rig) * (after.stamp_ns - before.stamp_ns) * 1e-9)
    assert np.all(share > 0.6) and np.all(share < 1.02)


def test_applied_is_within_the_speed_limits(rig: Rig) -> None:
    rig.ready()
    applied = rig.port.send(3.0 * rig.arm.max_velocity, rig.now_ns())
    assert np.array_equal(applied, rig.arm.max_velocity)


@pytest.mark.parametrize("bad", ["short", "nan", "inf"])
def test_bad_velocity_is_refused_and_nothing_is_sent(rig: Rig, bad: str) -> None:
    rig.ready()
    velocity = speed(rig).copy()
    velocity[0] = {"short": 0.0, "nan": np.nan, "inf": np.inf}[bad]
    with pytest.raises(ContractError):
        rig.port.send(velocity[:-1] if bad == "short" else velocity, rig.now_ns())
    assert np.allclose(rig.wait(0.2).velocity, 0.0, atol=1e-3)


def test_stop_brakes_to_rest_and_deactivates(rig: Rig) -> None:
    rig.ready()
    rig.drive(speed(rig), 0.3)
    rig.port.stop(rig.now_ns())
    assert np.allclose(rig.wait(0.3).velocity, 0.0, atol=1e-2)
    with pytest.raises(NotActive):
        rig.port.send(speed(rig), rig.now_ns())
    rig.port.stop(rig.now_ns())


def test_activation_after_a_stop_starts_from_rest(rig: Rig) -> None:
    rig.ready()
    rig.drive(speed(rig), 0.3)
    rig.port.stop(rig.now_ns())
    rig.port.activate(rig.now_ns())
    assert np.allclose(rig.wait(0.3).velocity, 0.0, atol=1e-2)


def test_fault_stops_the_arm_and_stays_until_cleared(rig: Rig) -> None:
    rig.ready()
    rig.drive(speed(rig), 0.3)
    rig.fault()
    with pytest.raises(ArmInFault):
        rig.port.send(speed(rig), rig.now_ns())
    assert np.allclose(rig.wait(0.3).velocity, 0.0, atol=1e-2)
    with pytest.raises(ArmInFault):
        rig.port.activate(rig.now_ns())
    rig.port.clear_faults()
    with pytest.raises(NotActive):
        rig.port.send(speed(rig), rig.now_ns())
    rig.port.activate(rig.now_ns())
    assert np.all(rig.drive(speed(rig), 0.3).velocity > 0.0)


def test_lost_connection_is_an_error_everywhere_and_close_still_works(rig: Rig) -> None:
    rig.ready()
    rig.disconnect()
    for call in (rig.port.state, rig.port.stop, lambda now_ns: rig.port.send(speed(rig), now_ns)):
        with pytest.raises(ConnectionLost):
            call(rig.now_ns())
    rig.port.close()


def test_connection_that_comes_back_needs_a_new_activation(rig: Rig) -> None:
    rig.ready()
    rig.disconnect()
    with pytest.raises(ConnectionLost):
        rig.port.stop(rig.now_ns())
    rig.reconnect()
    with pytest.raises(NotActive):
        rig.port.send(speed(rig), rig.now_ns())
    rig.port.activate(rig.now_ns())
    assert np.allclose(rig.wait(0.3).velocity, 0.0, atol=1e-2)


def test_unreachable_device_refuses_to_configure(rig: Rig) -> None:
    rig.disconnect()
    with pytest.raises(ConnectionLost):
        rig.port.configure()


def test_closed_port_stays_closed_and_closes_twice(rig: Rig) -> None:
    rig.ready()
    rig.port.close()
    rig.port.close()
    with pytest.raises(PortClosed):
        rig.port.state(rig.now_ns())
