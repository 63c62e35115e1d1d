"""A ROS domain is held by one runner at a time."""

from pathlib import Path

import pytest

from jaco_core import domain as module
from jaco_core.domain import HIGHEST_DOMAIN, DomainTaken, RosDomain, take_domain, take_random_domain
from jaco_core.errors import ConfigError


def test_a_taken_domain_is_refused_and_free_again_after_release(tmp_path: Path) -> None:
    with RosDomain(86, tmp_path), pytest.raises(DomainTaken, match="ROS domain 86 is taken by another jaco graph"):
        RosDomain(86, tmp_path)
    RosDomain(86, tmp_path).release()


def test_without_a_number_the_first_free_domain_is_taken(tmp_path: Path) -> None:
    with take_domain(None, tmp_path) as first, take_domain(None, tmp_path) as second:
        assert (first.number, second.number) == (0, 1)


@pytest.mark.parametrize("number", [-1, HIGHEST_DOMAIN + 1])
def test_a_domain_out_of_range_is_refused(tmp_path: Path, number: int) -> None:
    with pytest.raises(ConfigError, match=f"ROS domain {number} is out of range"):
        take_domain(number, tmp_path)


def test_release_may_be_called_twice(tmp_path: Path) -> None:
    domain = RosDomain(86, tmp_path)
    domain.release()
    domain.release()


def test_a_random_domain_comes_without_leftovers(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[bool] = []
    monkeypatch.setattr(module, "clean", lambda: cleaned.append(True))
    with take_random_domain() as taken:
        assert cleaned and 1 <= taken.number <= HIGHEST_DOMAIN
        with pytest.raises(DomainTaken):
            RosDomain(taken.number)
