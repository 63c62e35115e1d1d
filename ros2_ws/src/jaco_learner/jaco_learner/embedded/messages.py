"""What the graph says, as the assembler takes it. The fields are those of the ROS types, live or from a recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaco_core.types import Vector, frozen_vector
from jaco_core.units import NS_PER_S
from jaco_learner.embedded.assembly import Judged, PolicyWord


def objects_from_message(message: Any, names: tuple[str, ...]) -> Vector | None:
    """Returns where the objects `names` are [m], shape (3k,), by a SceneState; None where the place of one is not known."""
    poses = dict(zip(message.object_names, message.object_poses, strict=False))
    if not all(name in poses for name in names):
        return None
    positions = [poses[name].position for name in names]
    places = frozen_vector([value for each in positions for value in (each.x, each.y, each.z)])
    return places if np.isfinite(places).all() else None


def word_from_message(message: Any) -> PolicyWord:
    """Returns what a PolicyStep says."""
    return PolicyWord(np.array(message.action, np.int64), float(message.log_probability), int(message.policy_version))


def judged_from_message(message: Any) -> Judged:
    """Returns what a SupervisedStep says. Older recordings do not tell of withheld ticks: all may be."""
    return Judged(str(message.source), int(message.changed_ticks), int(getattr(message, "withheld_ticks", message.ticks)))


def judged_stamp_ns(message: Any) -> int:
    """Returns the stamp [ns] of the policy's observation in whose step a SupervisedStep lies, whoever proposed in it.

    Older recordings tell the proposal's own: the policy's, where it proposed.
    """
    stamp = getattr(message, "policy_stamp", message.header.stamp)
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)
