"""The standard algorithms by name, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from jaco_learner.standard.methods import a2c, dqn, gail, qrdqn, sac
from jaco_learner.standard.methods.method import Method

METHODS: Mapping[str, Method] = {
    "sac": sac.METHOD,
    "dqn": dqn.METHOD,
    "qrdqn": qrdqn.METHOD,
    "a2c": a2c.METHOD,
    "gail": gail.METHOD,
}
"""By the algorithm's name in a recipe."""
