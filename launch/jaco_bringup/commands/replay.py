"""`jaco replay`: learns again, offline, from a run's recording, and compares with what was learned in the graph."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import typer
import yaml

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_core.proprioception import proprioception_from_message
from jaco_core.ros import convert
from jaco_core.units import NS_PER_S
from jaco_learner.embedded.assembly import Assembler
from jaco_learner.embedded.follower import Follower
from jaco_learner.embedded.messages import judged_from_message, judged_stamp_ns, objects_from_message, word_from_message
from jaco_learner.embedded.pending import FOLDER as PENDING_FOLDER
from jaco_learner.embedded.pending import pending_files
from jaco_learner.embedded.session import LearningSession, Word
from jaco_learner.embedded.settings import ADJUSTABLE, Settings
from jaco_learner.embedded.versions import EXPERIENCE_FOLDER, VersionStore
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording, stamp_ns
from jaco_policy.checkpoint import load_checkpoint

TOPICS = ("/camera/image_raw", "/joint_states", "/scene", "/policy/step", "/safety/step", "/arm/applied", "/episode/state")
_WORDS = "/policy/version"


@dataclass(frozen=True)
class Replayed:
    """sha256 by version: `online`, those that the run learned and that are kept, and `offline`, as learned from the recording."""

    online: dict[int, str]
    offline: dict[int, str]

    @property
    def same(self) -> bool:
        """Tells whether the recording gives every version that the run kept, with the same weights."""
        return bool(self.online) and all(self.offline.get(version) == digest for version, digest in self.online.items())


def run(run_dir: Path) -> int:
    """Replays the run in `run_dir`, says what came of it, and returns 0 when all versions have the same weights."""
    replayed = replay(run_dir)
    if not replayed.online and not replayed.offline:
        typer.echo(f"The run in {run_dir} tells of no version: it was too short for one, or over before its learner was done.")
        return 1
    for version, digest in replayed.online.items():
        found = replayed.offline.get(version, "")
        typer.echo(f"version {version}: {digest[:12]} {'is the same offline' if found == digest else f'is {found[:12]} offline'}")
    typer.echo(
        f"{len(replayed.offline)} versions learned from the recording; {'all' if replayed.same else 'not all'} are the same."
    )
    return 0 if replayed.same else 1


def replay(run_dir: Path) -> Replayed:
    """Learns from the recording in `run_dir` as the learner of that run did.

    Raises:
        ConfigError: nothing was learned or recorded there.
    """
    told = learner_parameters(run_dir)
    arm = load_arm(told["arm"])
    settings = Settings(**{name: told[name] for name in ADJUSTABLE if name in told})
    online = VersionStore(Path(told["folder"]))
    words = _words(run_dir)
    first, last = (words[0].version, max(word.version for word in words)) if words else (1, 1)
    kept = {version: online.card(version).sha256 for version in online.numbers() if first < version <= last}
    with TemporaryDirectory(prefix="jaco-replay-") as folder:
        base = load_checkpoint(Path(told["checkpoint"]), arm)
        store = _store_before(online, first, words[0].kept if words else 0, Path(folder))
        tolerance = float(told.get("tolerance", 0.0))
        task = str(told.get("task", ""))
        session = LearningSession(base, arm, settings, told["seed"], store, lambda sentence: None, tolerance, task)
        follower = Follower(session, words)
        for item in Recording(run_dir / FILE_NAME).messages((*TOPICS, _WORDS)):
            if item.topic == _WORDS:
                follower.on_word()
            else:
                feed(session.assembler, item.topic, item.message, arm.joint_names)
                follower.on_episodes(session.keep())
    return Replayed(kept, {word.version: word.sha256 for word in follower.said if word.version > first})


def _words(run_dir: Path) -> list[Word]:
    """Returns what the run's learner said, in its order. Older recordings do not tell how much was kept: 0."""
    return [
        Word(stamp_ns(item.message.header), int(item.message.version), item.message.sha256, int(getattr(item.message, "kept", 0)))
        for item in Recording(run_dir / FILE_NAME).messages((_WORDS,))
    ]


def _store_before(online: VersionStore, first: int, kept: int, folder: Path) -> VersionStore:
    """Returns a store in `folder` as it was when the run began: with the versions of the runs that it went on from.

    `kept`: how many finished episodes there were; those that no version had been made of are there, too.

    Raises:
        ConfigError: the version that it began with is gone.
    """
    for version in online.numbers() if first > 1 else []:
        if version <= first:
            shutil.copytree(online.path(version), folder / online.path(version).name)
    copied = {EXPERIENCE_FOLDER: online.experience(first) if first > 1 else []}
    copied[PENDING_FOLDER] = [path for number, path in pending_files(online.folder).items() if number <= kept]
    for name, paths in copied.items():
        (folder / name).mkdir(exist_ok=True)
        for path in paths:
            shutil.copy(path, folder / name)
    store = VersionStore(folder)
    if first > 1 and first not in store.numbers():
        raise ConfigError(f"The run went on from version {first}, which is not in {online.folder} any more.")
    return store


def learner_parameters(run_dir: Path) -> dict[str, Any]:
    """Returns the parameters of the learner's node in the run in `run_dir`.

    Raises:
        ConfigError: no learner took part.
    """
    path = run_dir / "parameters" / "learner.yaml"
    try:
        told: dict[str, Any] = yaml.safe_load(path.read_text())["/learner"]["ros__parameters"]
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        raise ConfigError(f"No learner took part in the run in {run_dir}: {path} is missing or unreadable.") from None
    return told


def feed(assembler: Assembler, topic: str, message: Any, names: tuple[str, ...]) -> None:
    """Gives one recorded message to the assembler, as the learner's node gives it a live one."""
    stamp = stamp_ns(message.header)
    if topic == "/camera/image_raw":
        assembler.add_image(stamp, np.array(convert.image_from_message(message)))
    elif topic == "/joint_states":
        assembler.add_proprioception(stamp, proprioception_from_message(message, names))
    elif topic == "/scene":
        places = objects_from_message(message, assembler.objects) if assembler.objects else None
        if places is not None:
            assembler.add_objects(stamp, places)
    elif topic == "/policy/step":
        assembler.add_word(stamp, word_from_message(message))
    elif topic == "/safety/step":
        assembler.add_judged(judged_stamp_ns(message), judged_from_message(message))
    elif topic == "/arm/applied":
        policy_stamp = int(message.policy_stamp.sec) * NS_PER_S + int(message.policy_stamp.nanosec)
        assembler.add_applied(stamp, policy_stamp, np.array(message.velocities))
    else:
        assembler.add_episode(convert.episode_from_message(message))
