"""Explanations say what is so: every measure, loss and swap is applied and counted again with loops."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_siting_explain import covered, staffings

from rescuesim.crew import Lognormal, default_crews
from rescuesim.siting import MaxCoverage, SitingSolution, default_staffing, site
from rescuesim.standard import ResponseStandard, load_standard
from rescuesim.travel import TravelTimes

_CREWS = ("brigade", "micro_station", "township_duty")


def _standard(inner: str) -> ResponseStandard:
    """Return a standard of three crews, one of which is slower at night."""
    crews = {name: default_crews()[name] for name in _CREWS}
    nights = {"day": Lognormal(median=45, p90=60), "night": Lognormal(median=75, p90=110)}
    crews["micro_station"] = replace(crews["micro_station"], turnout=nights)
    return load_standard(inner=inner, crews=crews)


STANDARDS = {name: _standard(name) for name in ("quick_rescue_135", "micro_station_135")}


@st.composite
def solved(draw: st.DrawFn) -> tuple[SitingSolution, TravelTimes, ResponseStandard]:
    """Draw and solve a problem of up to six sites and ten points."""
    n_sites, n_demand = draw(st.integers(1, 6)), draw(st.integers(1, 10))
    drives = st.sampled_from([5.0, 60.0, 90.0, 100.0, 120.0, 150.0, 250.0, 500.0, 640.0, 700.0, 900.0, math.inf])
    rows = draw(st.lists(st.lists(drives, min_size=n_demand, max_size=n_demand), min_size=n_sites, max_size=n_sites))

    def of(kinds: tuple[str, ...], size: int) -> list[str]:
        return draw(st.lists(st.sampled_from(kinds), min_size=size, max_size=size))

    times = TravelTimes.from_matrix(
        np.array(rows).reshape(n_sites, n_demand),
        sites=pd.DataFrame(
            {
                "id": [f"s{j}" for j in range(n_sites)],
                "status": of(("existing", "candidate", "candidate", "closed"), n_sites),
                "crew": of(_CREWS, n_sites),
                "cost": draw(st.lists(st.integers(1, 4), min_size=n_sites, max_size=n_sites)),
            }
        ),
        demand=pd.DataFrame(
            {
                "id": [f"d{i}" for i in range(n_demand)],
                "people": draw(st.lists(st.integers(0, 9), min_size=n_demand, max_size=n_demand)),
                "zone": of(("built_up", "suburb", "rural"), n_demand),
            }
        ),
    )
    openable = sum(status != "closed" for status in times.sites.statuses)
    existing = sum(status == "existing" for status in times.sites.statuses)
    standard = STANDARDS[draw(st.sampled_from(sorted(STANDARDS)))]
    number = draw(st.integers(max(existing, 1), max(openable, 1)))
    if not openable:
        times = replace(times, sites=replace(times.sites, statuses=("candidate",) * n_sites))
    return site(times, MaxCoverage(number), standard=standard), times, standard


def _sets(times: TravelTimes, solution: SitingSolution) -> tuple[list[int], list[int]]:
    opened = [times.sites.ids.index(id_) for id_ in solution.opened]
    free = [j for j, s in enumerate(times.sites.statuses) if s != "closed" and j not in opened]
    return opened, free


def _roster(crew: str) -> float:
    return float(default_staffing()[crew].people(1, ("day", "night"), 0.9))


def _staff_keys(
    times: TravelTimes, standard: ResponseStandard, opened: list[int], point: int
) -> list[tuple[bool, float, float, float, str, int, str]]:
    """Every change at an open site that covers a point: only just, more people, people, drive, kind, site, crew."""
    found = []
    for j in opened:
        own = times.sites.crews[j]
        for kind, crew, how in staffings(times, standard, j):
            if covered(times, standard, opened, point, {j: (crew, how)}):
                just = not covered(times, standard, opened, point, {j: (crew, how)}, {j: 10.0})
                after = math.inf if kind == "steady" else _roster(crew)
                # who is on call fills no shift
                alike = (own == "township_duty") == (crew == "township_duty")
                more = max(after - _roster(own), 0.0) if alike and kind != "steady" else after
                found.append((just, more, after, times.values[j, point], kind, j, crew if kind == "staff" else ""))
    return found


@settings(max_examples=60)
@given(solved())
def test_every_fix_covers_its_point_and_is_the_cheapest_sufficient_one_staffing_before_building(
    drawn: tuple[SitingSolution, TravelTimes, ResponseStandard],
) -> None:
    solution, times, standard = drawn
    opened, free = _sets(times, solution)
    told = solution.explain().points.set_index("id")
    assert list(told.index) == solution.points.loc[~solution.points["covered"], "id"].tolist()
    for id_, row in told.iterrows():
        point = times.demand.ids.index(str(id_))
        staff = _staff_keys(times, standard, opened, point)
        build = [
            (not covered(times, standard, [*opened, j], point, None, {j: 10.0}), times.sites.cost[j])
            for j in free
            if covered(times, standard, [*opened, j], point)
        ]
        both = [
            (not covered(times, standard, [*opened, j], point, {j: (crew, "plain")}, {j: 10.0}), times.sites.cost[j])
            for j in free
            for crew in standard.crews
            if covered(times, standard, [*opened, j], point, {j: (crew, "plain")})
        ]
        first = [(min(some)[0], order) for order, some in enumerate((staff, build, both)) if some]
        if not first:
            assert (row["fix"], row["fix_site"]) == ("none", "")
        else:
            just, order = min(first)
            assert bool(row["only_just"]) == just
            assert row["fix"] in (("steady", "equip", "staff"), ("open",), ("open_and_staff",))[order]
            taken = row[["fix_more_people", "fix_people"]].astype(float).fillna(math.inf).tolist()
            if order == 0:
                assert [just, *taken, row["fix_drive_s"]] == pytest.approx(list(min(staff)[:4]))
                assert math.isnan(row["fix_cost"])
            else:
                assert (just, row["fix_cost"]) == min((build, both)[order - 1])
            assert (row["just_fix"] != "") == (bool(staff) and min(staff)[0] and order > 0)
        if build:
            assert (row["open_only_just"], row["open_cost"]) == min(build)
        else:
            assert row["open_site"] == ""
        if row["fix"] != "none":
            assert row["fix_margin_s"] == pytest.approx(row["fix_limit_s"] - row["fix_drive_s"])
            assert row["fix_margin_s"] >= -1e-4
            j = times.sites.ids.index(row["fix_site"])
            how = {"steady": "steady", "equip": "equip"}.get(row["fix"], "plain")
            changed = {j: (row["fix_crew"] or times.sites.crews[j], how)}
            assert covered(times, standard, {*opened, j}, point, changed)
        if row["cause"] in ("crew", "capability"):
            assert staff
        assert (row["cause"] == "not_in_standard") == (times.demand.zones[point] not in standard.presets)
        beyond = not covered(times, standard, [*opened, *free], point)
        assert (row["cause"] in ("no_candidate", "road")) == (beyond and row["cause"] != "not_in_standard")


@settings(max_examples=60)
@given(solved())
def test_measures_losses_stand_ins_and_alternatives_are_what_counting_again_gives(
    drawn: tuple[SitingSolution, TravelTimes, ResponseStandard],
) -> None:
    solution, times, standard = drawn
    opened, free = _sets(times, solution)
    told, every = solution.explain(), range(len(times.demand))

    def weight(sites: list[int], changed: dict[int, tuple[str, str]] | None = None) -> float:
        return sum(times.demand.weights[i] for i in every if covered(times, standard, sites, i, changed))

    now = weight(opened)
    assert told.value == now == solution.objective
    found = {(m["measure"], m["site"], m["crew"]): m["weight"] for _, m in told.measures.iterrows()}
    wanted = {
        (kind, times.sites.ids[j], crew): weight(opened, {j: (crew, how)}) - now
        for j in opened
        for kind, crew, how in staffings(times, standard, j)
    }
    wanted |= {("open", times.sites.ids[j], times.sites.crews[j]): weight([*opened, j]) - now for j in free}
    assert found == {key: gain for key, gain in wanted.items() if gain > 0}
    movable = [j for j in opened if times.sites.statuses[j] == "candidate"]
    others = {
        (j, k): weight([*(o for o in opened if o != j), *([k] if k is not None else [])])
        for j in movable
        for k in (None, *free)
    }
    people = times.demand.people
    for _, row in told.sites.iterrows():
        j = times.sites.ids.index(row["id"])
        rest = [o for o in opened if o != j]
        assert row["lost"] == now - weight(rest)
        holds = {i for i in every if covered(times, standard, opened, i) and not covered(times, standard, rest, i)}
        kept = {k: {i for i in holds if covered(times, standard, [*rest, k], i)} for k in free}
        most = max((sum(people[i] for i in some) for some in kept.values()), default=0.0) if j in movable else 0.0
        if not most > 0:
            assert row["replacement"] == ""
            continue
        k = times.sites.ids.index(row["replacement"])
        gained = [
            i for i in every if covered(times, standard, [*rest, k], i) and not covered(times, standard, opened, i)
        ]
        assert row["kept_people"] == sum(people[i] for i in kept[k]) == most
        assert row["kept_share"] == pytest.approx(most / row["lost"])
        assert row["new_people"] == sum(people[i] for i in gained)
        assert others[j, k] == max(others[j, c] for c in free if sum(people[i] for i in kept[c]) == most)
    sure = [i for i in every if covered(times, standard, opened, i, None, dict.fromkeys(opened, 10.0))]
    assert told.people_only_just == told.people_covered - sum(people[i] for i in sure)
    assert told.n_alternatives == sum(value >= 0.99 * now - 1e-6 for value in others.values())
