"""SitingConstraints: what a plan must keep besides its objective, in words of the planner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.crew import default_shifts
from rescuesim.errors import InputError, nearest_name
from rescuesim.siting.condition_rows import (
    Sites,
    conflict_rows,
    group_rows,
    implication_rows,
    number_row,
    separation_rows,
)
from rescuesim.siting.conditions import GroupLimit, Separation, Subsidy, is_number, list_of_ids, whole_number
from rescuesim.siting.costs import budget_rows, net_costs, subsidy_faults
from rescuesim.siting.limits import AnyTimes, PairLimits
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import SiteRows, no_rows, stacked
from rescuesim.siting.staffing import CrewStaffing, people_needed
from rescuesim.siting.whole_rows import as_decimal, at_most_row

__all__ = ["SitingConstraints", "fund_faults", "siting_problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingConstraints:
    """Side conditions of a siting.

    Parameters
    ----------
    required, closed : sequence of str
        Ids of sites that must be open, and that must not, besides those whose status says so.
    existing : {'keep', 'free'}
        Whether existing sites stay open, or may be closed like any candidate. Closing one brings no money back.
    max_relocated : int, optional
        With free existing sites: at most so many of them are closed. With an objective for as many sites as exist,
        that is the relocation of so many.
    n_new_sites : int, optional
        At most so many open sites that do not exist yet, required ones included.
    budget : float, optional
        At most so much for all open sites after subsidies, in the unit of the site table's costs. Existing and
        required sites cost 0 unless the table says otherwise.
    subsidies : sequence of Subsidy
        Lower what sites cost (R66): net costs count in the budget and in every objective that looks at costs.
    people : int, optional
        At most so many people on the rosters of all open sites, existing ones included.
    staffed_shifts : sequence of str, optional
        Shifts in which every open site musters; all shifts if absent.
    staffing : mapping of str to CrewStaffing, optional
        How crew types are staffed (R16-R18); `default_staffing` if absent.
    muster_confidence : float, optional
        That enough of a roster come; ``staffing.confidence`` of ``defaults.toml`` if absent.
    groups : sequence of GroupLimit
        At least or at most so many per township, host, crew type or named group (R15, R20, R42).
    separation : Separation, optional
        Smallest distance between open sites.
    conflicts : sequence of sequences of str
        Of each set of ids at most one is open.
    implications : sequence of (str, str or sequence of str)
        If the first site is open, so is the second, or at least one of several.

    Raises
    ------
    InputError
        With all faults that show without the sites.

    Examples
    --------
    >>> SitingConstraints(budget=500.0, groups=[GroupLimit(per="township", at_least=1)]).existing
    'keep'
    """

    required: Sequence[str] = ()
    closed: Sequence[str] = ()
    existing: Literal["keep", "free"] = "keep"
    max_relocated: int | None = None
    n_new_sites: int | None = None
    budget: float | None = None
    subsidies: Sequence[Subsidy] = ()
    people: int | None = None
    staffed_shifts: Sequence[str] | None = None
    staffing: Mapping[str, CrewStaffing] | None = None
    muster_confidence: float | None = None
    groups: Sequence[GroupLimit] = ()
    separation: Separation | None = None
    conflicts: Sequence[Sequence[str]] = ()
    implications: Sequence[tuple[str, str | Sequence[str]]] = ()

    def __post_init__(self) -> None:
        faults = []
        for name in ("required", "closed", "staffed_shifts"):
            value = getattr(self, name)
            may_be_absent = name == "staffed_shifts"
            if not list_of_ids(value) and not (value is None and may_be_absent):
                faults.append(f"{name} {value!r}: expected a list of {'shifts' if may_be_absent else 'ids'}")
        if self.existing not in ("keep", "free"):
            faults.append(f"existing {self.existing!r}: expected keep or free")
        for name in ("max_relocated", "n_new_sites", "people"):
            value = getattr(self, name)
            faults += [] if value is None else whole_number(name, value)
        if self.max_relocated is not None and self.existing == "keep":
            faults.append('max_relocated: expected existing="free" with it')
        budget: Any = self.budget
        if budget is not None and (
            isinstance(budget, bool) or not isinstance(budget, (int, float)) or not 0 <= budget < np.inf
        ):
            faults.append(f"budget {budget!r}: expected an amount of 0 or more")
        sure: Any = self.muster_confidence
        if sure is not None and not (is_number(sure) and 0 < sure < 1):
            faults.append(f"muster_confidence {self.muster_confidence!r}: expected above 0 and under 1")
        faults += self._faults_of_lists() + self._faults_of_staffing()
        if faults:
            raise InputError("; ".join(faults))

    def _faults_of_lists(self) -> list[str]:
        """Say what is wrong with the conditions that are lists of something, and with the separation."""
        faults = []
        conflicts: Any = self.conflicts
        if not _is_list(conflicts) or not all(list_of_ids(one) for one in conflicts):
            faults.append(f"conflicts {conflicts!r}: expected a list of lists of ids")
        implications: Any = self.implications
        if not _is_list(implications) or not all(_is_implication(one) for one in implications):
            faults.append(f"implications {implications!r}: expected pairs of ids, or of an id and a list of ids")
        for name, kind in (("groups", GroupLimit), ("subsidies", Subsidy)):
            value = getattr(self, name)
            if not _is_list(value) or any(not isinstance(one, kind) for one in value):
                faults.append(f"{name} {value!r}: expected a list of {kind.__name__}")
        if self.separation is not None and not isinstance(self.separation, Separation):
            faults.append(f"separation {self.separation!r}: expected a Separation")
        return faults

    def _faults_of_staffing(self) -> list[str]:
        """Say what is wrong with staffing, and which shifts there are not for any crew."""
        staffing: Any = self.staffing
        if staffing is None:
            known = [shift.name for shift in default_shifts()]
        elif isinstance(staffing, Mapping) and all(isinstance(one, CrewStaffing) for one in staffing.values()):
            known = sorted({shift for one in staffing.values() for shift in one.turn_out})
        else:
            return [f"staffing {staffing!r}: expected a CrewStaffing by crew type"]
        shifts = self.staffed_shifts if list_of_ids(self.staffed_shifts) else None
        return [
            f"staffed_shifts {shift!r}: expected {nearest_name(str(shift), known)}"
            for shift in dict.fromkeys(shifts or ())
            if shift not in known
        ]

    @property
    def has_funds(self) -> bool:
        """Whether a subsidy pays only up to a sum for all sites together, so that no site has a cost of its own."""
        return any(as_decimal(one.fund).is_finite() for one in self.subsidies)


def _is_list(value: object) -> bool:
    return isinstance(value, Collection) and not isinstance(value, (str, Mapping))


def _is_implication(value: Any) -> bool:
    """Whether a value is a pair of an id and another, or of an id and a list of ids."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return False
    return list_of_ids([value[0]]) and (isinstance(value[1], str) or list_of_ids(value[1]))


