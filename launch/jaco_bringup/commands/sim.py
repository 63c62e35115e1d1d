"""`jaco sim`: episodes in simulation with live progress, and their report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from jaco_bringup.arguments import Value
from jaco_bringup.graph import Graph, learn_graph, sim_graph
from jaco_bringup.policies import check_policy
from jaco_bringup.run_dir import new_run_dir
from jaco_bringup.run_log import is_notable
from jaco_bringup.session import choose_domain, run_graph
from jaco_core.errors import ConfigError


@dataclass(frozen=True)
class SimOptions:
    """The options of `jaco sim`."""

    episodes: int
    seed: int
    task: str
    policy: str
    profile: str
    realtime: bool
    report: bool
    domain: int | None
    run_dir: Path | None
    quiet: bool
    arm: str = "j2n6s300"
    learn: bool = False
    steps: int = 0
    method: str = "progressive"
    size: str = "wide"
    algorithm: str = "asymmetric"
    cameras: str = ""
    depth: bool = False
    learning_dir: Path | None = None
    excite: float = 0.0
    extent: float = 1.0
    curriculum: bool = False

    def graph(self, run_dir: Path | None) -> Graph:
        """Returns the graph to run, with the learner where it learns; `run_dir` is needed then.

        Raises:
            ConfigError: an argument is wrong.
        """
        if self.excite and self.learn:
            raise ConfigError("A run that is excited plays no policy that could learn: give --excite or --learn.")
        arguments = self.arguments(run_dir)
        if not self.learn:
            return sim_graph({**arguments, "excite": self.excite, "extent": self.extent})
        # So many steps take any number of episodes.
        episodes = 0 if self.steps else self.episodes
        learning: dict[str, Value] = {"steps": self.steps, "method": self.method, "size": self.size}
        learning["algorithm"] = self.algorithm
        return learn_graph({**arguments, "episodes": episodes, **learning, "learning_dir": str(self.learning_dir or "")})

    def arguments(self, run_dir: Path | None) -> dict[str, Value]:
        """Returns the arguments of the graph."""
        names = ("arm", "episodes", "seed", "task", "policy", "profile", "realtime", "cameras", "depth", "curriculum")
        return {**{name: getattr(self, name) for name in names}, "run_dir": str(run_dir or "")}


def run(options: SimOptions) -> int:
    """Runs the episodes and reports on them; returns the exit code.

    Raises:
        JacoError: an argument is wrong; then nothing was started.
    """
    options.graph(Path("runs"))
    if not options.excite:
        check_policy(options.policy, options.arm, options.task)
    console = Console(quiet=options.quiet)
    with choose_domain(options.domain) as domain:
        folder = new_run_dir(options.run_dir, datetime.now())
        graph = options.graph(folder)
        with _progress(options, console) as tick:
            outcome = run_graph(graph, folder, domain, lambda line: _show(console, line), tick)
    if options.excite and not outcome.code:
        console.print(excited(folder), markup=False, highlight=False, soft_wrap=True)
        return 0
    return outcome.code or _report(options, folder, console)


def excited(folder: Path) -> str:
    """Returns what to do with an excited run in `folder`."""
    return f"Every joint was moved; what that tells: ./jaco identify {folder} --out my-arm.yaml"


def _progress(options: SimOptions, console: Console) -> AbstractContextManager[Callable[[], None]]:
    if options.quiet or options.excite:
        return nullcontext(lambda: None)
    from jaco_bringup.progress.node import Progress  # imports rclpy, which a refusal need not wait for

    return Progress(console, options.episodes, options.realtime)


def _show(console: Console, line: str) -> None:
    if is_notable(line):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _report(options: SimOptions, folder: Path, console: Console) -> int:
    """Writes summary and pictures, prints the table, and returns 0 when the recording has every episode."""
    from jaco_monitor.report import summary_table, write_pictures, write_summary
    from jaco_monitor.scene_view import SceneView

    summary = write_summary(folder, options.seed)
    if options.report:
        with console.status("Drawing the video ..."):
            view = SceneView(options.task, options.arm, options.profile)
            write_pictures(folder, view)
            view.close()
    Console().print(summary_table(summary))
    Console().print(f"Everything is in {folder}", markup=False, highlight=False, soft_wrap=True)
    if options.learn:
        learned = _learned(options.learning_dir or folder / "learning")
        Console().print(learned, markup=False, highlight=False, soft_wrap=True)
    return 0 if (options.learn and options.steps) or summary.episodes == options.episodes else 1


def _learned(folder: Path) -> str:
    """Says what the learner, whose versions are in `folder`, made of the run."""
    from jaco_learner.embedded.log import read_log

    entries = read_log(folder)
    if not entries:
        return "Nothing was learned: no episode was whole."
    last = entries[-1]
    shown = sum(entry.steps for entry in entries if entry.corrected)
    return (
        f"Learned from {last.learned} of {sum(entry.steps for entry in entries)} steps, {last.dropped} dropped, "
        f"{last.overruled} overruled by the supervisor, {shown} shown by an operator; "
        f"newest version {last.version} in {folder}"
    )
