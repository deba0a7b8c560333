"""Side conditions of a siting: each kind by hand, contradictions in one message, and the smallest relaxation."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from oracles_siting_conditions import binomial_at_least

from rescuesim.errors import InputError
from rescuesim.siting import (
    CapacitatedMedian,
    CrewStaffing,
    GroupLimit,
    MaxCoverage,
    MinMeanTime,
    MinSites,
    Separation,
    SitingConstraints,
    Subsidy,
    muster_probability,
    people_needed,
    roster_for,
    site,
)
from rescuesim.siting.separation import cliques
from rescuesim.siting.whole_rows import as_decimal, at_most_row
from rescuesim.travel import TravelTimes


def alone(weights: list[int], *, townships: list[str] | None = None, **sites: list[object]) -> TravelTimes:
    """Sites that each reach one point of their own."""
    n = len(weights)
    matrix = np.where(np.eye(n, dtype=bool), 10.0, 999.0)
    demand = {"id": [f"d{i}" for i in range(n)], "people": weights}
    return TravelTimes.from_matrix(
        matrix,
        sites=pd.DataFrame({"id": [f"s{j}" for j in range(n)], **sites}),
        demand=pd.DataFrame(demand | ({"township": townships} if townships else {})),
    )


def opened(times: TravelTimes, n_sites: int = 3, **asked: object) -> tuple[str, ...]:
    solution = site(times, MaxCoverage(n_sites), limit_s=100, constraints=SitingConstraints(**asked))  # type: ignore[arg-type]
    assert solution.status == "optimal", solution.message
    return solution.opened


def test_required_sites_open_and_closed_ones_stay_shut() -> None:
    times = alone([9, 5, 1, 7])
    assert opened(times, 2, required=["s2"], closed=["s0"]) == ("s2", "s3")


def test_existing_sites_may_move_but_no_more_than_asked() -> None:
    times = alone([1, 2, 8, 9], status=["existing", "existing", "candidate", "candidate"])
    assert opened(times, 2) == ("s0", "s1")
    assert opened(times, 2, existing="free") == ("s2", "s3")
    assert opened(times, 2, existing="free", max_relocated=1) == ("s1", "s3")
    assert opened(times, 2, existing="free", max_relocated=0) == ("s0", "s1")


def test_at_most_so_many_new_sites_are_opened() -> None:
    times = alone([1, 9, 8, 7], status=["existing", "candidate", "candidate", "candidate"])
    assert opened(times, 4, n_new_sites=2) == ("s0", "s1", "s2")


def test_a_budget_holds_to_the_cent() -> None:
    times = alone([5, 5, 6], cost=[0.1, 0.2, 0.3])
    assert opened(times, budget=0.3) == ("s0", "s1")  # 0.1 + 0.2 > 0.3 in floating point
    assert opened(times, budget=0.29) == ("s0",)


def test_amounts_of_more_digits_than_a_whole_number_holds_are_kept_to_the_last_one() -> None:
    times = alone([5, 6], cost=[1e11 + 1 / 3, 2e11 + 1 / 7])
    asked = SitingConstraints(budget=3e11 + 1)
    solution = site(times, MaxCoverage(2), limit_s=100, constraints=asked)
    assert solution.opened == ("s0", "s1")
    assert "digit by digit" in solution.notes[0]
    exactly = SitingConstraints(budget=2e11 + 1 / 7)
    assert site(times, MaxCoverage(2), limit_s=100, constraints=exactly).opened == ("s1",)
    a_hair_less = SitingConstraints(budget=math.nextafter(2e11 + 1 / 7, 0))
    assert site(times, MaxCoverage(2), limit_s=100, constraints=a_hair_less).opened == ("s0",)


def test_a_subsidy_lowers_what_a_site_costs_up_to_its_cap() -> None:
    times = alone([5, 6, 20], cost=[10, 10, 40], host=["village", "township", "village"])
    half = Subsidy(name="half", share=0.5, cap=8, hosts=["village"])
    assert opened(times, budget=15, subsidies=[half]) == ("s0", "s1")  # 5 + 10
    assert opened(times, budget=32, subsidies=[half]) == ("s2",)  # 40 - 8
    assert opened(times, budget=31, subsidies=[half]) == ("s0", "s1")


def test_a_fund_runs_dry_and_the_bureau_pays_the_rest() -> None:
    times = alone([5, 6, 7], cost=[10, 10, 10])
    prize = Subsidy(name="prize", amount=5, fund=8)
    assert len(opened(times, budget=22, subsidies=[prize])) == 3  # 30 - 8
    assert len(opened(times, budget=21, subsidies=[prize])) == 2  # 20 - 8
    with pytest.raises(InputError, match="fund"):
        site(times, MaxCoverage(n_sites=2, budget=9), limit_s=100, constraints=SitingConstraints(subsidies=[prize]))


def test_the_roster_of_a_crew_is_the_shortest_that_musters_by_the_exact_binomial() -> None:
    for crew, chance, sure in ((1, "1/2", "0.9"), (5, "7/20", "0.9"), (4, "1/2", "0.95"), (3, "19/20", "0.99")):
        p, confidence = Fraction(chance), Fraction(sure)
        roster = roster_for(crew, float(p), float(confidence))
        assert binomial_at_least(roster, crew, p) >= confidence
        assert binomial_at_least(roster - 1, crew, p) < confidence
        assert muster_probability(roster, crew, float(p)) == pytest.approx(float(binomial_at_least(roster, crew, p)))


def test_shift_crews_add_up_and_crews_on_call_are_counted_once() -> None:
    chances = {"day": 0.5, "night": 0.25}
    day, night = roster_for(2, 0.5, 0.9), roster_for(2, 0.25, 0.9)
    shifts = CrewStaffing(crew_size=2, roster_min=0, by_shift=True, turn_out=chances)
    on_call = CrewStaffing(crew_size=2, roster_min=0, by_shift=False, turn_out=chances)
    assert shifts.people(1, ("day", "night"), 0.9) == day + night
    assert on_call.people(1, ("day", "night"), 0.9) == night
    assert on_call.people(1, ("day",), 0.9) == day


def test_people_are_scarce_and_a_roster_that_is_too_short_is_said() -> None:
    times = alone([9, 5, 5], crew=["brigade", "village_on_call", "village_on_call"], roster=[0, 12, 40])
    need, notes = people_needed(times.sites)
    assert need.tolist() == [15, 18, 40]
    assert "site s1: 12 people on the roster, 18 needed" in notes[0]
    assert opened(times, people=33) == ("s0", "s1")
    assert opened(times, people=32) == ("s0",)
    assert opened(times, 2, people=29, staffed_shifts=["day"], closed=["s0"]) == ("s1",)
    with pytest.raises(InputError, match="dawn"):
        opened(times, people=32, staffed_shifts=["dawn"])


def test_every_township_has_at_least_one_and_no_host_more_than_asked() -> None:
    times = alone([9, 8, 1, 7], township=["A", "A", "B", "A"], host=["village", "village", "village", "enterprise"])
    assert opened(times, 2, groups=[GroupLimit(per="township", at_least=1)]) == ("s0", "s2")
    assert opened(times, 2, groups=[GroupLimit(per="host", of=["village"], at_most=1)]) == ("s0", "s3")
    assert opened(times, 2, groups=[GroupLimit(sites=["s2", "s3"], name="port", at_least=2)]) == ("s2", "s3")


def test_a_township_with_points_and_no_site_is_a_fault_and_not_a_silence() -> None:
    times = alone([1, 1], townships=["A", "B"], township=["A", "A"])
    with pytest.raises(InputError, match="township B"):
        opened(times, 2, groups=[GroupLimit(per="township", at_least=1)])
    assert opened(times, 2, groups=[GroupLimit(per="township", of=["A"], at_least=1)]) == ("s0", "s1")


def test_sites_keep_their_distance_on_the_road_and_as_the_crow_flies() -> None:
    times = alone([9, 8, 1])
    road = pd.DataFrame([[0, 100, 500], [600, 0, 500], [500, 500, 0]], index=times.sites.ids, columns=times.sites.ids)
    assert opened(times, 2, separation=Separation(at_least_s=100, between=road)) == ("s0", "s1")
    assert opened(times, 2, separation=Separation(at_least_s=101, between=road)) == ("s0", "s2")
    placed = TravelTimes.from_matrix(
        times.values,
        sites=_with_positions(times, lon=[119.0, 119.01, 119.2], lat=[28.0, 28.0, 28.0]),
        demand=times.demand,
    )
    # a hundredth of a degree of longitude at 28 degrees north is 982 m
    assert opened(placed, 2, separation=Separation(at_least_m=981)) == ("s0", "s1")
    assert opened(placed, 2, separation=Separation(at_least_m=983)) == ("s0", "s2")
    with pytest.raises(InputError, match="positions"):
        opened(times, separation=Separation(at_least_m=10))


def _with_positions(times: TravelTimes, lon: list[float], lat: list[float]) -> object:
    from dataclasses import replace

    return replace(times.sites, lon=np.array(lon), lat=np.array(lat))


def test_conflicts_become_few_sets_of_which_every_two_are_in_conflict() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        upper = np.triu(rng.random((9, 9)) < 0.5, 1)
        conflict = upper | upper.T
        found = cliques(conflict)
        covered = np.zeros_like(conflict)
        for members in found:
            assert conflict[np.ix_(members, members)].sum() == len(members) * (len(members) - 1)
            covered[np.ix_(members, members)] = True
        np.fill_diagonal(covered, False)
        assert (covered == conflict).all()
        assert len(found) <= conflict.sum() / 2
    assert [one.tolist() for one in cliques(~np.eye(5, dtype=bool))] == [[0, 1, 2, 3, 4]]


def test_conflicts_and_implications_hold() -> None:
    times = alone([9, 8, 1, 5])
    assert opened(times, 2, conflicts=[["s0", "s1"]]) == ("s0", "s3")
    assert opened(times, 2, implications=[("s0", "s2")]) == ("s1", "s3")
    assert opened(times, 2, implications=[("s0", ["s2", "s3"])]) == ("s0", "s3")


def test_contradictions_come_in_one_message() -> None:
    times = alone([1, 1, 1], township=["A", "A", "B"], status=["required", "required", "candidate"])
    asked = SitingConstraints(
        groups=[GroupLimit(per="township", of=["A"], at_least=3), GroupLimit(per="township", of=["A"], at_most=1)],
        conflicts=[["s0", "s1"]],
        implications=[("s0", "s9")],
    )
    with pytest.raises(InputError) as error:
        site(times, MaxCoverage(2), limit_s=100, constraints=asked)
    text = str(error.value)
    assert text.startswith("5 faults:")
    for words in (
        "no more than may be open",
        "sites in it that stay open",
        "at most one site",
        "s9",
        "may be open, since",
    ):
        assert words in text


@pytest.mark.parametrize(
    "asked",
    [
        {"existing": "perhaps"},
        {"max_relocated": 1},
        {"budget": float("nan")},
        {"budget": -1},
        {"people": 2.5},
        {"n_new_sites": True},
        {"required": "s1"},
        {"conflicts": ["s1"]},
        {"implications": ["s1"]},
        {"groups": ["A"]},
        {"muster_confidence": 1.0},
    ],
)
def test_what_is_no_condition_is_refused_at_once(asked: dict[str, object]) -> None:
    with pytest.raises(InputError, match="expected"):
        SitingConstraints(**asked)  # type: ignore[arg-type]


def test_the_smallest_relaxation_of_an_infeasible_siting_is_said_in_words() -> None:
    times = alone([5, 6, 7], cost=[10, 20, 30], status=["candidate", "required", "candidate"])
    short = site(times, MaxCoverage(3), limit_s=100, constraints=SitingConstraints(budget=12.5))
    assert short.status == "infeasible"
    assert "budget 12.5: raise from 12.5 to 20" in short.message
    assert short.relaxation is not None
    assert short.relaxation[["asked", "needed", "change"]].to_numpy().tolist() == [[12.5, 20.0, 7.5]]


def test_the_relaxation_gives_up_as_few_conditions_as_it_can() -> None:
    times = alone([5, 6, 7, 8])
    groups = [GroupLimit(sites=["s0", "s1"], name="east", at_least=2), GroupLimit(sites=["s1", "s2"], at_most=0)]
    solution = site(times, MaxCoverage(1), limit_s=100, constraints=SitingConstraints(groups=groups))
    assert solution.status == "infeasible"
    assert solution.relaxation is not None
    assert solution.relaxation["condition"].tolist() == ["at least 2 in group east"]
    assert solution.relaxation["needed"].tolist() == [1.0]


def test_covering_everything_with_too_little_money_says_how_much_it_takes() -> None:
    times = alone([5, 6, 7], cost=[10, 20, 30])
    solution = site(times, MinSites(), limit_s=100, constraints=SitingConstraints(budget=45, people=10_000))
    assert "budget 45: raise from 45 to 60" in solution.message


def test_thirds_are_added_as_they_are_written_and_noise_of_sums_is_no_amount() -> None:
    third, noisy = as_decimal(2 / 3), as_decimal(1.1 * 12.28)
    rows, _ = at_most_row([third] * 3, as_decimal(2.0), "budget")
    assert rows.kept(np.ones(3, dtype=np.bool_)).all()  # 0.6666666666666666 three times
    rows, note = at_most_row([noisy, as_decimal(1.0)], as_decimal(14.508), "budget")
    assert rows.rows.toarray().tolist() == [[13508, 1000]]
    assert (rows.upper.tolist(), note) == ([14508], "")


def test_a_condition_per_township_counts_crews_that_are_named_or_says_whom_it_counts() -> None:
    crews = ["township_duty", "micro_station", "micro_station", "micro_station"]
    status = ["existing", "candidate", "candidate", "candidate"]
    times = alone([1, 9, 5, 7], township=["甲", "甲", "乙", "乙"], crew=crews, status=status)
    one = SitingConstraints(groups=[GroupLimit(per="township", at_most=1)])
    all_crews = site(times, MaxCoverage(3), limit_s=100, constraints=one)
    assert all_crews.opened == ("s0", "s3")
    assert any("1 township_duty that stay open, too; GroupLimit(crews=...)" in note for note in all_crews.notes)
    stations = SitingConstraints(groups=[GroupLimit(per="township", at_most=1, crews=["micro_station"])])
    counted = site(times, MaxCoverage(3), limit_s=100, constraints=stations)
    assert counted.opened == ("s0", "s1", "s3")
    assert not any("GroupLimit" in note for note in counted.notes)
    wanted = [GroupLimit(per="township", of=["甲"], at_least=2, crews=["micro_station"])]
    with pytest.raises(InputError, match="1 of its sites, of micro_station may be open"):
        site(times, MaxCoverage(3), limit_s=100, constraints=SitingConstraints(groups=wanted))
    none = [GroupLimit(sites=["s0"], at_most=0)]
    with pytest.raises(InputError, match=r"at least the 1 sites in it that stay open \(1 township_duty\)"):
        site(times, MaxCoverage(3), limit_s=100, constraints=SitingConstraints(groups=none))
    wrong = [GroupLimit(per="township", at_most=1, crews=["micro_stations"])]
    with pytest.raises(InputError, match="did you mean micro_station"):
        site(times, MaxCoverage(3), limit_s=100, constraints=SitingConstraints(groups=wrong))


def test_an_optimum_whose_ties_in_cost_were_not_looked_at_says_so() -> None:
    times = alone([5, 5, 5], cost=[3, 2, 1])
    tied = site(times, MinMeanTime(1))
    assert not tied.ties_broken
    assert "Lexicographic([MinMeanTime(...), MinCost()])" in tied.notes[0]
    assert site(times, MaxCoverage(1), limit_s=100).notes == ()


def test_weights_that_capacities_cannot_be_set_against_are_refused() -> None:
    times = TravelTimes.from_matrix(
        [[10.0]], sites=pd.DataFrame({"id": ["s"]}), demand=pd.DataFrame({"id": ["d"], "weight": [1e-9]})
    )
    with pytest.raises(InputError, match="give weights and capacities in another unit"):
        site(times, CapacitatedMedian(1))
