"""Conversions."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from jaco_core.units import ns_to_seconds, seconds_to_ns, wrap_angle


@given(st.integers(0, 10**17))
def test_seconds_and_back_within_float_resolution(nanoseconds: int) -> None:
    assert abs(seconds_to_ns(ns_to_seconds(nanoseconds)) - nanoseconds) <= max(1, nanoseconds * 2**-51)


@given(st.floats(-1e3, 1e3))
def test_a_wrapped_angle_is_the_same_direction(angle: float) -> None:
    wrapped = wrap_angle(angle)
    assert -math.pi <= wrapped <= math.pi
    assert math.isclose(math.cos(wrapped), math.cos(angle), abs_tol=1e-9)
    assert math.isclose(math.sin(wrapped), math.sin(angle), abs_tol=1e-9)
