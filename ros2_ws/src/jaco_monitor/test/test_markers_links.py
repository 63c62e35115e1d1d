from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.kinematics import Kinematics
from jaco_monitor.markers.links import arm_links, base_positions, link_poses

ARM = load_arm("j2n6s300")
LINKS = arm_links(ARM)


def test_links_form_a_tree_from_the_base_to_the_tool() -> None:
    known = {ARM.base_frame}
    for link in LINKS:
        assert link.parent in known
        assert link.name not in known
        known.add(link.name)
    assert ARM.tool_frame in known
    assert [link.joint for link in LINKS if link.joint] == list(ARM.joint_names)


@pytest.mark.parametrize("seed", range(5))
def test_poses_agree_with_the_kinematics(seed: int) -> None:
    position = ARM.home + np.random.default_rng(seed).uniform(-0.4, 0.4, len(ARM))
    kinematics = Kinematics(ARM)
    kinematics.update(position)
    poses = link_poses(LINKS, dict(zip(ARM.joint_names, position, strict=True)))
    places = base_positions(LINKS, poses, ARM.base_frame)
    np.testing.assert_allclose(places["palm"], kinematics.position("palm"), atol=1e-4)
    np.testing.assert_allclose(places["b_3"], kinematics.position("elbow"), atol=1e-9)
    tips = {name: np.linalg.norm(places[f"b_{name}"] - kinematics.position(name)) for name in ("finger_tip_1", "finger_tip_2")}
    assert tips == pytest.approx(dict.fromkeys(tips, 0.044))


def test_every_mesh_exists() -> None:
    meshes = [visual.mesh for link in LINKS for visual in link.visuals if visual.mesh is not None]
    assert len(meshes) >= 13
    assert all(mesh.is_file() for mesh in meshes)
