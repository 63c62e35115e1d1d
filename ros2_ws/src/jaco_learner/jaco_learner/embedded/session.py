"""Learning as it happens in the graph and again from a recording: assembled runs in, saved versions out. The same in both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_learner.embedded.assembly import Assembler
from jaco_learner.embedded.learner import EmbeddedLearner, Snapshot
from jaco_learner.embedded.log import LogEntry, append_log
from jaco_learner.embedded.settings import ASYMMETRIC, OFF_POLICY, Settings
from jaco_learner.embedded.transition import Run
from jaco_learner.embedded.versions import VersionStore
from jaco_policy.checkpoint import Card, Checkpoint
from jaco_tasks.registry import make_task, require_task

_ALGORITHMS = {
    "actor-critic": "n-step actor-critic on applied actions",
    OFF_POLICY: "off-policy actor-critic on all applied actions so far",
    ASYMMETRIC: "off-policy actor-critic on applied actions, with critics that know where palm and objects are",
}


@dataclass(frozen=True)
class Word:
    """What there is to say after an episode: the newest version with its sha256 ("" for the policy that was there before).

    `stamp_ns`: of the newest observation that was learned from or passed over.
    """

    stamp_ns: int
    version: int
    sha256: str


class LearningSession:
    """Feeds the learner from an assembler, saves its versions and keeps a log of episodes. `word`: the newest one."""

    def __init__(
        self,
        base: Checkpoint,
        arm: Arm,
        settings: Settings,
        seed: int,
        store: VersionStore,
        say: Callable[[str], None],
        tolerance: float = 0.0,
        task: str = "",
    ) -> None:
        """Goes on from the newest undamaged version in `store`. `say` takes sentences for the log; `tolerance` [s]: Assembler's.

        `task`: what is learned; "" for the policy's own.

        Raises:
            ConfigError: what is in `store` was learned on another policy, with other settings or for another task.
            ContractError: the policy is for a task of another family than `task`.
        """
        task = task or base.card.task
        require_task(base.card.name, base.card.task, task)
        self._base, self._store, self._say = base, store, say
        self.learner = EmbeddedLearner(base, settings, seed)
        self._start = self.learner.snapshot()
        recurrent = self.learner.network.initial_state(1) is not None
        told = settings.algorithm == ASYMMETRIC
        objects = tuple(item.name for item in make_task(task).objects) if told else ()
        self.assembler = Assembler(arm, base.card.speeds, recurrent, tolerance, objects)
        self._card = _card(base, settings, seed, task)
        self._since: Run | None = None
        self._acting = 0
        self.word = Word(0, 1, "")
        snapshot, refused = store.newest()
        for sentence in refused:
            say(sentence)
        if snapshot is not None:
            self._require_own(snapshot.version)
            self.learner.restore(snapshot)
            self.word = Word(0, snapshot.version, store.card(snapshot.version).sha256)
            say(f"Learning goes on from version {snapshot.version}, after {snapshot.steps} steps.")

    def _require_own(self, version: int) -> None:
        """Raises ConfigError: the version was learned on another policy, with other settings or for another task."""
        card = self._store.card(version)
        told, own = ({**each.training, "task": each.task} for each in (card, self._card))
        for name in ("base", "settings", "seed", "task"):
            if told.get(name) != own[name]:
                raise ConfigError(
                    f"{self._store.folder} holds versions learned with another {name} ({told.get(name)} instead of "
                    f"{own[name]}); give another folder."
                )

    def advance(self) -> list[Word]:
        """Learns from every episode that is over; returns one word for each."""
        words = []
        for runs, end_ns in self.assembler.episodes():
            for run in runs:
                self._learn(run)
            self.word = replace(self.word, stamp_ns=end_ns)
            words.append(self.word)
        return words

    def _learn(self, run: Run) -> None:
        acting = run.transitions[0].version
        if acting < self._acting:
            self._go_back(acting)
        self._acting = acting
        self._since = self._since or run
        if self.learner.learn(run) is not None:
            data = {
                "episodes": [self._since.transitions[0].episode, run.transitions[-1].episode],
                "stamps_ns": [self._since.transitions[0].stamp_ns, run.transitions[-1].stamp_ns],
            }
            card = self._store.save(self._card, self.learner.network, self.learner.snapshot(), data)
            self.word = Word(self.word.stamp_ns, self.learner.version, card.sha256)
            self._since = None
        self._log(run)

    def _go_back(self, version: int) -> None:
        """The policy took a version back: learning goes on from the one that acts now."""
        snapshot: Snapshot = self._start if version <= 1 else self._store.load(version)
        self.learner.go_back(snapshot)
        self._store.anchor, self._since = version, None
        self._say(f"Version {version} acts again; learning goes on from it.")

    def _log(self, run: Run) -> None:
        first, last = run.transitions[0], run.transitions[-1]
        dropped, overruled = sum(self.assembler.dropped.values()), self.assembler.overruled
        learner = self.learner
        entry = LogEntry(
            first.episode,
            last.stamp_ns,
            len(run.transitions),
            run.complete,
            run.total_reward,
            first.version,
            learner.version,
            learner.steps,
            dropped,
            overruled,
        )
        append_log(self._store.folder, entry)


def _card(base: Checkpoint, settings: Settings, seed: int, task: str) -> Card:
    card = base.card
    ancestor = f"{card.name} {card.sha256}"
    training = {"algorithm": _ALGORITHMS[settings.algorithm], "settings": asdict(settings), "seed": seed}
    name = f"{card.name}-{settings.method}"
    return replace(card, name=name, task=task, ancestors=(*card.ancestors, ancestor), training={**training, "base": ancestor})