def fund_faults(constraints: SitingConstraints, objective: Any) -> list[str]:
    """Say why an objective that adds up costs cannot be asked with funds; an empty list if it can."""
    goals = getattr(objective, "objectives", (objective,))
    by_cost = any(
        type(one).__name__ in ("MinCost", "CapacitatedLocation") or getattr(one, "budget", None) is not None
        for one in goals
    )
    if constraints.has_funds and by_cost:
        return [
            "subsidies with a fund: expected the budget in SitingConstraints and an objective without costs, since no "
            "site has a cost of its own where a fund may run dry"
        ]
    return []


def siting_problem(
    times: AnyTimes,
    limits: PairLimits | None,
    constraints: SitingConstraints,
    *,
    kind: str = "station",
    units_per_new_site: int | None = None,
) -> SitingProblem:
    """Put times, limits and side conditions together.

    Parameters
    ----------
    times : TravelTimes or TravelTimePairs
    limits : PairLimits or None
    constraints : SitingConstraints
    kind : str, optional
        Only sites of this kind may be open.
    units_per_new_site : int, optional
        Units of sites that do not exist yet, for the people they need; those of the site table if absent.

    Returns
    -------
    SitingProblem
        The costs of its sites are net of subsidies.

    Raises
    ------
    InputError
        If an id is unknown or conditions contradict each other; all faults in one message.
    """
    table = times.sites
    in_model = np.array([one == kind for one in table.kinds], dtype=np.bool_)
    sites = _statuses(times, constraints, in_model)
    for j in np.flatnonzero(sites.must_open & sites.must_close):
        sites.fault("required", table.ids[j], f"an open site of kind {kind}")
    rows = _rows(constraints, sites, units_per_new_site) if not sites.faults else []
    if sites.faults:
        raise InputError(sites.faults)
    net, exactly = table, None
    if constraints.subsidies:
        exactly = tuple(net_costs(constraints.subsidies, table))
        net = replace(table, cost=np.array([float(cost) for cost in exactly]))
    return SitingProblem(
        times=times,
        priced=net,
        net_costs=exactly,
        limits=limits,
        must_open=sites.must_open,
        must_close=sites.must_close,
        rows=stacked([no_rows(len(table)), *rows]),
        notes=tuple(sites.notes),
    )


