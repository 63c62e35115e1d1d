from __future__ import annotations

import numpy as np
from ball_support import POSE, RADIUS

from jaco_camera.perception.cover import Cover
from jaco_core.arms import load_arm
from jaco_core.kinematics import Kinematics


def test_the_arm_hides_what_lies_behind_it_and_nothing_else() -> None:
    arm = load_arm("j2n6s300")
    cover, kinematics = Cover(arm), Kinematics(arm)
    palm = kinematics.position("palm")
    eye = POSE.position
    behind = eye + 1.25 * (kinematics.position("wrist") - eye)
    before = eye + 0.5 * (palm - eye)
    assert cover.visible(eye, behind, RADIUS, arm.home) < 0.3
    assert cover.visible(eye, before, RADIUS, arm.home) == 1.0
    assert cover.visible(eye, (0.5, -0.35, RADIUS), RADIUS, arm.home) == 1.0
    away = np.array(arm.home)
    away[0] += np.pi
    assert cover.visible(eye, behind, RADIUS, away) > cover.visible(eye, behind, RADIUS, arm.home)
