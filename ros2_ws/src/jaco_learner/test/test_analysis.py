"""Sensitivities in cases whose answer is known, and what the program leaves."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import typer
from embedded_support import policy, run
from typer.testing import CliRunner

from jaco_core.errors import ConfigError, ContractError
from jaco_learner import analyse as program
from jaco_learner.analysis import measuring
from jaco_learner.analysis.fisher import fisher_sensitivity, measure_fisher
from jaco_learner.analysis.observations import Observations
from jaco_learner.analysis.perturbation import OCTAVES, PolicyUnderNoise, evaluations, half_noise, perturbation_sensitivity
from jaco_learner.analysis.picture import draw_sensitivities
from jaco_learner.analysis.place import Place, shares
from jaco_learner.analysis.tapped_player import TappedPlayer
from jaco_learner.player import load_player
from jaco_policy.checkpoint import load_checkpoint, save_checkpoint
from jaco_policy.grown import GrownSpec
from jaco_policy.networks import ColumnSpec
from jaco_policy.progressive import ProgressiveNet

REACH = Path(__file__).resolve().parents[4] / "models" / "policies" / "reach"
SEEING = GrownSpec((3, 4), 12)
LAYERS = ("conv1", "conv2", "fc")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Networks as small as these lose time to more, on a busy machine above all."""
    torch.set_num_threads(1)


def grown(*specs: GrownSpec, lstm: int = 0, shaken: bool = True) -> ProgressiveNet:
    """Returns a small network with a column per spec on its first one. `shaken`: no column's heads are as they began."""
    torch.manual_seed(1)
    network = ProgressiveNet(ColumnSpec(convolutions=((4, 8, 4), (6, 5, 2)), hidden=16, lstm=lstm))
    torch.nn.init.orthogonal_(network.columns[0].policy.weight, 1.0)  # type: ignore[arg-type,union-attr]
    for spec in specs:
        network.grow(spec)
        if shaken:
            torch.nn.init.normal_(network.columns[-1].policy.weight, std=0.3)  # type: ignore[arg-type,union-attr]
    return network.eval()


def observed(*lengths: int, felt: int = 0) -> Observations:
    rng = np.random.default_rng(3)
    images = [rng.integers(0, 256, (steps, 64, 64, 3), np.uint8) for steps in lengths]
    return Observations.of_episodes(images, [rng.normal(size=(steps, felt)) for steps in lengths] if felt else None)


def noise_sizes(network: ProgressiveNet, seen: Observations) -> dict[Place, float | None]:
    policy_kept = PolicyUnderNoise(network, seen).kept
    fisher = measure_fisher(network, seen)
    return {
        place: half_noise(lambda size, place=place, each=each: policy_kept(place, each.spread, size), 0.25)
        for place, each in fisher.items()
    }


@pytest.mark.parametrize("ignored", [0, 1])
def test_a_column_that_the_policy_ignores_has_no_sensitivity_and_the_other_one_has_all(ignored: int) -> None:
    # A column just grown adds nothing to what its elder's heads said; without laterals it is the elder that nobody reads.
    network = grown(SEEING, shaken=ignored == 0)
    if ignored == 0:
        last = network.columns[1]
        for lateral in (*last.scales, *last.policy_laterals):  # type: ignore[misc,union-attr]
            torch.nn.init.zeros_(lateral)
        for adapter in last.adapters:  # type: ignore[union-attr]
            torch.nn.init.zeros_(adapter.bias)
    seen = observed(4)
    expected = {Place(column, layer): float(column != ignored) for column in range(2) for layer in LAYERS}
    assert fisher_sensitivity(measure_fisher(network, seen)) == expected
    sizes = noise_sizes(network, seen)
    assert perturbation_sensitivity(sizes) == expected
    assert {place for place, size in sizes.items() if size is None} == {Place(ignored, layer) for layer in LAYERS}


