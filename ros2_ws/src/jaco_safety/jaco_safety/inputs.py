"""What the supervisor watches beside commands: whether joint states, images and the operator's heartbeat still come."""

from __future__ import annotations

import numpy as np

from jaco_core.types import JointSample
from jaco_safety.barriers import Surroundings
from jaco_safety.freshness import Freshness
from jaco_safety.limits import SafetyLimits
from jaco_safety.pictures import PictureWatch
from jaco_safety.reasons import Evidence, Reason


class Inputs:
    """Joint states, images and heartbeat, each with its bounds."""

    def __init__(self, limits: SafetyLimits, joint_silence: float) -> None:
        """`joint_silence`: longest wait for a new joint state on the steady clock [s]."""
        own = limits.supervision
        self.joints = Freshness(Reason.STALE_JOINTS, "joint state", np.inf, joint_silence)
        self.images = Freshness(Reason.STALE_IMAGES, "image", own.image_age, own.image_age)
        self.pictures = PictureWatch(own.image_age, own.picture_speed)
        self.heartbeat = Freshness(Reason.HEARTBEAT_LOST, "operator's heartbeat", own.heartbeat_age, own.heartbeat_age)

    def forget(self) -> None:
        """The sources' time has started anew: nothing stamped before can be compared with what comes."""
        for watched in (self.joints, self.images, self.pictures, self.heartbeat):
            watched.forget()

    def measured(self, sample: JointSample | None, around: Surroundings | None, seconds: float) -> None:
        """Takes the motion that the camera must have seen in the last `seconds`."""
        if sample is not None and around is not None:
            speeds = np.linalg.norm(around.speed_jacobian @ sample.velocity, axis=1)
            self.pictures.move(float(speeds.max()), seconds)

    def unseen(self, joints_stamp_ns: int, now_ns: int) -> Evidence | None:
        """Returns evidence when the policy acts on no or on old images, or None."""
        return self.images.judge(joints_stamp_ns, now_ns) or self.pictures.frozen

    def due_ns(self, with_heartbeat: bool) -> int | None:
        """Returns when, on the steady clock, the next bound runs out if nothing comes; None before the first joint state."""
        dues = [self.joints.due_ns, self.heartbeat.due_ns if with_heartbeat else None]
        return min((due for due in dues if due is not None), default=None)
