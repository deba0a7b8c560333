"""Force composition (力量编成): how many people each open site takes, by shift, and what another crew would take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.crew import default_shifts
from rescuesim.plan import Plan
from rescuesim.siting.staffing import CrewStaffing, default_staffing, roster_for

if TYPE_CHECKING:
    from rescuesim.siting.constraints import SitingConstraints

__all__ = ["Rosters", "force_composition", "force_notes", "force_totals", "rosters_asked", "site_rosters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rosters:
    """What crews take in people, under the shifts and the confidence that were asked for.

    Parameters
    ----------
    staffing : mapping of str to CrewStaffing
        By crew type; of others nothing is known.
    shifts : tuple of str
        In which every open site musters.
    confidence : float
        That enough of a roster come.
    """

    staffing: Mapping[str, CrewStaffing]
    shifts: tuple[str, ...]
    confidence: float

    def knows(self, crew: str) -> bool:
        """Whether the crew's size is known, and how many of it come in each shift."""
        return crew in self.staffing and all(shift in self.staffing[crew].turn_out for shift in self.shifts)

    def roster(self, crew: str, units: int) -> float:
        """People on the roster of so many units; NaN if unknown.

        Examples
        --------
        >>> rosters_asked(None).roster("micro_station", 1), rosters_asked(None).roster("mounted", 1)
        (8.0, nan)
        """
        if not self.knows(crew):
            return float("nan")
        return float(self.staffing[crew].people(units, self.shifts, self.confidence))

    def in_shift(self, crew: str, units: int, shift: str, roster: float) -> float:
        """People of the roster who hold a shift: those of the shift, or all where the same people hold all shifts."""
        if not self.knows(crew):
            return float("nan")
        one = self.staffing[crew]
        if not one.by_shift:
            return roster
        return float(roster_for(one.crew_size * units, one.turn_out[shift], self.confidence))


def rosters_asked(constraints: SitingConstraints | None) -> Rosters:
    """Return what the side conditions of a siting say about staffing, defaults where they say nothing."""
    asked: Any = constraints
    staffing = getattr(asked, "staffing", None)
    shifts: Sequence[str] | None = getattr(asked, "staffed_shifts", None)
    confidence = getattr(asked, "muster_confidence", None)
    return Rosters(
        staffing=default_staffing() if staffing is None else staffing,
        shifts=tuple(shift.name for shift in default_shifts()) if shifts is None else tuple(shifts),
        confidence=default("staffing.confidence").number if confidence is None else float(confidence),
    )


def site_rosters(sites: CandidateSites, units: NDArray[np.int64], rosters: Rosters) -> NDArray[np.float64]:
    """People on the roster of each site with its own crew; NaN where unknown; shape (n_sites,).

    A roster of the site table counts where it is longer than the muster needs, as in `people_needed`.
    """
    known = {pair: rosters.roster(*pair) for pair in set(zip(sites.crews, units.tolist(), strict=True))}
    need = np.array([known[pair] for pair in zip(sites.crews, units.tolist(), strict=True)], dtype=np.float64)
    need[np.array([kind != "station" for kind in sites.kinds], dtype=np.bool_)] = np.nan
    given = np.zeros(len(sites)) if sites.roster is None else sites.roster.astype(np.float64)
    return np.where((given > 0) & ~(need >= given), given, need)


