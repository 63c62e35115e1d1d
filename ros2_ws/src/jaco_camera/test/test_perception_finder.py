from __future__ import annotations

import cv2
import numpy as np
import pytest
from ball_support import BALL, POSE, RADIUS, SEEN, Screen, draw

from jaco_camera.perception.colour import ColourRange, find_blobs
from jaco_camera.perception.finder import BallFinder
from jaco_core.types import AMBIGUOUS, COVERED, NOT_SEEN, OUTSIDE

JOINTS = np.zeros(9)


def finder(screen: Screen | None = None) -> BallFinder:
    return BallFinder(BALL, POSE, screen or Screen())


@pytest.mark.parametrize("place", [(0.30, -0.15), (0.42, 0.0), (0.55, 0.18)])
def test_a_ball_in_the_open_is_found_to_a_few_millimetres(place: tuple[float, float]) -> None:
    found = finder().find(draw(place), SEEN, JOINTS)
    assert found.position is not None and not found.hidden and not found.reason
    np.testing.assert_allclose(found.position, (*place, RADIUS), atol=0.004)


@pytest.mark.parametrize(
    ("picture", "reason", "words"),
    [
        (draw(), NOT_SEEN, "not to be seen"),
        (draw((0.3, -0.1), (0.5, 0.1)), AMBIGUOUS, "2 things"),
        (draw((0.4, 0.0), radius=0.08), AMBIGUOUS, "times as big"),
        (draw((0.4, 0.0), radius=0.022), NOT_SEEN, "not the arm that covers"),
        (draw((0.4, 0.0), radius=0.005), NOT_SEEN, "not to be seen"),
        (draw((0.10, -0.10)), OUTSIDE, "outside"),
    ],
)
def test_what_is_not_one_ball_in_its_region_has_no_place(picture: np.ndarray, reason: str, words: str) -> None:
    found = finder().find(picture, SEEN, JOINTS)
    assert found.position is None and found.reason == reason and words in found.sentence


def test_behind_the_arm_the_last_place_counts_and_is_marked() -> None:
    screen = Screen()
    eyes = finder(screen)
    before = eyes.find(draw((0.42, 0.05)), SEEN, JOINTS).position
    assert before is not None
    screen.share = 0.0
    hidden = eyes.find(draw(), SEEN, JOINTS)
    assert hidden.hidden and hidden.position is not None
    np.testing.assert_array_equal(hidden.position, before)


def test_half_behind_the_arm_the_last_place_counts_and_not_the_halfs() -> None:
    screen = Screen()
    eyes = finder(screen)
    before = eyes.find(draw((0.42, 0.05)), SEEN, JOINTS).position
    assert before is not None
    screen.share = 0.5
    half = draw((0.42, 0.05))
    half[:, : int(POSE.project(before, SEEN)[0][0])] = 20
    assert np.array_equal(eyes.find(half, SEEN, JOINTS).position, before)
    elsewhere = eyes.find(draw((0.30, -0.15)), SEEN, JOINTS)
    assert elsewhere.position is None and elsewhere.reason == COVERED


def test_a_target_that_is_gone_is_not_remembered() -> None:
    eyes = finder()
    eyes.find(draw((0.42, 0.05)), SEEN, JOINTS)
    gone = eyes.find(draw(), SEEN, JOINTS)
    assert gone.position is None and "has gone from (0.42, 0.05)" in gone.sentence


def test_hidden_without_having_been_seen_is_not_seen() -> None:
    assert finder(Screen(0.0)).find(draw(), SEEN, JOINTS).reason == NOT_SEEN
    assert finder(Screen(0.5)).find(draw((0.4, 0.0)), SEEN, JOINTS).reason == COVERED


def test_a_finger_across_the_ball_leaves_it_one() -> None:
    screen = Screen()
    eyes = finder(screen)
    picture = draw((0.42, 0.05))
    pixel = POSE.project((0.42, 0.05, RADIUS), SEEN)[0].round().astype(int)
    cv2.line(picture, (int(pixel[0]), int(pixel[1]) - 12), (int(pixel[0]), int(pixel[1]) + 12), (20, 20, 20), 1)
    assert len(find_blobs(BALL.colour.mask(picture))) == 2
    found = eyes.find(picture, SEEN, JOINTS)
    assert found.position is not None and np.linalg.norm(found.position - (0.42, 0.05, RADIUS)) < 0.005


def test_hues_go_round() -> None:
    colours = np.array([[(255, 0, 40), (255, 60, 0), (0, 255, 0), (90, 80, 80), (60, 0, 0)]], np.uint8)
    assert (ColourRange(350.0, 30.0, 0.5, 0.25).mask(colours) > 0).tolist() == [[True, True, False, False, False]]
