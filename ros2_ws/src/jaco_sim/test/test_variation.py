"""What may vary, by name and range, and how an episode is drawn."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from jaco_core.errors import ConfigError
from jaco_sim.profiles import load_profile, profile_names
from jaco_sim.variation import FACTORS, GROUPS, Variation, draw_variation, parse_ranges

EXAMPLES = {
    "target_shape": ["box", "sphere"],
    "payload": [0.1, 0.3],
    "light_tint": [[0.9, 1.0, 1.0], [0.9, 1.0, 1.2]],
    "joint_gain": [0.5, 2.0],
}


def test_an_episode_is_a_pure_function_of_ranges_and_seed() -> None:
    ranges = parse_ranges(EXAMPLES, "here")
    draws = [draw_variation(ranges, seed) for seed in range(200)]
    assert draws == [draw_variation(ranges, seed) for seed in range(200)]
    assert {draw.target_shape for draw in draws} == {"box", "sphere"}
    payloads = np.array([draw.payload for draw in draws])
    assert payloads.min() > 0.1 and payloads.max() < 0.3 and np.ptp(payloads) > 0.15
    tint = np.array([draw.light_tint for draw in draws])
    np.testing.assert_array_equal(tint[:, :2], np.tile([0.9, 1.0], (200, 1)))
    assert np.ptp(tint[:, 2]) > 0.15
    gains = np.array([draw.joint_gain for draw in draws])
    assert np.ptp(gains, axis=1).min() > 0.3  # each joint has its own


def test_a_factor_s_draw_does_not_depend_on_the_other_factors() -> None:
    both, one = parse_ranges(EXAMPLES, "here"), parse_ranges({"payload": EXAMPLES["payload"]}, "here")
    assert draw_variation(both, 5).payload == draw_variation(one, 5).payload
    assert draw_variation(one, 5).target_shape == Variation().target_shape


def test_without_ranges_nothing_varies() -> None:
    assert draw_variation((), 3) == Variation()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"gravity": 3}, "here: there is no factor 'gravity'; known: target_color"),
        ({"payload": [0.3, 0.1]}, "payload is \\[0.3, 0.1\\]; it must rise and lie within 0.0 and 2.0"),
        ({"payload": 9.0}, "payload is 9.0; it must rise and lie within"),
        ({"payload": float("nan")}, "payload is nan; it must rise"),
        ({"payload": "heavy"}, "payload is heavy; give \\[low, high\\] with 1 number"),
        ({"camera_shift": [[0.0, 0.1], [0.0, 0.1]]}, "give \\[low, high\\] with 3 number"),
        ({"target_shape": ["cube"]}, "target_shape is \\['cube'\\]; it may be any of sphere"),
        ({"target_shape": []}, "it may be any of"),
    ],
)
def test_mistakes_are_told(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_ranges(data, "here")


@pytest.mark.parametrize("name", profile_names(held_out=True))
def test_every_profile_loads_under_its_name(name: str) -> None:
    profile = load_profile(name, held_out=True)
    assert profile.name == name and profile.description
    assert set(asdict(draw_variation(profile.ranges, 0))) == set(FACTORS)


def test_randomized_varies_everything_and_one_group_alone_when_asked() -> None:
    profile = load_profile("randomized")
    assert {entry.factor for entry in profile.ranges} == set(FACTORS)
    for group in GROUPS:
        alone = profile.only(group)
        assert alone.ranges and {entry.group for entry in alone.ranges} == {group}


def test_twins_are_given_only_to_those_who_ask() -> None:
    twins = set(profile_names(held_out=True)) - set(profile_names())
    assert {"twin-1", "twin-2"} <= twins
    for name in twins:
        with pytest.raises(ConfigError, match=f"Profile '{name}' is held out: .*nothing may be trained on it"):
            load_profile(name)


@pytest.mark.parametrize("name", ["twin-1", "twin-2"])
def test_twins_differ_from_nominal_in_every_group(name: str) -> None:
    nominal, twin = load_profile("nominal"), load_profile(name, held_out=True)
    assert twin.policy_camera != nominal.policy_camera and twin.light != nominal.light
    assert twin.table_color != nominal.table_color and twin.target_color != nominal.target_color
    drawn, neutral = draw_variation(twin.ranges, 0), Variation()
    for factor in ("joint_friction", "joint_damping", "joint_gain", "payload", "command_delay", "image_delay", "image_noise"):
        assert getattr(drawn, factor) != getattr(neutral, factor)
