"""What the supervisor answers a joint state with."""

from __future__ import annotations

from dataclasses import dataclass

from jaco_core.types import JointSample, Vector
from jaco_safety.barriers import Surroundings
from jaco_safety.reasons import Evidence, State


@dataclass(frozen=True)
class Answer:
    """What is commanded at the joint state of `stamp_ns`: `velocity` [rad/s], shape (n,), and why.

    `policy_stamp_ns` and `policy_version` are those of the newest policy command that was due, also when it was refused: in
    lockstep the simulator waits for the answer to it. Both are 0 when there was none. `withheld`: motion was withheld, ramped up
    after an interruption, or stopped, whatever was proposed.
    """

    stamp_ns: int
    velocity: Vector
    evidence: Evidence
    policy_stamp_ns: int = 0
    policy_version: int = 0
    withheld: bool = False

    @property
    def state(self) -> State:
        return self.evidence.state


@dataclass(frozen=True)
class Tick:
    """The newest joint state, received at `now_ns`. `around` is None when it cannot be used.

    `previous`: final velocity of the tick before; `change`: by how much that differed from the one before it.
    """

    stamp_ns: int
    now_ns: int
    seconds: float
    previous: Vector
    change: Vector
    sample: JointSample | None
    around: Surroundings | None
