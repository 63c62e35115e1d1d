"""Does everything that the task needs lie in sight, in the open, and still?"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

import numpy as np

from jaco_core.types import COVERED, SceneSample, Vector
from jaco_core.units import seconds_to_ns


class Stillness:
    """Watches the objects `names`."""

    def __init__(self, names: tuple[str, ...], seconds: float, spread: float, moving: Collection[str] = ()) -> None:
        """They must stay within `spread` [m] for `seconds` [s]; those of them that are `moving` must be seen for so long."""
        self._names, self._span_ns, self._spread, self._moving = names, seconds_to_ns(seconds), spread, frozenset(moving)
        self._seen: deque[SceneSample] = deque()

    def observe(self, scene: SceneSample) -> None:
        """Takes in the newest scene; the stamps of scenes go on."""
        if self._seen and scene.stamp_ns < self._seen[-1].stamp_ns:
            self._seen.clear()
        self._seen.append(scene)
        while len(self._seen) > 1 and self._seen[1].stamp_ns <= scene.stamp_ns - self._span_ns:
            self._seen.popleft()

    @property
    def places(self) -> dict[str, Vector]:
        """Where the objects are now whose place is known [m]."""
        return dict(self._seen[-1].objects) if self._seen else {}

    @property
    def hidden(self) -> bool:
        """The arm covers an object."""
        if not self._seen:
            return False
        covered = {name for name, reason in self._seen[-1].missing.items() if reason == COVERED}
        return bool((covered | set(self._seen[-1].hidden)) & set(self._names))

    def complaint(self) -> str:
        """Returns what is not as it should be, as a sentence, or ""."""
        if not self._seen:
            return "no scene has come yet; do camera and perception run?"
        newest = self._seen[-1]
        for name in self._names:
            if name not in newest.objects:
                return f"the {name} is not where it can be used: {newest.missing.get(name, 'not_seen').replace('_', ' ')}."
            if name in newest.hidden:
                return f"the arm covers the {name}."
        if newest.stamp_ns - self._seen[0].stamp_ns < self._span_ns:
            return "the scene has not been watched long enough yet."
        for name in self._names:
            if any(name not in scene.objects for scene in self._seen):
                return f"the {name} was lost from sight a moment ago."
            places = np.array([scene.objects[name] for scene in self._seen])
            moved = float(np.linalg.norm(places - places[-1], axis=1).max())
            if moved > self._spread and name not in self._moving:
                return f"the {name} moves: {100 * moved:.1f} cm within {self._span_ns / 1e9:.1f} s."
        return ""