@pytest.mark.parametrize(
    ("lstm", "specs"),
    [
        (0, (SEEING, GrownSpec((), 10, inputs=18, proprioception=8))),
        (8, (GrownSpec((3, 4), 12, lstm=6), GrownSpec((), 10, lstm=5, inputs=18, proprioception=8))),
    ],
)
def test_over_the_columns_of_a_layer_it_adds_up_to_one(lstm: int, specs: tuple[GrownSpec, ...]) -> None:
    network = grown(*specs, lstm=lstm)
    fisher = measure_fisher(network, observed(3, 5, felt=18))
    totals: dict[str, float] = {}
    for place, value in fisher_sensitivity(fisher).items():
        assert value is not None and value >= 0.0
        totals[place.layer] = totals.get(place.layer, 0.0) + value
    layers = {*LAYERS, "proprioception"} | ({"lstm"} if lstm else set())
    assert totals == dict.fromkeys(layers, pytest.approx(1.0))
    # The third column sees through the others alone.
    assert {place.layer for place in fisher if place.column == 2} == layers - {"conv1", "conv2"}
    assert [len(fisher[Place(column, "fc")].diagonal) for column in range(3)] == [16, 12, 10]


def test_the_fisher_information_of_what_the_heads_read_is_the_one_by_hand() -> None:
    network, seen = grown(SEEING), observed(7)
    each = measure_fisher(network, seen)[Place(1, "fc")]
    with torch.no_grad():
        output, _, layers = network.trace(seen.images, None, ~seen.valid, None)
    p, h = torch.softmax(output.logits, -1).double(), layers[1].features.double()
    weight = network.columns[1].policy.weight.detach().double().view(9, 3, 12)  # type: ignore[operator,union-attr]
    mean = torch.einsum("njc,jcm->njm", p, weight)
    variance_of_scores = torch.einsum("njc,jcm->njm", p, weight.square()) - mean.square()
    spread = h.std(0, correction=0)
    np.testing.assert_allclose(each.spread, spread, rtol=1e-5)
    np.testing.assert_allclose(each.diagonal, spread.square() * variance_of_scores.sum(1).mean(0), rtol=1e-4)


@pytest.mark.parametrize("lstm", [0, 8])
def test_a_little_noise_costs_the_policy_what_the_fisher_information_says(lstm: int) -> None:
    network, seen = grown(GrownSpec((3, 4), 12, lstm=6 if lstm else 0), lstm=lstm), observed(12, 12, 12, 12)
    fisher, kept = measure_fisher(network, seen), PolicyUnderNoise(network, seen).kept
    size = 0.03
    for place, each in fisher.items():
        cost = -math.log(kept(place, each.spread, size))
        assert cost == pytest.approx(0.5 * size**2 * each.diagonal.sum(), rel=0.25), place


def test_what_comes_after_an_episode_s_end_does_not_count() -> None:
    network, seen = grown(SEEING), observed(2, 5)
    ends = seen.valid.T
    alone = Observations.of_episodes([seen.images[: int(own.sum()), index].numpy() for index, own in enumerate(ends)][::-1])
    seen.images[~seen.valid] = 200
    one, other = measure_fisher(network, seen), measure_fisher(network, alone)
    assert seen.count == 7
    for place, each in one.items():
        np.testing.assert_allclose(each.diagonal, other[place].diagonal, rtol=1e-4)
    place = Place(0, "conv2")
    kept = [PolicyUnderNoise(network, some).kept(place, one[place].spread, 1e-6) for some in (seen, alone)]
    assert kept == [pytest.approx(1.0, abs=1e-6)] * 2
    with pytest.raises(ConfigError, match="needs observations, got 1 episodes without any"):
        observed(0)


def test_bisection_finds_half_and_says_what_is_insensitive() -> None:
    asked: list[float] = []

    def kept(size: float) -> float:
        asked.append(size)
        return math.exp(-((size / 0.7) ** 2))

    expected = 0.7 * math.sqrt(math.log(2.0))
    found = half_noise(kept, 1.0 / 64.0)
    assert found is not None and abs(math.log2(found / expected)) <= 1.0 / 128.0
    assert len(asked) == evaluations(1.0 / 64.0) == 11
    assert half_noise(lambda size: 0.9, 0.25) is None
    assert half_noise(lambda size: 0.1, 0.25) == pytest.approx(2.0 ** OCTAVES[0], rel=0.1)
    sizes = {Place(0, "fc"): 0.5, Place(1, "fc"): 1.0, Place(2, "fc"): None, Place(0, "conv1"): None}
    assert list(perturbation_sensitivity(sizes).values()) == [0.8, 0.2, 0.0, None]
    assert shares({Place(0, "fc"): 0.0, Place(1, "fc"): 0.0}) == {Place(0, "fc"): None, Place(1, "fc"): None}


