"""Drives another node's lifecycle over its services, with bounded waits."""

from __future__ import annotations

import time
from collections.abc import Callable

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.task import Future

from jaco_core.errors import ContractError
from jaco_core.ros.waiting import spin_until

CONFIGURE = Transition.TRANSITION_CONFIGURE
ACTIVATE = Transition.TRANSITION_ACTIVATE
DEACTIVATE = Transition.TRANSITION_DEACTIVATE
CLEANUP = Transition.TRANSITION_CLEANUP

_REACHED = {CONFIGURE: "inactive", ACTIVATE: "active", DEACTIVATE: "inactive", CLEANUP: "unconfigured"}
ASK_AGAIN_S = 1.0
GONE_S = 0.5
_LABELS = {CONFIGURE: "configure", ACTIVATE: "activate", DEACTIVATE: "deactivate", CLEANUP: "cleanup"}


class LifecycleClient:
    """Client of the lifecycle services of the node `target`."""

    def __init__(self, node: Node, executor: Executor, target: str) -> None:
        self.target = target
        self._executor = executor
        self._change = node.create_client(ChangeState, f"/{target}/change_state")
        self._get = node.create_client(GetState, f"/{target}/get_state")

    def wait(self, timeout: float) -> None:
        """Waits until the node offers its lifecycle services.

        Raises:
            TimeoutExceeded: it did not within `timeout` seconds.
        """
        spin_until(
            self._executor,
            lambda: self._change.service_is_ready() and self._get.service_is_ready(),
            timeout,
            f"node '{self.target}' to offer its lifecycle services",
        )

    def change(self, transition: int, timeout: float) -> None:
        """Asks for `transition` and waits for the outcome.

        Raises:
            TimeoutExceeded: no answer within `timeout` seconds.
            ContractError: the node refused, and its own log says why, or it went away.
        """
        request = ChangeState.Request()
        request.transition.id = transition
        future = self._change.call_async(request)
        label = _LABELS[transition]
        # A node that ends takes its services along: nothing is to be waited for then. A reply that the middleware lost
        # (it may while a client is being discovered) never comes, so the state itself is asked for now and then.
        reached, gone = self._watch(_REACHED[transition]), self._absence()
        spin_until(
            self._executor,
            lambda: future.done() or gone() or reached(),
            timeout,
            f"node '{self.target}' to {label}",
        )
        if not future.done():
            if reached():
                return
            raise ContractError(f"Node '{self.target}' went away before it could {label}.")
        response = future.result()
        if response is None or not response.success:
            raise ContractError(f"Node '{self.target}' refused to {label}; the reason is in its log above.")

    def state(self, timeout: float) -> str:
        """Returns the node's state: "unconfigured", "inactive", "active" or "finalized"."""
        future = self._get.call_async(GetState.Request())
        spin_until(self._executor, future.done, timeout, f"node '{self.target}' to tell its state")
        response = future.result()
        return str(response.current_state.label) if response is not None else "unknown"

    def _absence(self) -> Callable[[], bool]:
        """Returns a function that tells whether the service has been away for a while; discovery may miss it for a moment."""
        seen = time.monotonic()

        def gone() -> bool:
            nonlocal seen
            if self._change.service_is_ready():
                seen = time.monotonic()
            return time.monotonic() - seen > GONE_S

        return gone

    def _watch(self, state: str) -> Callable[[], bool]:
        """Returns a function that asks for the node's state once a second and tells whether it ever was `state`."""
        due = time.monotonic() + ASK_AGAIN_S
        asked: list[Future[GetState.Response]] = []

        def reached() -> bool:
            nonlocal due
            if time.monotonic() > due:
                due = time.monotonic() + ASK_AGAIN_S
                asked.append(self._get.call_async(GetState.Request()))
            answers = [future.result() for future in asked if future.done()]
            return any(answer is not None and answer.current_state.label == state for answer in answers)

        return reached
