"""Learning as it happens in the graph and again from a recording: assembled runs in, saved versions out. The same in both."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_learner.embedded.assembly import Assembler
from jaco_learner.embedded.episode import Episode
from jaco_learner.embedded.learner import EmbeddedLearner, Snapshot
from jaco_learner.embedded.log import LogEntry, append_log, read_log
from jaco_learner.embedded.pending import PendingEpisodes, Taken
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

_LATER = {name: getattr(Settings, name) for name in ("correction_weight", "operator_share")}
"""Settings that older versions do not know, and what they are by default."""


@dataclass(frozen=True)
class Word:
    """What there is to say after an episode: the newest version with its sha256 ("" for the policy that was there before).

    `stamp_ns`: of the newest observation that was learned from or passed over; `kept`: how many episodes were kept until then.
    """

    stamp_ns: int
    version: int
    sha256: str
    kept: int = 0


class LearningSession:
    """Feeds the learner from an assembler, saves its versions and keeps a log of episodes. `word`: the newest one.

    `keep` and `learn` may be called by two threads, one each.
    """

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
        """Goes on from the newest undamaged version in `store`, and with the finished episodes that were kept since.

        `say` takes sentences for the log; `tolerance` [s]: Assembler's.

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
        self.assembler = Assembler(arm, base.card.speeds, recurrent, tolerance, objects, settings.operator_share)
        self._card = _card(base, settings, seed, task)
        self._since: Run | None = None
        self._acting = self._playing = 0
        self._taken = Taken()
        self.word = Word(0, 1, "")
        self._go_on()
        origin = json.dumps(_begun_with(self._card), sort_keys=True)
        self._pending = PendingEpisodes(store.folder, origin, self._taken)
        self._take_over()

    def _go_on(self) -> None:
        """Takes up the newest undamaged version, if there is one."""
        snapshot, refused = self._store.newest()
        for sentence in refused:
            self._say(sentence)
        if snapshot is None:
            if self._start.version > 1:
                self._begin_from_nothing()
            return
        card = self._store.card(snapshot.version)
        self._require_own(card)
        self.learner.restore(snapshot)
        self._taken = Taken.of_card(card.training)
        self._acting, self._playing = card.training.get("acting", 0), card.training["episodes"][-1]
        self.word = Word(0, snapshot.version, card.sha256)
        self._say(f"Learning goes on from version {snapshot.version}, after {snapshot.steps} steps.")

    def _begin_from_nothing(self) -> None:
        """Saves the network that knows nothing yet: it acts from the first episode on, and what comes is held against it.

        Beside the policy that was there before, it and all that comes of it soon would be taken back.
        """
        nothing = {"episodes": [0, 0], "stamps_ns": [0, 0], "acting": self._start.version, "taken": [0, 0]}
        card = self._store.save(self._card, self.learner.network, self._start, nothing)
        self._store.anchor = self._start.version
        self.word = Word(0, self._start.version, card.sha256)

    def _require_own(self, card: Card) -> None:
        """Raises ConfigError: the version was learned on another policy, with other settings or for another task."""
        told, own = _begun_with(card), _begun_with(self._card)
        for name in own:
            if told[name] != own[name]:
                raise ConfigError(
                    f"{self._store.folder} holds versions learned with another {name} ({told[name]} instead of "
                    f"{own[name]}); give another folder."
                )

    def _take_over(self) -> None:
        """Takes in the episodes that were finished, and no version made of them, when learning ended last."""
        logged = Counter(entry.number for entry in read_log(self._store.folder))
        episodes = steps = 0
        for item in self._pending.left_over():
            if isinstance(item, str):
                self._say(item)
                continue
            first = self._taken.runs if item.number == self._taken.episode else 0
            for index, run in list(enumerate(item.runs))[first:]:
                self._learn(item, index, log=index >= logged[item.number])
                steps += len(run.transitions)
            episodes += 1
        if episodes:
            self._say(f"Of {episodes} finished episodes ({steps} steps) no version had been made: they are taken in now.")
        self.word = replace(self.word, kept=self._pending.kept)

    def advance(self) -> list[Word]:
        """Keeps every episode that is over and learns from it; returns one word for each."""
        return [self.learn(episode) for episode in self.keep()]

    def keep(self) -> list[Episode]:
        """Returns every episode that is over, when it is on disk: from then on a kill does not lose it."""
        return [self._keep(tuple(runs), end_ns) for runs, end_ns in self.assembler.episodes()]

    def _keep(self, runs: tuple[Run, ...], end_ns: int) -> Episode:
        assembler = self.assembler
        episode = Episode(0, runs, end_ns, sum(assembler.dropped.values()), assembler.overruled)
        try:
            return self._pending.keep(episode)
        except ConfigError as error:
            self._say(str(error))
            return episode

    def learn(self, episode: Episode) -> Word:
        """Learns from an episode that `keep` returned, in that order."""
        for index in range(len(episode.runs)):
            self._learn(episode, index)
        self.word = replace(self.word, stamp_ns=episode.end_ns, kept=episode.number or self.word.kept)
        return self.word

    def _learn(self, episode: Episode, index: int, log: bool = True) -> None:
        run = episode.runs[index]
        first = run.transitions[0]
        # A policy that was started again counts its episodes anew, and has taken nothing back.
        if first.version < self._acting and first.episode >= self._playing:
            self._go_back(first.version)
        self._acting, self._playing = first.version, first.episode
        self._since = self._since or run
        if episode.number:
            self._taken = Taken(episode.number, index + 1)
        if self.learner.learn(run) is not None:
            self._save(self._since, run)
        if log:
            self._log(episode, run)

    def _save(self, since: Run, last: Run) -> None:
        """Saves a new version, which was learned from all between `since` and `last`."""
        data = {
            "episodes": [since.transitions[0].episode, last.transitions[-1].episode],
            "stamps_ns": [since.transitions[0].stamp_ns, last.transitions[-1].stamp_ns],
            "acting": self._acting,
            "taken": [self._taken.episode, self._taken.runs],
        }
        card = self._store.save(self._card, self.learner.network, self.learner.snapshot(), data)
        self._pending.forget(self._taken)
        self.word = replace(self.word, version=self.learner.version, sha256=card.sha256)
        self._since = None

    def _go_back(self, version: int) -> None:
        """The policy took a version back: learning goes on from the one that acts now."""
        snapshot: Snapshot = self._start if version <= 1 else self._store.load(version)
        self.learner.go_back(snapshot)
        self._store.anchor, self._since = version, None
        self._say(f"Version {version} acts again; learning goes on from it.")

    def _log(self, episode: Episode, run: Run) -> None:
        first, last = run.transitions[0], run.transitions[-1]
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
            episode.dropped,
            episode.overruled,
            episode.number,
            run.corrected,
        )
        append_log(self._store.folder, entry)


def _begun_with(card: Card) -> dict[str, Any]:
    """Returns what learning in the folder of a version with `card` began with."""
    told = {name: card.training.get(name) for name in ("base", "settings", "seed")}
    if told["settings"] is not None:
        # Versions from before there was such a setting do not tell it.
        told["settings"] = {name: value for name, value in told["settings"].items() if value != _LATER.get(name)}
    return {**told, "task": card.task}


def _card(base: Checkpoint, settings: Settings, seed: int, task: str) -> Card:
    card = base.card
    ancestor = f"{card.name} {card.sha256}"
    training = {"algorithm": _ALGORITHMS[settings.algorithm], "settings": asdict(settings), "seed": seed}
    name = f"{card.name}-{settings.method}"
    return replace(card, name=name, task=task, ancestors=(*card.ancestors, ancestor), training={**training, "base": ancestor})
