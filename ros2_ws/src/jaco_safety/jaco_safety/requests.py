"""The supervisor's services: stop, reset, change of mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jaco_safety.modes import MODE_NAMES, Mode
from jaco_safety.outputs import Outputs
from jaco_safety.supervisor import Supervisor


class Requests:
    """Each method takes a service's request and response, fills the response in and returns it."""

    def __init__(self, supervisor: Supervisor, out: Outputs, is_active: Callable[[], bool], now_ns: Callable[[], int]) -> None:
        """`now_ns`: the steady clock. A stop counts at any time; what follows from it is published while the node is active."""
        self._supervisor, self._out, self._is_active, self._now_ns = supervisor, out, is_active, now_ns

    def stop(self, request: Any, response: Any) -> Any:
        answer = self._supervisor.request_stop("the service /safety/stop")
        if self._is_active():
            self._out.answer(answer)
        response.success, response.message = True, "Stopping; /safety/reset ends the stop once the arm stands still."
        return response

    def reset(self, request: Any, response: Any) -> Any:
        refusal = self._supervisor.request_reset(self._now_ns()) if self._is_active() else "The supervisor is not active."
        response.success = refusal is None
        response.message = refusal or "The stop is over; the next policy command moves the arm."
        if refusal is None:
            self._out.status()
        return response

    def set_mode(self, request: Any, response: Any) -> Any:
        response.success = request.mode in MODE_NAMES
        response.message = f"Mode {request.mode}."
        if not response.success:
            response.message = f"There is no mode '{request.mode}'; choices: {', '.join(MODE_NAMES)}."
            return response
        answer = self._supervisor.set_mode(Mode(request.mode))
        if self._is_active():
            self._out.answer(answer)
        self._out.status()
        return response
