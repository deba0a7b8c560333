"""StateView: what a plan covers in each state of a broken network, and how often and why each point is missed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.coverage import point_coverage
from rescuesim.siting.problem import SitingProblem

__all__ = ["STATE_CAUSES", "StateView", "over_states"]

STATE_CAUSES = ("always", "cut", "detour")
_CUT = ("no_road", "road_closed", "no_path", "site_unusable")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """A plan over the states of a network.

    Parameters
    ----------
    table : DataFrame
        ``state, probability, people_covered, share``, in the order of the states; shares are of the people in zones
        with a standard.
    points : DataFrame
        ``id, name, township, people, missed_share, cut_share, detour_share, cause``: points with a standard that are
        missed in some state, the most people missed first. ``missed_share`` is the probability of the states in which
        the point is missed, ``cut_share`` that of those in which nobody of the open sites gets there at all,
        ``detour_share`` that of the others: somebody does, too late. ``cause`` is ``always`` for points that are missed
        on unbroken roads too, else what happens more often, ``cut`` or ``detour``.
    people : float
        In zones with a standard.
    """

    table: pd.DataFrame
    points: pd.DataFrame
    people: float

    @property
    def mean_share(self) -> float:
        """Share of the people covered, on average over the states."""
        return float(np.average(self.table["share"], weights=self.table["probability"]))

    @property
    def worst(self) -> tuple[str, float]:
        """The state in which the fewest people are covered, the first of several, and the share covered in it."""
        at = int(self.table["share"].to_numpy().argmin())
        return str(self.table["state"].iloc[at]), float(self.table["share"].iloc[at])


def over_states(problem: SitingProblem, opened: NDArray[np.bool_]) -> StateView:
    """Go through the states and say what open sites cover in each, and why not the rest.

    Parameters
    ----------
    problem : SitingProblem
        With states and limits.
    opened : ndarray of bool, shape (n_sites,)

    Returns
    -------
    StateView
    """
    states, limits, demand = problem.states, problem.limits, problem.demand
    assert states is not None
    assert limits is not None
    inside, n = limits.in_standard, len(demand)
    total = float(demand.people[inside].sum())
    missed, cut, rows = np.zeros(n), np.zeros(n), []
    chance_of_all = sum(state.probability for state in states.states)
    for state, times in zip(states.states, states.ensemble, strict=True):
        broken = replace(
            limits, covers=limits.limit_s.covering(times), covers_second=limits.second_limit_s.covering(times)
        )
        told = point_coverage(times, broken, opened)
        held, chance = told["covered"].to_numpy(dtype=np.bool_), state.probability / chance_of_all
        out = inside & ~held
        missed += chance * out
        cut += chance * (out & np.isin(told["reason"].to_numpy(dtype=object), _CUT))
        people = float(demand.people[held & inside].sum())
        rows.append((state.label, chance, people, people / total if total > 0 else 0.0))
    intact = point_coverage(problem.times, limits, opened)["covered"].to_numpy(dtype=np.bool_)
    detour = missed - cut
    cause = np.where(~intact, "always", np.where(cut >= detour, "cut", "detour"))
    points = pd.DataFrame(
        {
            "id": demand.ids,
            "name": demand.names,
            "township": demand.townships,
            "people": demand.people,
            "missed_share": missed,
            "cut_share": cut,
            "detour_share": np.maximum(detour, 0.0),
            "cause": cause,
        }
    )[missed > 0]
    points = points.assign(lost=points["people"] * points["missed_share"]).sort_values(
        ["lost", "id"], ascending=[False, True], kind="stable"
    )
    return StateView(
        table=pd.DataFrame(rows, columns=["state", "probability", "people_covered", "share"]),
        points=points.drop(columns="lost").reset_index(drop=True),
        people=total,
    )
