"""The video of a run's best policy: when one is made, what is in it, and that nothing of the run's learning depends on it."""

from __future__ import annotations

import json
from pathlib import Path

import imageio.v2 as imageio
import pytest
import torch
from embedded_support import policy

from jaco_core.types import ENDED, EpisodeStatus
from jaco_learner.film import NOTE_FILE, VIDEO_FILE, BestFilm, Filmed
from jaco_learner.player import Player
from jaco_sim.scene import Scene
from jaco_sim.simulation import make_scene

LONG_S = 1e4


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene()


def test_a_film_shows_an_episode_and_draws_no_random_number(tmp_path: Path, scene: Scene) -> None:
    policy(tmp_path)
    film = BestFilm(scene, tmp_path)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    assert film.consider(5000, 12.5, LONG_S, last=False)
    assert torch.equal(torch.get_rng_state(), before)
    assert film.filmed is not None and (film.filmed.frames, film.filmed.training_return) == (5000, 12.5)
    with imageio.get_reader(tmp_path / VIDEO_FILE) as reader:
        assert 2 <= reader.count_frames() <= scene.task.max_steps + 1
        first = reader.get_data(0)
    # The camera's picture and the scene, of a light table, beside each other.
    assert first[100:250, :256].mean() > 50.0 and first[100:250, 256:].mean() > 50.0
    assert set(tmp_path.iterdir()) == {tmp_path / name for name in (VIDEO_FILE, NOTE_FILE, "card.json", "policy.safetensors")}
    resumed, anew = BestFilm(scene, tmp_path), BestFilm(scene, tmp_path)
    resumed.resume()
    assert resumed.filmed == film.filmed and not resumed.consider(9000, 12.0, LONG_S, last=True)
    assert (tmp_path / VIDEO_FILE).is_file()
    assert not anew.consider(1, 0.0, LONG_S, last=True) and not (tmp_path / VIDEO_FILE).exists(), "it was another run's"


def test_only_a_better_policy_is_filmed_and_only_when_there_is_time(
    tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(tmp_path)
    played: list[str] = []

    def pretend(film: BestFilm, player: Player) -> EpisodeStatus:
        played.append(player.name)
        return EpisodeStatus(0, "reach", ENDED, step=50, episode_return=40.0, success=True)

    monkeypatch.setattr(BestFilm, "_film", pretend)
    film = BestFilm(scene, tmp_path)
    assert not film.consider(1, 0.0, LONG_S, last=False), "nothing was earned yet"
    assert not film.consider(2, 9.0, 100.0, last=False), "two seconds are more than a hundredth of 100 s"
    assert not film.consider(3, 9.0, 20.0, last=True), "the run is short"
    assert film.consider(4, 9.0, 250.0, last=False)
    assert not film.consider(5, 9.0, LONG_S, last=True) and not film.consider(6, 8.0, LONG_S, last=True)
    film._spent_s = 5.0
    assert not film.consider(7, 10.0, 600.0, last=False)
    assert film.consider(8, 10.0, 600.0, last=True)
    assert film.filmed == Filmed(8, 10.0, 40.0, True) and played == ["tiny", "tiny"]
    assert json.loads((tmp_path / NOTE_FILE).read_text())["episode_return"] == 40.0


def test_a_film_that_fails_is_told_of_once_and_harms_nothing(
    tmp_path: Path, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    film = BestFilm(scene, tmp_path / "nothing")
    for _ in range(2):
        assert not film.consider(1, 9.0, LONG_S, last=True)
    told = capsys.readouterr().err
    assert told.startswith("No video of the best policy is made: There is no policy in") and told.count("\n") == 1
