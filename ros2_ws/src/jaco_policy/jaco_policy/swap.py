"""Which weights act: new ones are loaded and checked beside the running episode, and change places between two episodes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError, JacoError
from jaco_policy.checkpoint import Card, load_checkpoint
from jaco_policy.guard import EpisodeScore, Guard, Verdict
from jaco_policy.inference import PolicyRuntime

FIRST_VERSION = 1
"""The policy that the graph was started with."""


@dataclass(frozen=True)
class Acting:
    """A version that acts or may act."""

    version: int
    runtime: PolicyRuntime


class WeightSwap:
    """The policies that are there, by version. All calls come from one thread; loading has its own.

    Whatever is refused or taken back is told to `say` in one sentence, and the arm goes on with what it had.
    """

    def __init__(
        self,
        runtime: PolicyRuntime,
        arm: Arm,
        guard: Guard,
        make: Callable[[Path, int], PolicyRuntime],
        say: Callable[[str], None],
        task: str = "",
    ) -> None:
        """`make` loads the runtime of a folder and a version, as `load_runtime` does; it runs on a thread of its own.

        `task`: what new weights must be for; "" for the task of `runtime`.
        """
        self._arm, self._guard, self._make, self._say = arm, guard, make, say
        self._before = replace(runtime.card, task=task or runtime.card.task)
        self.acting = Acting(FIRST_VERSION, runtime)
        self._trusted = self.acting
        self._candidate: Acting | None = None
        self._newest = FIRST_VERSION
        self._loader: threading.Thread | None = None
        self._result: tuple[int, PolicyRuntime | None, str] | None = None
        self._branch: int | None = None
        self._played = False

    def offer(self, path: Path, sha256: str, version: int) -> None:
        """Begins to load `version`; older ones and a second offer are ignored."""
        self.poll()
        if version <= self._newest or self.loading:
            return
        self._newest = version
        self._result = None
        self._loader = threading.Thread(target=self._load, args=(path, sha256, version), daemon=True)
        self._loader.start()

    @property
    def loading(self) -> bool:
        """Tells whether a version is being loaded."""
        return self._loader is not None and self._loader.is_alive()

    def poll(self) -> None:
        """Takes in what has been loaded."""
        if self._loader is None or self._loader.is_alive():
            return
        self._loader = None
        assert self._result is not None
        version, runtime, refusal = self._result
        if runtime is None:
            self._say(f"Version {version} was refused: {refusal}")
        elif self._branch in (None, _branch(runtime)):
            self._candidate = Acting(version, runtime)

    def record(self, score: EpisodeScore) -> None:
        """Takes in how an episode went, once it is over."""
        verdict = self._guard.record(score)
        if verdict is Verdict.TRUST:
            self._trusted = self.acting
        elif verdict is Verdict.TAKE_BACK:
            self._say(f"Version {self.acting.version} does worse; version {self._trusted.version} acts again.")
            # What was learned since comes from the version that failed. The learner sees who acts and begins a new branch there.
            self._branch = _branch(self.acting.runtime) + 1
            self.acting, self._candidate = self._trusted, None

    def begin_episode(self) -> None:
        """Between two episodes: the newest version that was loaded acts from here on, if it may be tried."""
        self.poll()
        if self._candidate is not None and not self._played:
            # After a restart: what acted last is what there is to be held against.
            self._guard.trust(self._candidate.version)
            self._trusted = self._candidate
        if self._candidate is not None and (self._guard.settled or not self._played):
            self.acting, self._candidate = self._candidate, None
        self._played = True
        self.acting.runtime.begin_episode()

    def _load(self, path: Path, sha256: str, version: int) -> None:
        try:
            runtime = self._make(path, version)
            check_successor(runtime, self._before, sha256)
            self._result = version, runtime, ""
        except JacoError as error:
            self._result = version, None, str(error)
        except Exception as error:  # noqa: BLE001 (the thread's edge: whatever is wrong with these weights, they do not act)
            self._result = version, None, f"{type(error).__name__}: {' '.join(str(error).split())}"


def _branch(runtime: PolicyRuntime) -> int:
    """How often the line of this version was begun anew, 0 for a policy that no learner made."""
    return int(runtime.card.training.get("branch", 0))


def load_runtime(path: Path, arm: Arm, deterministic: bool, seed: int) -> PolicyRuntime:
    """Loads and checks the policy in `path`.

    Raises:
        JacoError: it is damaged or for another arm.
    """
    return PolicyRuntime(load_checkpoint(path, arm), deterministic, seed)


def require_known_inputs(runtime: PolicyRuntime) -> None:
    """Checks that the policy reads nothing but what its node gives it: images, and each joint's angle and velocity.

    Raises:
        ContractError: it reads other numbers of the joints.
    """
    known = 2 * len(runtime.card.joints)
    if runtime.inputs not in (0, known):
        raise ContractError(
            f"Policy '{runtime.card.name}' reads {runtime.inputs} joint values beside images; the policy's node gives {known}."
        )


def check_successor(runtime: PolicyRuntime, before: Card, sha256: str) -> None:
    """Checks that `runtime` may take the place of the policy with card `before`, and that it can act.

    Raises:
        ContractError: other weights than announced, another contract, or an answer that is not finite.
    """
    card = runtime.card
    if card.sha256 != sha256:
        raise ContractError(f"Its weights have sha256 {card.sha256[:12]}, announced was {sha256[:12]}.")
    for name in ("task", "arm", "joints", "action_speeds", "control_period_s", "camera"):
        if getattr(card, name) != getattr(before, name):
            raise ContractError(f"Its {name} is {getattr(card, name)}, that of the policy before {getattr(before, name)}.")
    require_known_inputs(runtime)
    felt = np.zeros(runtime.inputs) if runtime.inputs else None
    shape = (card.camera.height, card.camera.width, card.column.channels)
    for image in (np.zeros(shape, np.uint8), np.random.default_rng(0).integers(0, 256, shape, np.uint8)):
        runtime.act(image, felt)
    runtime.begin_episode()
