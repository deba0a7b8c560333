"""SitingConstraints: what a plan must keep besides its objective, in words of the planner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rescuesim.candidates import CandidateSites
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.siting.limits import AnyTimes, PairLimits
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows, no_rows, stacked

__all__ = ["SitingConstraints", "siting_problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingConstraints:
    """Side conditions of a siting.

    Parameters
    ----------
    required, closed : sequence of str
        Ids of sites that must be open, and that must not, besides those whose status says so.
    """

    required: Sequence[str] = ()
    closed: Sequence[str] = ()


def siting_problem(
    times: AnyTimes, limits: PairLimits | None, constraints: SitingConstraints, *, kind: str = "station"
) -> SitingProblem:
    """Put times, limits and side conditions together.

    Parameters
    ----------
    times : TravelTimes or TravelTimePairs
    limits : PairLimits or None
    constraints : SitingConstraints
    kind : str, optional
        Only sites of this kind may be open.

    Returns
    -------
    SitingProblem

    Raises
    ------
    InputError
        If an id is unknown or conditions contradict each other; all faults in one message.
    """
    sites = times.sites
    of_kind = np.array([one == kind for one in sites.kinds], dtype=np.bool_)
    required, closed = _marked(sites, constraints)
    must_open = (sites.with_status("existing", "required") & of_kind) | required
    must_close = sites.with_status("closed") | ~of_kind | closed
    faults = [
        Fault(column="required", value=sites.ids[j], expected=f"an open site of kind {kind}")
        for j in np.flatnonzero(must_open & must_close)
    ]
    if faults:
        raise InputError(faults)
    return SitingProblem(
        times=times, limits=limits, must_open=must_open, must_close=must_close, rows=_rows(constraints, sites)
    )


def _rows(constraints: SitingConstraints, sites: CandidateSites) -> SiteRows:
    """Write the side conditions as rows over the sites."""
    return stacked([no_rows(len(sites))])


def _marked(sites: CandidateSites, constraints: SitingConstraints) -> tuple[np.ndarray, np.ndarray]:
    """Mark required and closed sites by id, all unknown ids in one message."""
    faults = []
    marks = []
    for name, ids in (("required", constraints.required), ("closed", constraints.closed)):
        if isinstance(ids, str):
            raise InputError(f"{name} {ids!r}: expected a list of ids")
        faults += [
            Fault(column=name, value=id_, expected=nearest_name(str(id_), sites.ids))
            for id_ in ids
            if id_ not in sites.ids
        ]
        marks.append(np.isin(np.array(sites.ids, dtype=object), list(ids)))
    if faults:
        raise InputError(faults)
    return marks[0], marks[1]
