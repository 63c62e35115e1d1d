"""What the graph says, as the assembler takes it. The fields are those of the ROS types, live or from a recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaco_learner.embedded.assembly import Judged, PolicyWord


def word_from_message(message: Any) -> PolicyWord:
    """Returns what a PolicyStep says."""
    return PolicyWord(np.array(message.action, np.int64), float(message.log_probability), int(message.policy_version))


def judged_from_message(message: Any) -> Judged:
    """Returns what a SupervisedStep says."""
    return Judged(str(message.source), int(message.changed_ticks))
