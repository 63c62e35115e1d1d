"""One reset after another, without ROS: to a start through the supervisor, then until the target lies still in sight.

Time is that of the joint states' stamps. The time-out counts only while the arm may move: while an operator has stopped or paused
it, or has not yet chosen a mode in which it moves by itself, the reset waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import EpisodeStart, JointSample, SceneSample, Vector
from jaco_core.units import NS_PER_S, seconds_to_ns
from jaco_driver.reset.mover import Mover, MoverSettings
from jaco_driver.reset.starts import Starts
from jaco_driver.reset.stillness import Stillness

# No progress for so long [s] is a standstill: the supervisor keeps the arm from going on, and another start is tried.
STALL_S = 3.0
PROGRESS_RAD = 0.02
# How often another start is drawn before the reset is given up.
MOST_STARTS = 10
# A target that stays covered at this start for so long [s] asks for another start.
COVERED_S = 1.0
# An arm that begins near the target goes where somebody has just put it: so much time [s] to take the hand away.
FOLLOW_AFTER_S = 3.0
# A target counts as moved when it lies this far from where it was [m].
MOVED_M = 0.03


class Phase(Enum):
    """What a reset does now."""

    IDLE = "idle"
    MOVING = "moving"
    WAITING = "waiting"
    """For the target to lie still in sight."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class ResetSettings:
    """`timeout`: longest motion of one reset [s]. `move_every`: before every so many-th episode a person is asked to move the
    target, 0: never; `move_patience`: how long that is waited for [s].
    """

    mover: MoverSettings
    timeout: float = 30.0
    move_every: int = 0
    move_patience: float = 30.0


