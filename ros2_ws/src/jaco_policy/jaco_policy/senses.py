"""What a policy observes when its camera takes an image: every view, and the joints where it feels them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jaco_core.types import RgbImage, Vector
from jaco_policy.felt import Felt
from jaco_policy.seen import Seen

JOINTS = "/joint_states"
Observed = tuple[NDArray[np.uint8], Vector | None]
"""The policy's picture, shape (64, 64, channels), and joint angles and velocities, shape (2n,), where it feels them."""


class Senses:
    """Brings together what belongs to an image.

    `missing`: the topics on which nothing did when it was last looked for; `hopeless`: one of them is beyond the image already.
    """

    def __init__(self, seen: Seen, felt: Felt | None) -> None:
        self._seen, self._felt = seen, felt
        self.missing: tuple[str, ...] = ()
        self.hopeless = False

    def at(self, stamp_ns: int, image: RgbImage, feels: bool) -> Observed | None:
        """Returns what was observed when `image` was taken, None while that is not known, or for good. `feels`: the joints, too.

        Raises:
            ContractError: a view or a joint state is not what it must be.
        """
        picture = self._seen.at(stamp_ns, image)
        missing, self.hopeless = self._seen.missing, self._seen.passed(stamp_ns)
        felt = None
        if feels:
            assert self._felt is not None
            felt = self._felt.at(stamp_ns)
            if felt is None:
                missing, self.hopeless = (*missing, JOINTS), self.hopeless or self._felt.passed(stamp_ns)
        self.missing = missing
        return None if picture is None or missing else (picture, felt)
