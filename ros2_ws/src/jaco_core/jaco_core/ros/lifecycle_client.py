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

_STATES = {
    CONFIGURE: ("unconfigured", "inactive"),
    ACTIVATE: ("inactive", "active"),
    DEACTIVATE: ("active", "inactive"),
    CLEANUP: ("inactive", "unconfigured"),
}
"""The state before and after each transition."""
_LABELS = {CONFIGURE: "configure", ACTIVATE: "activate", DEACTIVATE: "deactivate", CLEANUP: "cleanup"}
ASK_AGAIN_S = 1.0
GONE_S = 3.0


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
        label = _LABELS[transition]
        before, after = _STATES[transition]
        requests = [self._request(transition)]
        reached = False
        # A node that ends takes its services along: nothing is to be waited for then.
        gone = self._absence()

        def seen(state: str) -> None:
            # The middleware may lose a request, or its reply, while client and service are still being discovered.
            nonlocal reached
            reached = reached or state == after
            if state == before:
                requests.append(self._request(transition))

        look = self._watch(seen)

        def over() -> bool:
            look()
            return reached or gone() or any(request.done() for request in requests)

        spin_until(self._executor, over, timeout, f"node '{self.target}' to {label}")
        responses = [request.result() for request in requests if request.done()]
        if reached or any(response is not None and response.success for response in responses):
            return
        if not responses:
            raise ContractError(f"Node '{self.target}' went away before it could {label}.")
        # Asked twice, it may have refused only because it had done it already.
        if len(requests) > 1 and self.state(timeout) == after:
            return
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

    def _request(self, transition: int) -> Future[ChangeState.Response]:
        request = ChangeState.Request()
        request.transition.id = transition
        return self._change.call_async(request)

    def _watch(self, seen: Callable[[str], None]) -> Callable[[], None]:
        """Returns a function that asks for the node's state once a second and hands each answer to `seen` once."""
        due = time.monotonic() + ASK_AGAIN_S
        asked: list[Future[GetState.Response]] = []

        def look() -> None:
            nonlocal due
            if time.monotonic() > due:
                due = time.monotonic() + ASK_AGAIN_S
                asked.append(self._get.call_async(GetState.Request()))
            for future in [future for future in asked if future.done()]:
                asked.remove(future)
                answer = future.result()
                if answer is not None:
                    seen(answer.current_state.label)

        return look
