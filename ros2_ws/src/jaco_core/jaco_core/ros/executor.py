"""An executor that keeps its wait set, for processes of one node.

rclpy's own makes its list of entities, its wait set and a coroutine anew for each callback, which takes several times as long as
most callbacks do. This one does so only when the node's entities change, as rclcpp's StaticSingleThreadedExecutor does. rclpy's
EventsExecutor is faster still, but it queues an event for each message, without bound, and timers behind them: a flood of one
topic, which came faster than it was read, kept a timer of 20 ms from running for 8 s. A watchdog must not depend on what others
publish.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.subscription import Subscription
from rclpy.waitable import NumberOfEntities

from jaco_core.ros.polling import NeverExecuted

# What this needs of rclpy's executor beyond its interface; versions after Kilted keep their tasks elsewhere.
_PARTS = ("_context", "_guard", "_is_shutdown", "_tasks", "_tasks_lock")
# How often what is rare, which is events of the middleware, is looked for [s].
_RARE_PERIOD_S = 0.2

_Callback = tuple[Callable[[Any], None], Any]
"""What runs an entity that is ready, and that entity."""


class StaticExecutor(SingleThreadedExecutor):
    """Runs timers first, then subscriptions in the order of their creation, one message each, before it waits again.

    So no topic keeps another one or a timer waiting for longer than one callback of each. What else there is (services, clients,
    guard conditions, tasks) is left to rclpy's own executor, as are subscriptions and timers while a task is under way.
    Callbacks of subscriptions and timers must be plain functions; those of timers take no argument.
    """

    _tasks: Any

    def __init__(self) -> None:
        self._changed = True
        self._held = ExitStack()
        self._ready: deque[_Callback] = deque()
        self._rare_at = 0.0
        super().__init__()

    def wake(self) -> None:
        """Called, by any thread, when the node's entities have changed."""
        self._changed = True
        super().wake()

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Lets go of the node's entities, too: until then none is really destroyed."""
        self._let_go()
        return bool(super().shutdown(timeout_sec))

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Runs at most one callback; waits for it at most `timeout_sec`, without bound where that is None.

        Raises:
            ExternalShutdownException: the context was shut down.
        """
        if self._is_shutdown:
            return
        if not self._context.ok():
            raise ExternalShutdownException()
        if self._changed:
            self._take_hold()
        if self._tasks and self._has_tasks():
            super().spin_once(timeout_sec)
        elif self._ready:
            self._run_next()
        elif time.monotonic() >= self._rare_at:
            self._rare_at = time.monotonic() + _RARE_PERIOD_S
            if self._has_events():
                super().spin_once(0.0)
        elif self._wait(_RARE_PERIOD_S if timeout_sec is None else timeout_sec):
            super().spin_once(0.0)
        elif self._ready:
            self._run_next()

    def _has_tasks(self) -> bool:
        with self._tasks_lock:
            self._tasks = [entry for entry in self._tasks if not entry[0].done()]
            return bool(self._tasks)

    def _let_go(self) -> None:
        self._ready.clear()
        self._held.close()

    def _take_hold(self) -> None:
        """Makes the wait sets anew. What is in them is not destroyed before it is let go, whatever the node does with it."""
        self._changed = False  # first: what changes meanwhile is looked at in the next turn
        try:
            self._let_go()
            self._make_wait_sets(self.get_nodes(), self._context.handle)
        except BaseException:
            self._changed = True  # a signal's exception, say: half of them is none
            raise

    def _make_wait_sets(self, nodes: list[Node], context: Any) -> None:
        timers = [timer for node in nodes for timer in node.timers]
        subscriptions = [entity for node in nodes for entity in node.subscriptions]
        listened = [entity for entity in subscriptions if not isinstance(entity.callback_group, NeverExecuted)]
        self._guards = [guard for node in nodes for guard in node.guards]
        clients = [client for node in nodes for client in node.clients]
        services = [service for node in nodes for service in node.services]
        for entity in (*timers, *listened, *self._guards, *clients, *services):
            self._held.enter_context(entity.handle)
        self._held.enter_context(context)
        counts = len(listened), len(self._guards) + 1, len(timers), len(clients), len(services), 0
        self._wait_set = wait_set = _rclpy.WaitSet(*counts, context)
        self._held.enter_context(wait_set)
        # By the number that the wait set tells of what is ready.
        self._calls: list[tuple[int, _Callback]] = [(timer.handle.pointer, (self._call, timer)) for timer in timers]
        self._reads: list[tuple[int, _Callback]] = [(entity.handle.pointer, (self._read, entity)) for entity in listened]
        self._additions: list[tuple[Callable[[Any], Any], Any]] = [
            *((wait_set.add_subscription, entity.handle) for entity in listened),
            *((wait_set.add_guard_condition, guard.handle) for guard in self._guards),
            (wait_set.add_guard_condition, self._guard.handle),
            *((wait_set.add_timer, timer.handle) for timer in timers),
            *((wait_set.add_client, client.handle) for client in clients),
            *((wait_set.add_service, service.handle) for service in services),
        ]
        self._watch_for_events(nodes, context)

    def _watch_for_events(self, nodes: list[Node], context: Any) -> None:
        """Makes the wait set of what is rare."""
        waitables = [waitable for node in nodes for waitable in node.waitables]
        self._rare = [each for each in waitables if not isinstance(each.callback_group, NeverExecuted)]
        counts = NumberOfEntities()
        for waitable in self._rare:
            self._held.enter_context(waitable)
            counts += waitable.get_num_entities()
        self._rare_wait_set = _rclpy.WaitSet(
            counts.num_subscriptions,
            counts.num_guard_conditions,
            counts.num_timers,
            counts.num_clients,
            counts.num_services,
            counts.num_events,
            context,
        )
        self._held.enter_context(self._rare_wait_set)

    def _has_events(self) -> bool:
        """Tells whether something rare is there, in a fraction of the time that rclpy's own executor takes to look."""
        wait_set = self._rare_wait_set
        wait_set.clear_entities()
        for waitable in self._rare:
            waitable.add_to_wait_set(wait_set)
        wait_set.wait(0)
        return any(waitable.is_ready(wait_set) for waitable in self._rare)

    def _wait(self, timeout_sec: float) -> bool:
        """Waits and queues the callbacks that are due; tells whether there is something that is left to rclpy's own executor."""
        wait_set = self._wait_set
        wait_set.clear_entities()
        for add, handle in self._additions:
            add(handle)
        wait_set.wait(int(timeout_sec * 1e9))
        if not self._context.ok():
            raise ExternalShutdownException()
        ready = self._ready
        if due := wait_set.get_ready_entities("timer"):
            ready.extend(call for pointer, call in self._calls if pointer in due)
        if arrived := wait_set.get_ready_entities("subscription"):
            ready.extend(read for pointer, read in self._reads if pointer in arrived)
        others = False
        if triggered := wait_set.get_ready_entities("guard_condition"):
            for guard in self._guards:
                if guard.handle.pointer in triggered:
                    others = guard._executor_triggered = True  # rclpy triggers it again: waiting has taken it
        return bool(others or wait_set.get_ready_entities("service") or wait_set.get_ready_entities("client"))

    def _run_next(self) -> None:
        run, entity = self._ready.popleft()
        run(entity)

    def _call(self, timer: Any) -> None:
        # What ran meanwhile may have cancelled it or set it anew.
        if timer.handle.is_timer_ready():
            timer.handle.call_timer()
            timer.callback()

    def _read(self, subscription: Any) -> None:
        taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
        if taken is None:
            return
        if subscription._callback_type is Subscription.CallbackType.MessageOnly:
            subscription.callback(taken[0])
        else:
            subscription.callback(*taken)


def make_executor() -> SingleThreadedExecutor:
    """Returns the executor for a process of one node: the static one where this rclpy lets it be, else rclpy's own."""
    plain = SingleThreadedExecutor()
    if not all(hasattr(plain, part) for part in _PARTS):
        return plain
    plain.shutdown()
    return StaticExecutor()
