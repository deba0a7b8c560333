"""The price of robustness on a town in which one site leans on a bridge."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import rescuesim as rs
from rescuesim.network.states import Closure, NetworkState, NetworkStates
from rescuesim.siting.robustness import tail_gain


@pytest.fixture(scope="module")
def ensembles(town: rs.RoadNetwork) -> tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble]:
    """The town with its bridge (way 102) open and shut, to plan on and to judge on."""
    sites = pd.DataFrame({"id": ["south", "north"], "lon": [119.309, 119.325], "lat": [28.700, 28.710]})
    demand = pd.DataFrame({"id": ["a", "b"], "lon": [119.310, 119.328], "lat": [28.704, 28.710], "people": [100, 90]})
    bridge = int(town.road[town.bridge][0])
    made = []
    for shut in (0.5, 0.6):
        states = NetworkStates(
            states=(
                NetworkState(label="open", probability=1 - shut),
                NetworkState(closures=(Closure(road=bridge),), label="shut", probability=shut),
            )
        )
        made.append(rs.travel_times(town, rs.load_sites(sites), rs.load_demand(demand), states=states, cutoff_s=600))
    return made[0], made[1]


def test_a_robust_plan_gives_up_what_it_says_and_brings_what_it_says(
    ensembles: tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble],
) -> None:
    found = rs.robustness_frontier(ensembles[0], [1], tail=0.3, limit_s=100, fresh=ensembles[1])
    rows = found.points.set_index("aim")
    assert found.plans[1, "intact"].opened == ("south",)
    assert found.plans[1, "cvar 0.3"].opened == ("north",)
    robust = rows.loc["cvar 0.3"]
    assert (robust["given_up"], robust["given_up_at_most"], robust["gained"]) == (10, 10, 90)
    assert (robust["tail"], robust["worst"], robust["intact"]) == (90, 90, 90)
    assert rows["status"].tolist() == ["optimal"] * 4
    assert robust["fresh_gained"] == 90
    assert "gives 10 up on intact roads, gains 90" in str(found)


def test_nobody_loses_by_planning_for_the_tail_in_the_states_planned_for(
    ensembles: tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble],
) -> None:
    found = rs.robustness_frontier(ensembles[0], [1, 2], tail=0.3, limit_s=100).points
    assert (found["gained"][found["aim"] == "cvar 0.3"] >= 0).all()
    assert (found["given_up"] >= 0).all()
    assert (found["best_bound"] >= found["objective"] - 1e-9).all()


def test_the_figure_draws_a_line_for_each_number_of_sites(
    ensembles: tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble],
) -> None:
    found = rs.robustness_frontier(ensembles[0], [1, 2], risks=["cvar"], tail=0.3, limit_s=100)
    ax = rs.plot_robustness(found, lang="en")
    assert [words.get_text() for words in ax.get_legend().get_texts()] == ["1 sites", "2 sites"]
    assert "worst 30%" in ax.get_ylabel()


def test_an_interval_covers_what_is_known(ensembles: tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble]) -> None:
    rng = np.random.default_rng(3)
    held = 0
    for seed in range(60):
        first = rng.normal(100, 10, 400)
        both = np.column_stack([first, first + rng.normal(2, 4, 400)])
        gain = rs.tail_gain(both, np.full(400, 1 / 400), tail=0.25, seed=seed)
        # of normals the lower quarter lies 1.271 standard deviations under the mean
        true = 2 - 1.2711 * (math.hypot(10, 4) - 10)
        held += gain.low <= true
    # nine in ten of one-sided 95 % bounds must hold in 60 trials, even with bad luck
    assert held >= 51


def test_what_cannot_be_asked_is_refused_at_once(
    ensembles: tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble],
) -> None:
    with pytest.raises(rs.InputError, match=r"n_sites \[0\].*risks \['bold'\].*tail 2"):
        rs.robustness_frontier(ensembles[0], [0], risks=["bold"], tail=2.0)
    with pytest.raises(rs.InputError, match="expected TravelTimesEnsemble"):
        rs.robustness_frontier(ensembles[0].intact, [1])  # type: ignore[arg-type]
    with pytest.raises(rs.InputError, match="expected 2 plans"):
        rs.tail_gain(np.zeros((3, 3)), np.full(3, 1 / 3))


def test_impossible_states_do_not_spoil_the_bootstrap() -> None:
    covered = np.array([[1.0, 2.0], [3.0, 3.0], [9.0, 0.0]])
    gain = tail_gain(covered, np.array([1.0, 0.0, 0.0]))
    assert (gain.gain, gain.low, gain.high) == (1, 1, 1)


@pytest.mark.parametrize(
    ("covered", "chance", "options"),
    [
        ([[1.0, np.nan], [2.0, 3.0]], [0.5, 0.5], {}),
        ([[1.0, 2.0], [2.0, 3.0]], [1.5, -0.5], {}),
        ([[1.0, 2.0], [2.0, 3.0]], [0.5, 0.5], {"tail": 0.0}),
        ([[1.0, 2.0], [2.0, 3.0]], [0.5, 0.5], {"confidence": math.nan}),
    ],
)
def test_a_tail_gain_of_what_is_no_number_is_refused(
    covered: list[list[float]], chance: list[float], options: dict[str, float]
) -> None:
    with pytest.raises(rs.InputError, match="expected"):
        tail_gain(np.array(covered), np.array(chance), **options)


def test_fresh_states_that_cannot_judge_are_refused_before_anything_is_planned(
    ensembles: tuple[rs.TravelTimesEnsemble, rs.TravelTimesEnsemble],
    town: rs.RoadNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rescuesim.siting.robustness.site", lambda *a, **k: pytest.fail("planned"))
    intact = ensembles[0].intact
    states = {
        n: NetworkStates(states=tuple(NetworkState(label=f"{k}", probability=1 / n) for k in range(n))) for n in (1, 2)
    }
    one, short = (
        rs.travel_times(town, intact.sites, intact.demand, states=states[n], cutoff_s=cutoff_s)
        for n, cutoff_s in ((1, 600), (2, 50))
    )
    with pytest.raises(rs.InputError, match="fresh: 1 state, expected 2 or more"):
        rs.robustness_frontier(ensembles[0], [1], limit_s=100, fresh=one)
    with pytest.raises(rs.InputError, match="cut off at 50 s"):
        rs.robustness_frontier(ensembles[0], [1], limit_s=100, fresh=short)