class ResetProcedure:
    """`on_joints` is called with every joint state and returns what to command. `phase` and `sentence` say how it stands."""

    def __init__(self, arm: Arm, starts: Starts, stillness: Stillness, settings: ResetSettings) -> None:
        self._arm, self._starts, self._stillness, self._settings = arm, starts, stillness, settings
        self.phase = Phase.IDLE
        self.sentence = ""
        self.paused = False
        """The operator has paused the task: nothing moves, and no time counts."""
        self._hindrance, self._verdict = "the supervisor has not spoken yet.", ""
        self._mover: Mover | None = None
        self._last_ns: int | None = None
        self._episodes = 0
        self._before: dict[str, Vector] = {}
        self._nearness = ""

    # Inputs.
    def begin(self, start: EpisodeStart) -> None:
        """Begins the reset for the episode that begins at `start`.

        Raises:
            ContractError: no episode can begin there.
        """
        self._starts.begin(start)
        self._nearness = f" within {start.furthest_m:.2f} m of the target" if start.furthest_m else ""
        self._mover = None
        self._tries = 0
        self._moved_ns = self._stalled_ns = self._covered_ns = self._refused_ns = self._asked_ns = 0
        self._best = (0, np.inf)
        every = self._settings.move_every
        self._to_move = every > 0 and self._episodes > 0 and self._episodes % every == 0
        self._place = self._starts.suggestion() if self._to_move else {}
        self.phase, self.sentence = Phase.MOVING, "The arm goes back to a start."

    def on_scene(self, scene: SceneSample) -> None:
        """Takes in what perception sees."""
        self._stillness.observe(scene)

    def on_status(self, hindrance: str, verdict: str) -> None:
        """Takes in the supervisor's word. `hindrance`: why the arm may not move now, ""; `verdict`: its own sentence."""
        self._hindrance, self._verdict = hindrance, verdict

    def on_joints(self, sample: JointSample) -> Vector | None:
        """Returns the velocity to propose [rad/s], shape (n,), at the joint state `sample`, in the arm's order; None: nothing."""
        elapsed_ns = 0 if self._last_ns is None else max(0, min(sample.stamp_ns - self._last_ns, seconds_to_ns(0.1)))
        self._last_ns = sample.stamp_ns
        if self.phase not in (Phase.MOVING, Phase.WAITING):
            return None
        if self.paused or self._hindrance:
            # Somebody may move the arm meanwhile: the way that was checked leads from where it was.
            self._mover, self._tries, self._refused_ns = None, 0, 0
        if self.paused:
            return None
        if self.phase is Phase.WAITING:
            return self._wait(sample, elapsed_ns)
        if self._hindrance:
            self.sentence = f"The reset waits: {self._hindrance}"
            return None
        return self._move(sample, elapsed_ns)

    # Steps.
    def _move(self, sample: JointSample, elapsed_ns: int) -> Vector | None:
        if self._mover is None and not self._plan(sample.position):
            return None
        assert self._mover is not None
        if self._mover.arrived(sample):
            self.phase = Phase.WAITING
            self._covered_ns = self._refused_ns = 0
            return self._wait(sample, 0)
        self._moved_ns += elapsed_ns
        joint, way = self._mover.remaining(sample)
        if self._moved_ns > seconds_to_ns(self._settings.timeout):
            self._fail(
                f"The arm did not reach a start within {self._settings.timeout:.1f} s of motion: {joint} is {way:.2f} rad away. "
                f"The supervisor says: {self._verdict}"
            )
            return None
        if (self._mover.left, way) < (self._best[0], self._best[1] - PROGRESS_RAD):
            self._best, self._stalled_ns = (self._mover.left, way), 0
        self._stalled_ns += elapsed_ns
        if self._stalled_ns > seconds_to_ns(STALL_S):
            self._mover = None
            return None
        self.sentence = f"The arm goes back to a start; {joint} has {way:.2f} rad to go."
        return self._mover.velocity(sample)

    def _plan(self, position: Vector) -> bool:
        self._tries += 1
        route = self._starts.route(position, self._stillness.places) if self._tries <= MOST_STARTS else None
        if route is None:
            barred = f"no start{self._nearness} is free of the supervisor's barriers"
            tried = f"{self._tries - 1} starts{self._nearness} were tried" if self._tries > 1 else barred
            self._fail(
                f"The arm cannot go back to a start: {tried}, and no way to another was found. Move it with the operator's "
                f"console in mode guided. The supervisor says: {self._verdict}"
            )
            return False
        self._mover = Mover(self._arm, self._settings.mover, route)
        self._best, self._stalled_ns = (len(route), np.inf), 0
        return True

    def _wait(self, sample: JointSample, elapsed_ns: int) -> Vector | None:
        complaint = self._stillness.complaint()
        self._covered_ns = self._covered_ns + elapsed_ns if self._stillness.hidden else 0
        places = self._stillness.places
        refused = not complaint and not self._starts.accepts(sample.position, places)
        self._refused_ns = self._refused_ns + elapsed_ns if refused else 0
        left_ns = (seconds_to_ns(FOLLOW_AFTER_S) if self._nearness else 0) - self._refused_ns
        if self._covered_ns > seconds_to_ns(COVERED_S) or (refused and left_ns <= 0):
            self.phase, self._mover = Phase.MOVING, None
            wrong = "too close to it or too far from it" if self._nearness else "too close to it"
            self.sentence = f"The arm covers the target or is {wrong}; it goes to another start."
            return None
        if refused:
            complaint = f"the arm goes to where the target is now in {left_ns / NS_PER_S:.0f} s; keep your hands away."
        elif not complaint:
            complaint = self._request_move(places, elapsed_ns)
        if complaint:
            self.sentence = f"The episode waits: {complaint}"
            return None
        self.phase, self.sentence = Phase.DONE, ""
        self._before, self._episodes = places, self._episodes + 1
        return None

    def _request_move(self, places: dict[str, Vector], elapsed_ns: int) -> str:
        """Returns the request to move the target, or "" when it was moved, need not be, or nobody comes."""
        self._asked_ns += elapsed_ns
        patient = self._asked_ns <= seconds_to_ns(self._settings.move_patience)
        unmoved = [name for name in self._before if np.linalg.norm(places.get(name, np.inf) - self._before[name]) < MOVED_M]
        if not self._to_move or not patient or not unmoved:
            return ""
        x, y = self._place[unmoved[0]][:2]
        return f"please move the {unmoved[0]}, for example to ({x:.2f}, {y:.2f}) m."

    def _fail(self, sentence: str) -> None:
        self.phase, self.sentence = Phase.FAILED, sentence
