from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import frozen_vector
from jaco_monitor.scene_view import SceneView


def test_the_picture_follows_joints_and_objects() -> None:
    home = load_arm("j2n6s300").home
    target = frozen_vector((0.4, 0.1, 0.03))
    view = SceneView("reach", width=160, height=120)
    try:
        first = view(home, {"target": target})
        assert first.shape == (120, 160, 3)
        assert first.std() > 10.0
        np.testing.assert_array_equal(view(home, {"target": target, "elsewhere": target}), first)
        assert np.any(view(home + 0.3, {"target": target}) != first)
        assert np.any(view(home, {"target": target + 0.1}) != first)
        with pytest.raises(ContractError, match="9 joints and was given 6"):
            view(home[:6], {})
    finally:
        view.close()


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(ConfigError, match="no task 'juggle'"):
        SceneView("juggle")
