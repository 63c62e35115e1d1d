"""Who is told of what: the subscriptions of the emulated base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaco_driver.emulator.refusal import Refusal
from jaco_driver.emulator.sessions import Session
from jaco_driver.kortex_wire.codes import FrameType, SubError
from jaco_driver.kortex_wire.frames import Frame


@dataclass(frozen=True)
class Subscription:
    """One client's wish to be told of `topic`, the unique number of a topic's function. Its `handle` marks the notifications."""

    handle: int
    topic: int
    session: Session

    def frame(self, notification: Any) -> Frame:
        """Returns the frame that carries `notification` to the client."""
        return Frame(FrameType.NOTIFICATION, self.session.number, self.handle, self.topic, notification.SerializeToString())


class Subscriptions:
    """All subscriptions, by handle."""

    def __init__(self) -> None:
        self._entries: dict[int, Subscription] = {}
        self._last = 0

    def add(self, topic: int, session: Session) -> Subscription:
        """Returns a new subscription."""
        self._last = self._last % 0xFFFF + 1
        self._entries[self._last] = subscription = Subscription(self._last, topic, session)
        return subscription

    def remove(self, handle: int, session: Session) -> None:
        """Ends a subscription. Raises Refusal when the session has none with that handle."""
        found = self._entries.get(handle)
        if found is None or found.session is not session:
            raise Refusal(SubError.ENTITY_NOT_FOUND, f"There is no subscription {handle}.")
        del self._entries[handle]

    def of(self, topic: int) -> list[Subscription]:
        """Returns who is to be told of `topic`, and forgets those whose connection is closed."""
        for subscription in list(self._entries.values()):
            if not subscription.session.connection.open:
                del self._entries[subscription.handle]
        return [subscription for subscription in self._entries.values() if subscription.topic == topic]