def _statuses(times: AnyTimes, constraints: SitingConstraints, in_model: NDArray[np.bool_]) -> Sites:
    """Mark the sites that must be open and those that must not, unknown ids written down."""
    table, none = times.sites, np.zeros(len(times.sites), dtype=np.bool_)
    sites = Sites(
        table=table,
        must_open=none,
        must_close=none,
        in_model=in_model,
        townships_of_points=frozenset(one for one in times.demand.townships if one),
    )
    required = sites.marked("required", constraints.required)
    closed = sites.marked("closed", constraints.closed)
    kept = ("existing", "required") if constraints.existing == "keep" else ("required",)
    return replace(
        sites,
        must_open=(table.with_status(*kept) & in_model) | required,
        must_close=table.with_status("closed") | ~in_model | closed,
    )


def _rows(constraints: SitingConstraints, sites: Sites, units_per_new_site: int | None) -> list[SiteRows]:
    """Write the side conditions as rows over the sites."""
    table = sites.table
    exists = table.with_status("existing") & sites.in_model
    parts = group_rows(constraints.groups, sites)
    parts += conflict_rows(constraints.conflicts, sites)
    parts += implication_rows(constraints.implications, sites)
    if constraints.separation is not None:
        parts += separation_rows(constraints.separation, sites)
    if constraints.max_relocated is not None:
        most = constraints.max_relocated
        parts.append(number_row(exists, f"at most {most} existing sites moved", least=int(exists.sum()) - most))
    if constraints.n_new_sites is not None:
        new = sites.in_model & ~exists
        parts.append(number_row(new, f"at most {constraints.n_new_sites} new sites", most=constraints.n_new_sites))
    if constraints.people is not None:
        parts.append(_people_row(constraints, sites, units_per_new_site))
    sites.faults.extend(wrong := subsidy_faults(constraints.subsidies, table))
    if constraints.budget is not None and not wrong:
        rows, notes = budget_rows(constraints.budget, constraints.subsidies, _in_model_only(sites))
        parts.append(rows)
        sites.notes.extend(notes)
    return parts


def _in_model_only(sites: Sites) -> CandidateSites:
    """Return the sites, those of other kinds at no cost: they stay shut."""
    return replace(sites.table, cost=np.where(sites.in_model, sites.table.cost, 0.0))


def _people_row(constraints: SitingConstraints, sites: Sites, units_per_new_site: int | None) -> SiteRows:
    """Ask that the people on all rosters are no more than there are."""
    assert constraints.people is not None
    table = sites.table
    units = None
    if units_per_new_site is not None:
        units = np.where(table.with_status("existing"), table.units, units_per_new_site)
    need, notes = people_needed(
        table,
        staffed_shifts=constraints.staffed_shifts,
        staffing=constraints.staffing,
        confidence=constraints.muster_confidence,
        units=units,
    )
    sites.notes.extend(notes)
    factors = [as_decimal(people) for people in np.where(sites.in_model, need, 0).tolist()]
    return at_most_row(factors, as_decimal(constraints.people), f"people {constraints.people}")[0]
