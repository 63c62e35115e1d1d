"""Balls cover what they stand for, and pairs that are not watched cannot touch."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import mujoco
import numpy as np
import pytest

from jaco_core.arms import Arm, arm_names, load_arm
from jaco_core.errors import ConfigError
from jaco_core.kinematics import Linkage, arm_spec
from jaco_safety.barriers import arm_geometry
from jaco_safety.geometry import load_geometry
from jaco_safety.limits import load_limits

FAR = 0.1


def put(arm: Arm, model: Any, data: Any, position: Any) -> None:
    data.qpos[[model.joint(name).qposadr[0] for name in arm.joint_names]] = position
    Linkage(model).follow(data)
    mujoco.mj_kinematics(model, data)


def model_of(name: str) -> Any:
    """Returns the model with MuJoCo's own collision code, whose distances between meshes are right."""
    model = arm_spec(load_arm(name)).compile()
    model.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_NATIVECCD)
    return model


def postures(arm: Arm, count: int) -> Any:
    rng = np.random.default_rng(0)
    low = np.where(np.isfinite(arm.lower), arm.lower, -np.pi)
    high = np.where(np.isfinite(arm.upper), arm.upper, np.pi)
    return rng.uniform(low, high, (count, len(arm)))


@pytest.mark.parametrize("name", arm_names())
def test_ball_distances_never_exceed_those_of_the_meshes(name: str) -> None:
    arm, model = load_arm(name), model_of(name)
    geometry, balls = arm_geometry(name)
    data = mujoco.MjData(model)
    link_of = {model.body(body).id: link for link, (bodies, _) in geometry.links.items() for body in bodies}
    geoms = {link: [g for g in range(model.ngeom) if link_of[model.geom_bodyid[g]] == link] for link in geometry.links}
    members = {link: np.array([i for i, own in enumerate(balls.link) if own == link]) for link in geometry.links}
    bodies = np.array([model.body(body).id for body in balls.body])
    compared = 0
    for position in postures(arm, 60):
        put(arm, model, data, position)
        centres = data.xpos[bodies] + np.einsum("sij,sj->si", data.xmat[bodies].reshape(-1, 3, 3), balls.centre)
        for first, second in geometry.watched:
            a, b = members[first], members[second]
            apart = np.linalg.norm(centres[a][:, None] - centres[b], axis=2) - balls.radius[a][:, None] - balls.radius[b]
            values = [mujoco.mj_geomDistance(model, data, g, h, FAR, None) for g in geoms[first] for h in geoms[second]]
            if 0.0 < min(values) < FAR:
                compared += 1
                assert apart.min() <= min(values) + 1e-4, (first, second)
                assert apart.min() >= min(values) - 0.06, "the cover is much too thick"
    assert compared > 20


@pytest.mark.parametrize("name", arm_names())
def test_links_that_are_not_watched_stay_apart(name: str) -> None:
    arm, model, clearance = load_arm(name), model_of(name), load_limits(name).self_clearance
    geometry = load_geometry(name)
    data = mujoco.MjData(model)
    link_of = {model.body(body).id: link for link, (bodies, _) in geometry.links.items() for body in bodies}
    links = [link_of[body] for body in model.geom_bodyid]
    watched = {frozenset(pair) for pair in geometry.watched}
    welds = model.body_weldid[model.geom_bodyid]
    parents = model.body_weldid[model.body_parentid[welds]]
    pairs = [
        (g, h)
        for g, h in combinations(range(model.ngeom), 2)
        if links[g] != links[h]
        and frozenset((links[g], links[h])) not in watched
        # What is one piece, and a joint's two sides, touch by design; MuJoCo does not collide them either.
        and welds[g] != welds[h]
        and parents[g] != welds[h]
        and parents[h] != welds[g]
    ]
    nearest = {}
    for position in postures(arm, 300):
        put(arm, model, data, position)
        for g, h in pairs:
            value = mujoco.mj_geomDistance(model, data, g, h, 0.03, None)
            nearest[g, h] = min(value, nearest.get((g, h), np.inf))
    touching = {f"{links[g]} and {links[h]}": value for (g, h), value in nearest.items() if value < clearance}
    # The fingers are there to close: their own joints' ends keep them apart, or something held does.
    assert {pair for pair in touching if pair.count("finger") < 2} == set()


def test_arm_without_geometry_is_refused() -> None:
    with pytest.raises(ConfigError, match="no collision geometry of arm 'other'"):
        load_geometry("other")
