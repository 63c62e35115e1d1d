"""A push in the physics is felt and named; motion alone is not."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from jaco_core.arms import arm_names
from jaco_safety.forces import ForceMonitor
from jaco_safety.proving import TICK_S, ProvingGround
from jaco_safety.reasons import Reason


@pytest.fixture(scope="module", params=arm_names())
def ground(request: pytest.FixtureRequest) -> ProvingGround:
    return ProvingGround(request.param)


def simulate(ground: ProvingGround, push: tuple[float, float, float], ticks: int = 60) -> tuple[ForceMonitor, int]:
    """Pushes the arm at rest at its last link with a force [N]; returns the monitor and the tick of the contact, or -1."""
    monitor = ForceMonitor(ground.arm, ground.limits, ground.barriers.chain)
    data, qpos, dofs = ground.data, ground._qpos, ground._dofs
    mujoco.mj_resetData(ground.model, data)
    data.qpos[qpos] = ground.arm.home
    mujoco.mj_forward(ground.model, data)
    body = int(ground.model.site("palm").bodyid[0])
    for tick in range(ticks):
        data.xfrc_applied[body, :3] = push
        mujoco.mj_step(ground.model, data, round(TICK_S / ground.model.opt.timestep))
        monitor.update(data.qpos[qpos].copy(), data.qvel[dofs].copy(), data.qfrc_actuator[dofs].copy(), TICK_S)
        if (evidence := monitor.contact()) is not None:
            assert evidence.reason is Reason.CONTACT and evidence.value > evidence.bound
            return monitor, tick
    return monitor, -1


def test_strong_push_is_a_contact_within_150_ms(ground: ProvingGround) -> None:
    _, tick = simulate(ground, (0.0, 60.0, -60.0))
    assert 0 <= tick <= 15


def test_light_push_and_none_are_not(ground: ProvingGround) -> None:
    assert simulate(ground, (0.0, 0.0, 0.0))[1] == -1
    assert simulate(ground, (0.0, 0.0, -3.0))[1] == -1


def test_arm_without_torque_sensors_feels_nothing(ground: ProvingGround) -> None:
    monitor = ForceMonitor(ground.arm, ground.limits, ground.barriers.chain)
    still = np.zeros(len(ground.arm))
    for _ in range(20):
        assert not monitor.update(ground.arm.home, still, np.zeros(0), TICK_S).any()
    assert monitor.contact() is None
