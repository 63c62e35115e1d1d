"""The lifecycle node that every jaco node is, and the process edge that runs it."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, Generic, TypeVar

import rclpy
from rclpy.duration import Duration
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from jaco_core.errors import JacoError
from jaco_core.ros import parameters
from jaco_core.ros.executor import make_executor
from jaco_core.scheduling import Urgency, hurry, listening, relax

C = TypeVar("C")
DRAIN_TIMEOUT_S = 5.0
LAST_WORD_TIMEOUT_S = 0.5
_ACKNOWLEDGEMENT_SLICE = Duration(seconds=0.005)


class JacoNode(LifecycleNode, Generic[C]):
    """A lifecycle node with a typed configuration and four hooks.

    `setup` loads, validates and creates publishers and subscriptions; `start` begins to act; `halt` stops acting, the arm first;
    `release` gives everything back. A JacoError in `setup` or `start` refuses the transition with its sentence in the log.
    Callbacks must look at `self.active` before they act. `setup` may set `urgency`, which the process takes on
    when the node is activated; None for ordinary priority, as in lockstep.
    """

    def __init__(self, name: str, config: type[C]) -> None:
        super().__init__(name)
        self.active = False
        self.failure: str | None = None
        self.urgency: Urgency | None = Urgency.OBSERVER
        self.owns_process = False
        """Set by `run_node`: nodes that share a process, as in tests, leave its priority alone."""
        self._config_type = config
        parameters.declare(self, config)

    def setup(self, config: C) -> None:
        """Loads and validates. May raise JacoError to refuse."""

    def start(self) -> None:
        """Begins to act. May raise JacoError to refuse."""

    def halt(self) -> None:
        """Stops acting, the arm first. Must not raise."""

    def release(self) -> None:
        """Gives resources back. Must not raise."""

    def wind_down(self) -> None:
        """The process was told to end, and the node, which is active, shall come to an end of what it does. Must not raise."""

    def drained(self) -> bool:
        """Tells whether all that has arrived is dealt with, and winding down is over. The process waits for it, bounded."""
        return True

    def fail(self, message: str) -> None:
        """Ends the process with exit code 1 after the current callback; `halt` and `release` run first."""
        self.get_logger().fatal(message)
        self.failure = message

    # The lifecycle state machine's callbacks.
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt(lambda: self.setup(parameters.read(self, self._config_type)))

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = self._attempt(self.start)
        if result == TransitionCallbackReturn.SUCCESS:
            super().on_activate(state)
            self.active = True
            if self.owns_process:
                self._take_place()
        return result

    def _take_place(self) -> None:
        if self.urgency is None:
            relax()
        else:
            self.get_logger().info(hurry(self.urgency))

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.quiesce()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.quiesce()
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def quiesce(self) -> None:
        """Stops acting if the node acts; safe to call twice."""
        if self.active:
            self.active = False
            self.halt()

    def _attempt(self, step: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            step()
        except JacoError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS


def run_node(create: Callable[[], JacoNode[Any]]) -> int:
    """Runs one node until a signal or `fail`; returns the process's exit code.

    rclpy's own signal handlers shut the context down at once, which would leave no way to publish a last zero command. So signals
    only raise a flag here, and the node halts while it can still speak.
    """
    stopping = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    node: JacoNode[Any] | None = None
    executor = make_executor()
    code = 0
    try:
        with listening():
            node = create()
        node.owns_process = True
        executor.add_node(node)
        while not stopping and node.failure is None:
            executor.spin_once(timeout_sec=0.1)
        if node.active:
            node.wind_down()
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        while not node.drained() and time.monotonic() < deadline:
            executor.spin_once(timeout_sec=0.1)
    except JacoError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    except ExternalShutdownException:
        code = 1
    except Exception:  # noqa: BLE001 - the process edge: whatever went wrong, the arm is stopped below and the exit code says so
        traceback.print_exc()
        code = 1
    if node is not None:
        code = code or (1 if node.failure else 0)
        node.quiesce()
        _deliver_last_words(node)
        executor.shutdown(LAST_WORD_TIMEOUT_S)  # it holds what the node gives back
        node.release()
    rclpy.try_shutdown()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the interpreter's own end would make a late signal look like a crash
    return code


def _deliver_last_words(node: JacoNode[Any]) -> None:
    """Waits, bounded, until every reader has what `node` published last: what a writer has not sent when it goes is lost."""
    deadline = time.monotonic() + LAST_WORD_TIMEOUT_S
    for publisher in node.publishers:
        # rclpy keeps the interpreter's lock while it waits: in short slices, so that a driver's other threads go on.
        while not publisher.wait_for_all_acked(_ACKNOWLEDGEMENT_SLICE) and time.monotonic() < deadline:
            time.sleep(0.0)  # gives the lock away
