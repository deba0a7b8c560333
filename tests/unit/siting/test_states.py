"""Coverage over states of a real network: unusable sites, side conditions, what the solution says state by state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.states import Closure
from rescuesim.siting import MaxCoverage, MinSites, SitingConstraints, pair_limits, site
from rescuesim.siting.constraints import siting_problem
from rescuesim.siting.formulation import solve_formulation
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.held_states import held_states
from rescuesim.siting.models.states import STATES
from rescuesim.travel import TravelTimesEnsemble, travel_times


@pytest.fixture(scope="module")
def broken_town(guixi: RoadNetwork) -> TravelTimesEnsemble:
    """Return a county seat in five states: intact, three with closed roads, one without its best site."""
    rng = np.random.default_rng(0)
    frames = []
    for prefix, size in (("s", 9), ("d", 40)):
        node = rng.choice(guixi.n_nodes, size, replace=False)
        frame = pd.DataFrame(
            {"id": [f"{prefix}{k}" for k in range(size)], "lon": guixi.lon[node], "lat": guixi.lat[node]}
        )
        frames.append(frame.assign(people=rng.integers(1, 90, size)) if prefix == "d" else frame)
    sites, demand = load_sites(frames[0]), load_demand(frames[1])
    intact = travel_times(guixi, sites, demand, cutoff_s=600)
    best = site(intact, MaxCoverage(1), limit_s=300).opened[0]
    closed = [
        tuple(Closure(road=int(r)) for r in np.sort(rng.choice(guixi.n_roads, guixi.n_roads // 8, replace=False)))
        for _ in range(3)
    ]
    states = [
        NetworkState(label="intact", probability=0.5),
        NetworkState(label="no site", probability=0.2, unusable_sites=frozenset({best})),
    ]
    states += [NetworkState(label=f"cut {k}", probability=0.1, closures=some) for k, some in enumerate(closed)]
    return TravelTimesEnsemble(intact=intact, states=NetworkStates(states=tuple(states)), engine="scipy")


def by_hand(ensemble: TravelTimesEnsemble, opened: tuple[str, ...]) -> list[float]:
    """Covered weight in each state, from one matrix after the other."""
    rows = [ensemble.intact.sites.ids.index(id_) for id_ in opened]
    return [float(t.demand.weights[(t.values[rows] <= 300).any(axis=0)].sum()) for t in ensemble]


@pytest.mark.shared
def test_the_plan_over_states_is_the_best_pair_of_sites(broken_town: TravelTimesEnsemble) -> None:
    ids, chance = broken_town.intact.sites.ids, np.array([0.5, 0.2, 0.1, 0.1, 0.1])
    pairs = {(one, other): by_hand(broken_town, (one, other)) for one in ids for other in ids if one < other}
    for risk, tail, rated in (
        ("mean", None, lambda values: float(chance @ values)),
        ("worst", None, min),
        ("cvar", 0.1, min),
    ):
        solution = site(broken_town, MaxCoverage(2, risk=risk, tail=tail), limit_s=300)
        assert solution.status == "optimal"
        assert solution.objective == pytest.approx(max(rated(values) for values in pairs.values()))
        assert solution.by_state is not None
        assert solution.by_state.covered[:, 0].tolist() == by_hand(broken_town, solution.opened)
        assert solution.by_state.labels == ("intact", "no site", "cut 0", "cut 1", "cut 2")
        share = solution.points.set_index("id")["covered_share"]
        weights = pd.Series(broken_town.intact.demand.weights, index=broken_town.intact.demand.ids)
        assert float((share * weights).sum()) == pytest.approx(float(chance @ by_hand(broken_town, solution.opened)))


@pytest.mark.shared
def test_a_budget_holds_over_states_in_both_ways_to_solve(broken_town: TravelTimesEnsemble) -> None:
    costs = replace(broken_town.intact.sites, cost=np.arange(1.0, 10.0))
    dear = replace(broken_town, intact=replace(broken_town.intact, sites=costs))
    objective = MaxCoverage(budget=6.0, risk="worst")
    solution = site(dear, objective, limit_s=300)
    problem = siting_problem(dear.intact, pair_limits(dear.intact, limit_s=300), SitingConstraints())
    by_program = solve_formulation(
        problem,
        STATES.formulate(replace(problem, states=held_states(dear, problem.limits)), objective),
        Run(clock=Clock(limit_s=60.0)),
    )
    assert solution.status == by_program.status == "optimal"
    assert solution.plan.cost <= 6
    assert by_program.objective == pytest.approx(solution.objective)
    assert solution.objective < site(dear, MaxCoverage(6, risk="worst"), limit_s=300).objective


@pytest.mark.shared
def test_a_site_that_fails_covers_nothing_while_it_fails(broken_town: TravelTimesEnsemble) -> None:
    failing = next(iter(broken_town.states.states[1].unusable_sites))
    only = SitingConstraints(required=[failing])
    solution = site(broken_town, MaxCoverage(1, risk="worst"), limit_s=300, constraints=only)
    assert solution.opened == (failing,)
    assert solution.objective == 0
    assert solution.by_state is not None
    assert solution.by_state.covered[1, 0] == 0
    assert solution.by_state.covered[0, 0] > 0


@pytest.mark.shared
def test_objectives_without_a_risk_are_refused_over_states(broken_town: TravelTimesEnsemble) -> None:
    with pytest.raises(InputError, match="risk None: expected mean, cvar or worst"):
        site(broken_town, MaxCoverage(2), limit_s=300)
    with pytest.raises(InputError, match="MinSites: over states of a network expected MaxCoverage with a risk"):
        site(broken_town, MinSites(), limit_s=300)


@pytest.mark.shared
def test_the_explanation_goes_through_the_states_and_says_who_is_cut_off_and_who_is_late(
    broken_town: TravelTimesEnsemble,
) -> None:
    solution = site(broken_town, MaxCoverage(2, risk="worst"), limit_s=300)
    view = solution.explain().states
    assert view is not None
    rows = [broken_town.intact.sites.ids.index(id_) for id_ in solution.opened]
    people, chance = broken_town.intact.demand.people, np.array([0.5, 0.2, 0.1, 0.1, 0.1])
    drives = []
    for times in broken_town:
        usable = [row for row in rows if times.sites.ids[row] not in times.state.unusable_sites]  # type: ignore[union-attr]
        drives.append(np.where(len(usable) > 0, times.values[usable].min(axis=0, initial=np.inf), np.inf))
    missed = np.array([drive > 300 for drive in drives])
    assert view.table["people_covered"].tolist() == [float(people[~one].sum()) for one in missed]
    assert view.worst[1] == pytest.approx(min(view.table["people_covered"]) / people.sum())
    told = view.points.set_index("id")
    for point, id_ in enumerate(broken_town.intact.demand.ids):
        share = float(chance @ missed[:, point])
        assert (id_ in told.index) == (share > 0)
        if share > 0:
            assert told.loc[id_, "missed_share"] == pytest.approx(share)
            late = float(chance @ [300 < drive[point] < np.inf for drive in drives])
            # a drive beyond the cutoff of 600 s is late too, and no reason to speak of a cut
            assert late - 1e-9 <= told.loc[id_, "detour_share"] <= share + 1e-9
            assert told.loc[id_, "cut_share"] + told.loc[id_, "detour_share"] == pytest.approx(share)
            assert (told.loc[id_, "cause"] == "always") == bool(missed[0, point])
