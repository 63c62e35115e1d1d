"""Every limit that the supervisor enforces, once: what it is, where it is set, what it leads to, and its margin's name.

The README's table is made from this, and a test has a case per entry: a limit without one fails.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaco_safety.reasons import Reason


@dataclass(frozen=True)
class Limit:
    """One limit. `settings`: fields of SafetyLimits, or of the arm's file ("arm: ..."). `margin`: its name in `bench safety`."""

    name: str
    description: str
    settings: str
    reasons: tuple[Reason, ...]
    margin: str = ""


CATALOGUE: tuple[Limit, ...] = (
    Limit(
        "position", "joint angles, with braking distance", "arm: lower, upper; position_margin", (Reason.POSITION,), "position"
    ),
    Limit("velocity", "joint speeds", "arm: max_velocity; speed_margin", (Reason.VELOCITY,), "velocity"),
    Limit("acceleration", "change of joint speeds", "arm: max_acceleration", (Reason.ACCELERATION,), "acceleration"),
    Limit(
        "jerk",
        "change of joint accelerations: at most max_acceleration per tick",
        "arm: max_acceleration",
        (Reason.JERK,),
        "jerk",
    ),
    Limit(
        "tool_speed", "speed of the palm", "tool_speed, reduced_speed; cartesian_margin", (Reason.CARTESIAN_SPEED,), "tool_speed"
    ),
    Limit(
        "elbow_speed",
        "speed of the elbow",
        "elbow_speed, reduced_speed; cartesian_margin",
        (Reason.CARTESIAN_SPEED,),
        "elbow_speed",
    ),
    Limit(
        "singularity",
        "speed of the palm next to singular postures",
        "singular_value, singular_share; singular_margin, cartesian_margin",
        (Reason.SINGULARITY,),
        "singularity",
    ),
    Limit(
        "workspace",
        "every link inside a box",
        "workspace_lower, workspace_upper; distance_margin",
        (Reason.WORKSPACE, Reason.WORKSPACE_OUTSIDE),
        "workspace",
    ),
    Limit(
        "half_space",
        "every link on one side of planes",
        "half_spaces; distance_margin",
        (Reason.WORKSPACE, Reason.WORKSPACE_OUTSIDE),
        "half_space",
    ),
    Limit(
        "keep_out",
        "every link outside boxes",
        "keep_out_boxes; distance_margin",
        (Reason.KEEP_OUT, Reason.KEEP_OUT_OUTSIDE),
        "keep_out",
    ),
    Limit(
        "table",
        "every link above the table",
        "table_height, table_clearance; distance_margin",
        (Reason.TABLE, Reason.TABLE_OUTSIDE),
        "table",
    ),
    Limit(
        "self_collision",
        "links apart from each other",
        "self_clearance; distance_margin",
        (Reason.SELF_COLLISION, Reason.SELF_COLLISION_OUTSIDE),
        "self_collision",
    ),
    Limit("torque", "measured joint torques: no further push", "torque_limits, push_share", (Reason.TORQUE,), "torque"),
    Limit("contact", "torques and force from outside", "contact_torques, contact_force", (Reason.CONTACT,), "contacts"),
)


def describe_limits() -> str:
    """Returns the table of limits in Markdown."""
    rows = ["| limit | on | set by | reasons | margin in `bench safety` |", "| --- | --- | --- | --- | --- |"]
    for limit in CATALOGUE:
        reasons = ", ".join(f"`{reason.value}`" for reason in limit.reasons)
        rows.append(f"| {limit.name} | {limit.description} | {limit.settings} | {reasons} | margin_{limit.margin} |")
    return "\n".join(rows)
