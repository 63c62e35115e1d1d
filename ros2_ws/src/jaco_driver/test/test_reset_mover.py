from __future__ import annotations

import numpy as np
from reset_support import ARM

from jaco_core.types import JointSample, Vector
from jaco_driver.reset.mover import Mover, MoverSettings

HOME = np.array(ARM.home)
GOAL = HOME + np.array([0.8, -0.2, 0.3, 1.2, 0.0, -1.0, 0.1, 0.1, 0.0])


def sample(position: Vector, velocity: float = 0.0) -> JointSample:
    return JointSample(0, ARM.joint_names, position, np.full(len(ARM), velocity))


def test_it_follows_the_straight_line_within_its_speed_and_arrives_at_rest() -> None:
    mover, position = Mover(ARM, MoverSettings(0.6), (GOAL,)), np.array(HOME)
    line = (GOAL - HOME) / np.linalg.norm(GOAL - HOME)
    for _ in range(400):
        velocity = mover.velocity(sample(position))
        assert (np.abs(velocity) <= 0.6 * ARM.max_velocity + 1e-12).all()
        position = position + 0.05 * velocity
        off = position - HOME - line * np.dot(position - HOME, line)
        assert np.abs(off).max() < 1e-9
        if mover.arrived(sample(position)):
            break
    np.testing.assert_allclose(position, GOAL, atol=0.03)
    assert mover.arrived(sample(position)) and not mover.arrived(sample(position, 0.2))


def test_a_posture_on_the_way_is_passed_and_the_last_is_kept() -> None:
    between = HOME + 0.3
    mover, position = Mover(ARM, MoverSettings(1.0), (between, GOAL)), np.array(HOME)
    assert mover.left == 2 and mover.remaining(sample(position))[1] == np.abs(between - HOME).max()
    closest = np.inf
    for _ in range(400):
        position = position + 0.05 * mover.velocity(sample(position))
        closest = min(closest, float(np.abs(position - between).max()))
    assert closest < 0.07 and mover.left == 1 and mover.arrived(sample(position))
    np.testing.assert_array_equal(mover.velocity(sample(GOAL)), 0.0)
