"""Reach: bring the palm within 10 cm of a target on the table (the reacher of Rusu et al. 2016, arXiv:1610.04286).

Random start, random target in 40 x 30 cm, +1 for each step with the palm within 10 cm of it, at most 50 steps. Self-collision,
table contact or a joint limit ends the episode. Success is the palm within 10 cm at the end.
"""

from __future__ import annotations

import math

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import JointSample, SceneSample, Vector
from jaco_tasks.task import Judgement, Layout, TaskObject

REACH_DISTANCE = 0.10
"""Between palm and target [m]."""
TARGET = "target"
TABLE = "table"
HAND_LINKS = frozenset({"hand", "finger_1", "finger_2", "finger_3"})


class Reach:
    """Lengths in m, angles in rad, in the arm's base frame; x points away from the base, z up, the table is at z = 0.

    `reach_distance`: what counts as reached, less the margin that it was made with.
    """

    name = "reach"
    family = "reach"
    description = "Bring the palm within 10 cm of a target on the table."
    control_period_s = 0.1
    max_steps = 50
    target_radius = 0.035
    objects: tuple[TaskObject, ...] = (TaskObject(TARGET, target_radius),)

    target_low = (0.27, -0.20)
    target_high = (0.57, 0.20)
    # Starts: around the arm's home, with the palm over the table and clear of it.
    arm_spread = (0.7, 0.35, 0.45, 0.8, 0.5, 1.5)
    finger_low, finger_high = 0.3, 1.0
    palm_low = (0.12, -0.45, 0.14)
    palm_high = (0.75, 0.45, 0.60)
    # A joint this close to a limit has reached it.
    limit_margin = 0.01
    # No start is closer to a limit than this.
    limit_clearance = 0.1

    def __init__(self, margin_m: float = 0.0) -> None:
        """Raises ConfigError: `margin_m` leaves no distance to reach."""
        if not 0.0 <= margin_m < REACH_DISTANCE:
            raise ConfigError(f"Task '{self.name}' takes a margin from 0 to below {REACH_DISTANCE} m, got {margin_m}.")
        self.reach_distance = REACH_DISTANCE - margin_m

    def sample_layout(self, arm: Arm, rng: np.random.Generator) -> Layout:
        """Proposes a start around the arm's home, fingers anywhere half-way, and a target on the table."""
        fingers = np.array([joint.kind == "finger" for joint in arm.joints])
        spread = np.zeros(len(arm))
        spread[~fingers] = np.resize(self.arm_spread, np.count_nonzero(~fingers))
        position = arm.home + rng.uniform(-1.0, 1.0, len(arm)) * spread
        position = np.clip(position, arm.lower + self.limit_clearance, arm.upper - self.limit_clearance)
        low = np.maximum(self.finger_low, arm.lower[fingers] + self.limit_clearance)
        high = np.minimum(self.finger_high, arm.upper[fingers] - self.limit_clearance)
        position[fingers] = rng.uniform(low, high)
        x, y = rng.uniform(self.target_low, self.target_high)
        return Layout(position, {TARGET: np.array([x, y, self.target_radius])})

    def accepts(self, layout: Layout, palm: Vector) -> bool:
        """Accepts a start whose palm is over the table and has not reached the target yet."""
        over_table = bool(np.all(palm >= self.palm_low) and np.all(palm <= self.palm_high))
        return over_table and float(np.linalg.norm(palm - layout.objects[TARGET])) > self.reach_distance

    def judge(self, arm: Arm, joints: JointSample, scene: SceneSample, palm: Vector) -> Judgement:
        """+1 when the palm is within 10 cm of the target; fails on a contact or a joint at its limit, fingers included.

        Fingers may touch each other and the palm: that is what a closing hand does.

        Raises:
            ContractError: the scene has no target.
        """
        if TARGET not in scene.objects:
            seen = ", ".join(scene.objects) or "none"
            raise ContractError(f"Task '{self.name}' needs an object 'target'; the scene has {seen}.")
        failure = _contact(scene.contacts) or _joint_limit(arm, joints, self.limit_margin)
        way = palm - scene.objects[TARGET]
        near = math.sqrt(way.dot(way)) <= self.reach_distance
        return Judgement(1.0 if near else 0.0, near and not failure, failure)


def _contact(contacts: tuple[str, ...]) -> str:
    """Returns the first contact that the task forbids as a reason, or ""."""
    for pair in contacts:
        links = pair.split("|")
        if TABLE in links:
            return f"table contact ({pair})"
        if not HAND_LINKS.issuperset(links):
            return f"self-collision ({pair})"
    return ""


def _joint_limit(arm: Arm, joints: JointSample, margin: float) -> str:
    """Returns the first joint at its limit as a reason, or ""."""
    position = joints.ordered(arm.joint_names).position
    at_limit = (position <= arm.lower + margin) | (position >= arm.upper - margin)
    first = int(at_limit.argmax())
    return f"joint limit ({arm.joint_names[first]})" if at_limit[first] else ""
