"""Learning in the graph: its recording gives the same weights again, and whatever is killed costs nothing but open episodes."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from learning_run import EPISODES, learn, learn_and_kill

from jaco_bringup.commands.analyse import recorded_runs
from jaco_bringup.commands.replay import replay
from jaco_bringup.runner import Runner
from jaco_learner.embedded.learner import Snapshot
from jaco_learner.embedded.log import read_log
from jaco_learner.embedded.pending import pending_files
from jaco_learner.embedded.versions import VersionStore
from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording
from jaco_monitor.report import write_summary

THREE_EPISODES = 120
"""Steps: a version takes three episodes, or more where some are short."""


def test_a_recording_gives_the_same_weights_as_the_graph(tmp_path: Path) -> None:
    assert learn(tmp_path / "run", algorithm="asymmetric").code == 0
    replayed = replay(tmp_path / "run")
    assert len(replayed.online) >= EPISODES - 2 and replayed.same
    # The first episodes show what new versions are held against; then the newest one acts in each.
    entries = read_log(tmp_path / "run" / "learning")
    acting = [entry.acting for entry in entries]
    assert acting[:6] == [1] * 6 and acting[6] == 7
    assert not any(entry.dropped for entry in entries)
    assert write_summary(tmp_path / "run", 3).episodes == EPISODES
    # An analysis finds in the recording what was learned from.
    newest = tmp_path / "run" / "learning" / f"{max(replayed.online):06d}"
    found = {run.transitions[-1].stamp_ns for run in recorded_runs(newest, tmp_path / "run", EPISODES)}
    assert found >= {entry.stamp_ns for entry in entries}
    assert len(recorded_runs(newest, tmp_path / "run", 2)) == 2


def test_a_killed_learner_goes_on_with_all_that_was_finished_and_the_run_does_not_notice(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    killed: list[list[int]] = []

    def kill(runner: Runner, over: threading.Event) -> None:
        while not over.wait(0.02):
            if len(entries := read_log(folder / "learning")) >= 2:
                # A version takes three episodes.
                killed.append([entry.episode for entry in entries])
                runner.send("learner", signal.SIGKILL)
                return

    assert learn(folder, kill, batch_steps=THREE_EPISODES).code == 0
    log = (folder / "log.txt").read_text()
    assert killed and "it is started again (1 of 3)" in log and "no version had been made: they are taken in now." in log
    learned = [entry.episode for entry in read_log(folder / "learning")]
    assert learned[: len(killed[0])] == killed[0] == list(range(len(killed[0]))) and sorted(set(learned)) == learned
    assert write_summary(folder, 3).episodes == EPISODES
    assert replay(folder).same


def test_a_folder_of_versions_is_gone_on_from_after_the_policy_and_then_the_whole_run_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "learning"
    store = VersionStore(folder)

    def kill(runner: Runner, over: threading.Event) -> None:
        while not over.wait(0.02):
            if len(read_log(folder)) >= 4:
                runner.send("policy", signal.SIGKILL)
                return

    outcome = learn(tmp_path / "first", kill, str(folder), batch_steps=THREE_EPISODES)
    assert outcome.code == 1 and "'policy' ended with signal SIGKILL" in outcome.sentence
    first, _ = store.newest()
    assert first is not None and first.version >= 2 and first.steps > 0

    before = len(read_log(folder))
    learn_and_kill(tmp_path / "second", str(folder), lambda: len(read_log(folder)) >= before + 4, THREE_EPISODES)
    assert goes_on(first) in (tmp_path / "second" / "log.txt").read_text()
    second, _ = store.newest()
    assert second is not None and second.version > first.version and second.steps > first.steps

    kept = max(pending_files(folder))
    assert learn(tmp_path / "third", learning_dir=str(folder), episodes=4, batch_steps=THREE_EPISODES).code == 0
    assert goes_on(second) in (tmp_path / "third" / "log.txt").read_text()
    replayed = replay(tmp_path / "third")
    assert replayed.same and min(replayed.online) == second.version + 1
    # Every episode that was ever finished was learned from once, in the order of its end.
    entries = read_log(folder)
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1)) and len(entries) > kept
    assert entries[-1].version > second.version
    assert _finished(tmp_path / "second") <= {entry.episode for entry in entries[before:kept]}


def _finished(run_dir: Path) -> set[int]:
    """Returns the episodes in a recording that another one followed."""
    begun = {item.message.episode for item in Recording(run_dir / FILE_NAME).messages(("/episode/state",))}
    return begun - {max(begun)}


def goes_on(snapshot: Snapshot) -> str:
    return f"Learning goes on from version {snapshot.version}, after {snapshot.steps} steps."
