"""After a reset or a hand-over motion is withheld, then ramped."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_safety.reasons import Reason
from jaco_safety.resumption import Resumption

SECOND = 1_000_000_000


@pytest.fixture
def resumption() -> Resumption:
    return Resumption(("a", "b"), 0.1, 0.5)


def test_at_first_nothing_is_withheld_or_scaled(resumption: Resumption) -> None:
    assert resumption.withheld is None
    assert resumption.share(0, 0) == (1.0, None)


def test_withheld_until_command_and_measurement_agree(resumption: Resumption) -> None:
    resumption.begin("reset")
    assert resumption.withheld is not None
    resumption.observe(np.zeros(2), None)
    assert resumption.withheld is not None
    resumption.observe(np.zeros(2), np.array([0.05, -0.2]))
    withheld = resumption.withheld
    assert withheld is not None and (withheld.subject, withheld.value, withheld.bound) == ("b", 0.2, 0.1)
    resumption.observe(np.zeros(2), np.array([0.05, -0.1]))
    assert resumption.withheld is None


def test_share_grows_from_the_first_command_that_is_used(resumption: Resumption) -> None:
    resumption.begin("reset")
    assert resumption.share(10 * SECOND, 10 * SECOND)[0] == 0.0
    share, evidence = resumption.share(10 * SECOND + SECOND // 10, 10 * SECOND + SECOND // 4)
    assert share == pytest.approx(0.5)
    assert evidence is not None and evidence.reason is Reason.RAMP_UP and evidence.value == pytest.approx(0.25)
    assert resumption.share(11 * SECOND, 11 * SECOND) == (1.0, None)