def force_composition(
    plan: Plan, sites: CandidateSites, *, constraints: SitingConstraints | None = None
) -> pd.DataFrame:
    """Say how many people a plan takes, site by site and shift by shift (力量编成).

    Parameters
    ----------
    plan : Plan
    sites : CandidateSites
        Of the plan; a longer ``roster`` in it counts.
    constraints : SitingConstraints, optional
        Its staffing, staffed shifts and confidence; those of ``defaults.toml`` if absent (R16-R18).

    Returns
    -------
    DataFrame
        A row an open site: ``id, name, kind, status, crew, units, turn_out, people_<shift> ..., same_people, roster``.
        ``turn_out`` are the people who must come for all units to roll; ``people_<shift>`` those on the roster of the
        shift, so that as many come with the wanted confidence; ``same_people`` marks crews who hold all shifts with
        the same people; ``roster`` is the whole roster, chiefs and reliefs that the rules ask for included. Missing
        where the staffing of the crew is not known, and at sites that are no stations.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["a", "k"], "kind": ["station", "depot"], "crew": ["micro_station", None]})
    >>> from rescuesim.travel import TravelTimes
    >>> sites = TravelTimes.from_matrix([[0.0], [0.0]], sites=table, demand=pd.DataFrame({"id": ["d"]})).sites
    >>> force = force_composition(Plan.from_opened(sites, ["a", "k"]), sites)
    >>> force[["id", "turn_out", "people_day", "people_night", "roster"]].astype(object).values.tolist()
    [['a', 3, 4, 4, 8], ['k', <NA>, <NA>, <NA>, <NA>]]
    """
    rosters = rosters_asked(constraints)
    given = {} if sites.roster is None else dict(zip(sites.ids, sites.roster.tolist(), strict=True))
    rows: list[dict[str, Any]] = []
    for site in plan.sites:
        row: dict[str, Any] = {name: getattr(site, name) for name in ("id", "name", "kind", "status", "crew", "units")}
        known = site.kind == "station" and rosters.knows(site.crew)
        roster = rosters.roster(site.crew, site.units) if known else float("nan")
        held = float(given.get(site.id, 0))
        if held > 0 and not roster >= held:
            roster = held
        one = rosters.staffing[site.crew] if known else None
        row["turn_out"] = None if one is None else one.crew_size * site.units
        for shift in rosters.shifts:
            row[f"people_{shift}"] = rosters.in_shift(site.crew, site.units, shift, roster) if known else None
        row["same_people"] = bool(one is not None and not one.by_shift and len(rosters.shifts) > 1)
        row["roster"] = roster
        rows.append(row)
    numbers = ["turn_out", *(f"people_{shift}" for shift in rosters.shifts), "roster"]
    columns = ["id", "name", "kind", "status", "crew", "units", *numbers[:-1], "same_people", "roster"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype(dict.fromkeys(numbers, "Float64")).astype(dict.fromkeys(numbers, "Int64"))


def force_totals(force: pd.DataFrame) -> dict[str, int]:
    """Add a force composition up.

    Returns
    -------
    dict of str to int
        ``people`` and ``people_new`` on all rosters, and on those of sites that do not exist yet; ``turn_out`` and
        ``people_<shift>`` of all sites; ``sites_unknown``, sites whose people are not known and are in no sum.
    """
    new = force["status"] != "existing"
    totals = {
        "people": int(force["roster"].sum()),
        "people_new": int(force.loc[new, "roster"].sum()),
        "turn_out": int(force["turn_out"].sum()),
    }
    totals |= {name: int(force[name].sum()) for name in map(str, force) if name.startswith("people_")}
    return totals | {"sites_unknown": int(force["roster"].isna().sum())}


def force_notes(force: pd.DataFrame) -> tuple[Note, ...]:
    """Say of which sites of a force composition the people are not known."""
    notes = []
    without = force[force["roster"].isna()]
    if len(unknown := without[without["kind"] == "station"]):
        names = ", ".join(unknown["id"])
        notes.append(
            Note(
                f"staffing not known for the crews of {len(unknown)} stations ({names}): they are in no sum of people",
                f"{len(unknown)} 处站点（{names}）的人员编配未知，不计入人数合计",
            )
        )
    if others := int((without["kind"] != "station").sum()):
        notes.append(
            Note(
                f"{others} depots, hubs and shelters: nothing is known of their staff, they are in no sum of people",
                f"{others} 处物资库、避难场所等没有人员编配数据，不计入人数合计",
            )
        )
    return tuple(notes)
