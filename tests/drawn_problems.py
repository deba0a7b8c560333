"""Small siting problems that are drawn: crews that are there or not, second units, statuses, rows over the sites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from oracles_siting_reliability import Case
from scipy.sparse import csr_array

from rescuesim.crew import default_crews
from rescuesim.siting import pair_limits
from rescuesim.siting.constraints import SitingConstraints, siting_problem
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows
from rescuesim.standard import ResponseStandard, load_standard
from rescuesim.travel import TravelTimes

CREWS = ("brigade", "micro_station", "township_duty", "village_on_call")
NEAR = [0.0, 50.0, 90.0, 110.0, 170.0, 400.0, 640.0, np.inf]


def _standard(draw: st.DrawFn, inner: str) -> ResponseStandard:
    """Draw how often crews are there, never and always too."""
    chance = st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0])
    crews = {
        name: replace(crew, availability={shift: draw(chance) for shift in crew.availability})
        for name, crew in default_crews().items()
    }
    return load_standard(inner=inner, crews=crews)


@st.composite
def problems(draw: st.DrawFn, inner: str = "micro_station_135") -> tuple[SitingProblem, Case]:
    """Draw up to 6 sites and 6 points with crews, zones, statuses, zero weights, ties and rows over the sites."""
    n_sites, n_demand = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    seconds = [[draw(st.sampled_from(NEAR)) for _ in range(n_demand)] for _ in range(n_sites)]
    status = st.sampled_from(["candidate", "candidate", "candidate", "candidate", "existing", "closed"])
    sites = pd.DataFrame(
        {
            "id": [f"s{j}" for j in range(n_sites)],
            "status": [draw(status) for _ in range(n_sites)],
            "crew": [draw(st.sampled_from(CREWS)) for _ in range(n_sites)],
        }
    )
    demand = pd.DataFrame(
        {
            "id": [f"d{i}" for i in range(n_demand)],
            "people": [draw(st.sampled_from([0, 1, 7, 20, 33])) for _ in range(n_demand)],
            "zone": [draw(st.sampled_from(["built_up", "suburb", "dense_rural", "rural"])) for _ in range(n_demand)],
            "calls_per_year": [draw(st.sampled_from([0.0, 100.0, 2000.0])) for _ in range(n_demand)],
        }
    )
    times = TravelTimes.from_matrix(seconds, sites=sites, demand=demand)
    standard = _standard(draw, inner)
    limits = pair_limits(times, standard=standard)
    problem = siting_problem(times, limits, SitingConstraints())
    rows = [
        ([draw(st.integers(-1, 2)) for _ in range(n_sites)], draw(st.integers(-2, 2)), draw(st.integers(1, 5)))
        for _ in range(draw(st.integers(0, 2)))
    ]
    side = SiteRows(
        rows=csr_array(np.array([factors for factors, _, _ in rows], dtype=np.int64).reshape(len(rows), n_sites)),
        lower=np.array([low for _, low, _ in rows], dtype=np.int64),
        upper=np.array([high for _, _, high in rows], dtype=np.int64),
        labels=tuple(f"row {number}" for number in range(len(rows))),
    )
    inside = limits.in_standard[:, None]
    case = Case(
        first=limits.covers.toarray() & inside,
        second=limits.covers_second.toarray() & inside,
        wants_second=limits.wants_second,
        weight=times.demand.weights.tolist(),
        must_open=problem.must_open,
        must_close=problem.must_close,
        rows=rows,
    )
    return replace(problem, rows=side, standard=standard), case
