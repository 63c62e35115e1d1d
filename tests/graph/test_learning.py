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
from jaco_learner.embedded.versions import VersionStore
from jaco_monitor.report import write_summary


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


def test_a_killed_learner_goes_on_from_its_last_version_and_the_run_does_not_notice(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    killed: list[int] = []

    def kill(runner: Runner, over: threading.Event) -> None:
        store = VersionStore(folder / "learning")
        while not over.wait(0.02):
            if len(store.numbers()) >= 2:
                killed.append(store.numbers()[-1])
                runner.send("learner", signal.SIGKILL)
                return

    assert learn(folder, kill).code == 0
    assert killed and "it is started again (1 of 3)" in (folder / "log.txt").read_text()
    entries = read_log(folder / "learning")
    versions = [entry.version for entry in entries]
    assert versions == sorted(versions) and versions[-1] >= killed[0]
    summary = write_summary(folder, 3)
    assert summary.episodes == EPISODES


def test_a_folder_of_versions_is_gone_on_from_after_the_policy_and_then_the_whole_run_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "learning"
    store = VersionStore(folder)

    def kill(runner: Runner, over: threading.Event) -> None:
        while not over.wait(0.02):
            if len(store.numbers()) >= 2:
                runner.send("policy", signal.SIGKILL)
                return

    outcome = learn(tmp_path / "first", kill, str(folder))
    assert outcome.code == 1 and "'policy' ended with signal SIGKILL" in outcome.sentence
    first, _ = store.newest()
    assert first is not None and first.version >= 3 and first.steps > 0

    learn_and_kill(tmp_path / "second", str(folder), lambda: max(store.numbers()) > first.version + 1)
    assert goes_on(first) in (tmp_path / "second" / "log.txt").read_text()
    second, _ = store.newest()
    assert second is not None and second.version > first.version and second.steps > first.steps

    assert learn(tmp_path / "third", learning_dir=str(folder), episodes=3).code == 0
    assert goes_on(second) in (tmp_path / "third" / "log.txt").read_text()
    replayed = replay(tmp_path / "third")
    assert replayed.same and min(replayed.online) == second.version + 1
    later = [entry for entry in read_log(folder) if entry.learned > second.steps]
    assert later and later[-1].version > second.version and later[0].acting == second.version


def goes_on(snapshot: Snapshot) -> str:
    return f"Learning goes on from version {snapshot.version}, after {snapshot.steps} steps."