def test_a_layer_without_a_value_can_be_drawn(tmp_path: Path) -> None:
    values = {Place(0, "conv1"): None, Place(0, "fc"): 0.25, Place(1, "fc"): 0.75}
    draw_sensitivities(tmp_path / "some.png", "some", {"one": values, "other": values})
    picture = cv2.imread(str(tmp_path / "some.png"))
    assert picture is not None and len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def run_program(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(program.main)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, " ".join(result.output.split())


def test_the_program_leaves_figures_and_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_POLICY_RESOLUTION", 8.0)
    monkeypatch.setattr(measuring, "_SCORE_RESOLUTION", 8.0)
    base = load_checkpoint(REACH)
    base.network.grow(GrownSpec((2, 2), 8))
    card = save_checkpoint(tmp_path / "grown", base.card, base.network)
    code, output = run_program(str(tmp_path / "grown"), "--out", str(tmp_path / "out"), "--episodes", "3", "--profile", "nominal")
    assert code == 0, output
    told = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert (told["policy"], told["sha256"], told["profile"]) == ("reach", card.sha256, "nominal")
    assert told["observations"] == 150 and told["mean_return"] > 10.0 and len(told["layers"]) == 6
    for each in told["layers"]:
        own = float(each["column"] == 1)
        assert (each["afs"], each["aps_policy"], each["aps_score"]) == (own, own, own)
        assert (each["half_noise_policy"] is None, each["half_noise_score"] is None) == (not own, not own)
        assert len(each["fisher"]) == len(each["spread"])
    assert cv2.imread(str(tmp_path / "out" / "analysis.png")) is not None


@pytest.mark.parametrize("felt", [0, 18])
def test_recorded_episodes_serve_as_well(tmp_path: Path, felt: int, capsys: pytest.CaptureFixture[str]) -> None:
    base = policy(tmp_path / "base")
    base.network.grow(GrownSpec((3, 4), 12, inputs=felt, proprioception=felt // 3))
    save_checkpoint(tmp_path / "grown", base.card, base.network)
    runs = [run(0, steps=3), run(1, steps=5)]
    program.report_runs(tmp_path / "grown", tmp_path / "out", runs, "a run")
    told = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert (told["recording"], told["episodes"], told["observations"]) == ("a run", 2, 8)
    assert told["mean_return"] == np.mean([each.total_reward for each in runs])
    assert all(each["afs"] == float(each["column"] == 1) for each in told["layers"] if each["layer"] in LAYERS)
    assert {each["layer"] for each in told["layers"]} == {*LAYERS, *(["proprioception"] if felt else [])}
    assert ("insensitive" in capsys.readouterr().out) is bool(felt)


def test_what_cannot_be_compared_is_refused_in_a_sentence(tmp_path: Path) -> None:
    code, output = run_program(str(REACH), "--out", str(tmp_path / "out"))
    assert code == 1 and not (tmp_path / "out").exists()
    assert output.startswith("analyse: Policy 'reach' has a single column, so there is nothing to compare; give one that grew")
    base = policy(tmp_path / "base")
    base.network.grow(GrownSpec((), 8, inputs=18, proprioception=4))
    save_checkpoint(tmp_path / "feels", base.card, base.network)
    with pytest.raises(ContractError, match="'tiny' reads proprioception"):
        TappedPlayer.of(load_player(tmp_path / "feels"))


def test_a_policy_that_earns_nothing_has_no_score_to_lose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = policy(tmp_path / "base")
    base.network.grow(SEEING)
    save_checkpoint(tmp_path / "grown", base.card, base.network)
    monkeypatch.setattr(measuring, "_observe", lambda *arguments: (observed(2), [0.0]))
    monkeypatch.setattr(measuring, "_mean_return", lambda *arguments: 0.0)
    with pytest.raises(ContractError, match=r"'tiny' earns 0.0 in these episodes, .* give --no-score, or another --profile"):
        measuring.analyse(load_player(tmp_path / "grown"), None, 1)  # type: ignore[arg-type]
