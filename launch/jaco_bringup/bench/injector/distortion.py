"""What can go wrong with a stream of messages, without ROS: message in, messages out, each with the time it is due."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jaco_core.errors import ConfigError
from jaco_core.units import NS_PER_S, seconds_to_ns


@dataclass(frozen=True)
class Order:
    """Distort `stream` by `kind` from now on. `value`: [s] for delay and jump; `values`: joint velocities [rad/s] for push."""

    stream: str
    kind: str
    value: float = 0.0
    values: tuple[float, ...] = ()

    def to_json(self) -> str:
        return json.dumps({"stream": self.stream, "kind": self.kind, "value": self.value, "values": list(self.values)})

    @staticmethod
    def from_json(text: str) -> Order:
        data = json.loads(text)
        return Order(data["stream"], data["kind"], float(data["value"]), tuple(data["values"]))


@dataclass(frozen=True)
class Due:
    """A message to publish at `due_ns` on the steady clock."""

    due_ns: int
    message: Any


class Distortion:
    """Distorts one stream. `numbers`: the field with the message's numbers, `names`: that with its joint names, "" for none."""

    def __init__(self, numbers: str = "", names: str = "") -> None:
        self._numbers, self._names = numbers, names
        self._order = Order("", "none")
        self._kept: Any = None
        self._kinds: dict[str, Callable[[Any, int], list[Due]]] = {
            "none": lambda message, now_ns: [Due(now_ns, message)],
            "drop": lambda message, now_ns: [],
            "delay": lambda message, now_ns: [Due(now_ns + seconds_to_ns(self._order.value), message)],
            "duplicate": lambda message, now_ns: [Due(now_ns, message), Due(now_ns, message)],
            "reorder": self._reorder,
            "freeze": self._freeze,
            "still": self._still,
            "jump": self._jump,
            "nan": lambda message, now_ns: self._changed(message, now_ns, lambda values: [float("nan"), *values[1:]]),
            "inf": lambda message, now_ns: self._changed(message, now_ns, lambda values: [float("inf"), *values[1:]]),
            "short": lambda message, now_ns: self._changed(message, now_ns, lambda values: values[:-1]),
            "push": lambda message, now_ns: self._changed(message, now_ns, lambda values: list(self._order.values)),
            "misname": self._misname,
        }

    def order(self, order: Order) -> None:
        """Distorts as `order` says from the next message on.

        Raises:
            ConfigError: no such kind.
        """
        if order.kind not in self._kinds:
            raise ConfigError(f"There is no distortion '{order.kind}'; choices: {', '.join(self._kinds)}.")
        self._order, self._kept = order, None

    def apply(self, message: Any, now_ns: int) -> list[Due]:
        """Returns what becomes of `message` that came in at `now_ns`."""
        return self._kinds[self._order.kind](message, now_ns)

    def _reorder(self, message: Any, now_ns: int) -> list[Due]:
        """Every second message overtakes the one before it."""
        if self._kept is None:
            self._kept = message
            return []
        first, self._kept = self._kept, None
        return [Due(now_ns, message), Due(now_ns, first)]

    def _freeze(self, message: Any, now_ns: int) -> list[Due]:
        """The same message again and again."""
        self._kept = self._kept or message
        return [Due(now_ns, self._kept)]

    def _still(self, message: Any, now_ns: int) -> list[Due]:
        """The same content again and again, under the stamp of what came."""
        self._kept = self._kept or message
        changed = copy.deepcopy(self._kept)
        changed.header = message.header
        return [Due(now_ns, changed)]

    def _jump(self, message: Any, now_ns: int) -> list[Due]:
        stamp = message.header.stamp
        moved_ns = stamp.sec * NS_PER_S + stamp.nanosec + seconds_to_ns(self._order.value)
        changed = copy.deepcopy(message)
        changed.header.stamp.sec, changed.header.stamp.nanosec = divmod(max(moved_ns, 0), NS_PER_S)
        return [Due(now_ns, changed)]

    def _changed(self, message: Any, now_ns: int, change: Callable[[list[float]], list[float]]) -> list[Due]:
        changed = copy.deepcopy(message)
        setattr(changed, self._numbers, change(list(getattr(message, self._numbers))))
        return [Due(now_ns, changed)]

    def _misname(self, message: Any, now_ns: int) -> list[Due]:
        changed = copy.deepcopy(message)
        setattr(changed, self._names, [f"other_{name}" for name in getattr(message, self._names)])
        return [Due(now_ns, changed)]
