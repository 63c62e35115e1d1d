"""What a running run looks like in a terminal, and line by line where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, ConsoleRenderable
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from jaco_monitor.palette import state_color, state_name
from jaco_monitor.tally import EpisodeResult


@dataclass(frozen=True)
class Snapshot:
    """A run at one moment. `wanted`: episodes asked for, 0 without end. Times [s] of the wall clock; None is unknown yet.

    `furthest_m`: from the target [m], where the episode was to begin at most; 0: the task's own starts.
    """

    task: str | None = None
    wanted: int = 0
    episode: int = 0
    step: int = 0
    episode_return: float = 0.0
    results: tuple[EpisodeResult, ...] = ()
    success_rate: float | None = None
    mean_return: float | None = None
    safety_state: int | None = None
    safety_reason: str = "none"
    realtime_factor: float | None = None
    elapsed_s: float = 0.0
    finished: bool = False
    furthest_m: float = 0.0

    @property
    def left_s(self) -> float | None:
        """Expected time until the last episode ends [s]."""
        done = len(self.results)
        if self.finished or not self.wanted or not done:
            return 0.0 if self.finished else None
        return self.elapsed_s / done * (self.wanted - done)


def render(snapshot: Snapshot) -> ConsoleRenderable:
    """Returns the live view."""
    done = len(snapshot.results)
    total = f" of {snapshot.wanted}" if snapshot.wanted else ""
    head = Table.grid(expand=True, padding=(0, 2))
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    left = "" if snapshot.left_s is None else f"{_clock(snapshot.left_s)} left"
    bar = ProgressBar(total=max(snapshot.wanted, 1), completed=done) if snapshot.wanted else Text("")
    head.add_row(f"episode {snapshot.episode + 1}{total}", bar, left or _clock(snapshot.elapsed_s))
    figures = Table.grid(padding=(0, 3))
    figures.add_row(
        f"step {snapshot.step:2d}",
        f"return {snapshot.episode_return:.0f}",
        f"success {_share(snapshot)}",
        f"mean return {_figure(snapshot.mean_return)}",
        *([f"starts within {snapshot.furthest_m:.2f} m"] if snapshot.furthest_m else []),
    )
    body = Table.grid()
    body.add_row(head)
    body.add_row(figures)
    body.add_row(_verdict(snapshot).append(f"   {_figure(snapshot.realtime_factor)} x real time", style="default"))
    return Panel(body, title=snapshot.task or "waiting for the graph", title_align="left")


def line(result: EpisodeResult, snapshot: Snapshot) -> str:
    """Returns one episode as a line of plain text."""
    total = f"/{snapshot.wanted}" if snapshot.wanted else ""
    outcome = "success" if result.success else "failure"
    reason = f" ({result.reason})" if result.reason else ""
    began = f", began within {result.furthest_m:.2f} m" if result.furthest_m else ""
    figures = f"return {result.episode_return:.0f}, {result.steps} steps"
    return f"episode {result.episode + 1}{total}: {outcome}, {figures}{reason}{began}"


class RunView:
    """Shows snapshots: live in a terminal, one line per ended episode anywhere else."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live = Live(console=self._console, refresh_per_second=8) if self._console.is_terminal else None
        self._told = 0

    def show(self, snapshot: Snapshot) -> None:
        """Brings the view up to date."""
        if self._live is not None:
            self._live.update(render(snapshot))
            return
        for result in snapshot.results[self._told :]:
            self._console.print(line(result, snapshot), highlight=False, markup=False, soft_wrap=True)
        self._told = len(snapshot.results)

    def __enter__(self) -> RunView:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()


def _verdict(snapshot: Snapshot) -> Text:
    red, green, blue = state_color(snapshot.safety_state)
    reason = "" if snapshot.safety_reason in ("", "none") else f" {snapshot.safety_reason}"
    return Text(f"● {state_name(snapshot.safety_state)}{reason}", style=f"rgb({red},{green},{blue})")


def _share(snapshot: Snapshot) -> str:
    if snapshot.success_rate is None:
        return "?"
    good = sum(result.success for result in snapshot.results)
    return f"{snapshot.success_rate:.0%} ({good} of {len(snapshot.results)})"


def _figure(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
