"""Why each point is not covered, and the measures that would cover it, staffing before building, the cheapest first.

Every figure is computed: a staffing measure is one only if the limit of that crew, worked out anew from the standard,
is kept by the drive from that site. One measure at a time is looked at; where a point needs two, that is said. A
measure that keeps the limit by a few seconds is said to be only just enough and is not taken for a sufficient one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.explain.choices import Block, Measure, block_of, cheapest, margin_of
from rescuesim.siting.explain.cover_counts import CoverCounts
from rescuesim.siting.explain.crew_changes import CrewChanges
from rescuesim.siting.explain.crew_limits import CrewLimits
from rescuesim.siting.explain.drives import Drives
from rescuesim.siting.problem import SitingProblem

__all__ = ["CAUSES", "FIXES", "point_fixes"]

CAUSES = (
    "not_in_standard",  # its zone has no limit
    "road",  # no site that may be open reaches it at all
    "no_candidate",  # all sites that may be open, each with its own crew, do not cover it together
    "capability",  # an open site is near enough, and its crew lacks a capability
    "crew",  # an open site is near enough for another crew, or for its own in the better shift
    "second_unit",  # a first unit is in time, no second one from another site
    "full",  # the sites in reach are full
    "limit",  # too far from every open site; sites that could be opened would cover it
)
FIXES = ("steady", "equip", "staff", "open", "open_and_staff", "none")
_BLOCK = 2_000_000  # pairs looked at together
_ROAD_REASONS = ("no_road", "road_closed", "no_path", "site_unusable", "not_given")
_TEXT = ("fix", "fix_site", "fix_crew", "open_site", "just_fix", "just_site", "just_crew")
_NUMBERS = (
    *("fix_people", "fix_more_people", "fix_cost", "fix_drive_s", "fix_limit_s", "fix_margin_s"),
    *("open_cost", "open_people", "open_drive_s", "open_margin_s", "just_margin_s", "just_more_people", "over_s"),
)
_MARKS = ("only_just", "open_only_just")


def point_fixes(
    problem: SitingProblem,
    counts: CoverCounts,
    drives: Drives,
    crews: CrewLimits | None,
    points: pd.DataFrame,
    *,
    changes: CrewChanges,
    all_open: pd.DataFrame,
) -> pd.DataFrame:
    """Say of each uncovered point why it is so, and what would cover it.

    Parameters
    ----------
    problem : SitingProblem
        With limits.
    counts : CoverCounts
    drives : Drives
    crews : CrewLimits or None
        None where one limit holds for all, whatever the crew.
    points : DataFrame
        As `point_coverage` gives it.
    changes : CrewChanges
        What other crews take in people.
    all_open : DataFrame
        As `point_coverage` gives it with every site open that may be: causes that lie with the candidates do not
        change with the plan.

    Returns
    -------
    DataFrame
        A row an uncovered point: ``id, name, township, zone, people, weight, reason, cause, nearest_site, nearest_s,
        limit_s``, the cheapest measure ``fix, fix_site, fix_crew, fix_people, fix_more_people, fix_cost, fix_drive_s,
        fix_limit_s, fix_margin_s, only_just``, the cheapest opening ``open_site, open_cost, open_people, open_drive_s,
        open_margin_s, open_only_just``, ``just_fix, just_site, just_crew, just_more_people, just_margin_s`` and
        ``over_s``.

        The fix is staffing at an open site (``steady``: every shift as the best one; ``equip``: the missing
        capability; ``staff``: another crew), that with the fewest additional people; else the cheapest site to open;
        else one to open with another crew. Measures that are only just enough come after all that are sufficient, in
        the same order. ``fix_people`` are the people on the roster of the site afterwards, ``fix_more_people`` how many
        more that is, ``fix_cost`` the money; NaN is not known, and never 0. ``open_site`` is the cheapest site whose
        opening covers the point, also where staffing would do. ``just_…`` is staffing that is only just enough, where
        a dearer measure that is sufficient stands as the fix. ``over_s`` is how much the nearest site that may be open
        lies beyond the longest limit of any crew.
    """
    demand, rows = problem.demand, np.flatnonzero(~points["covered"].to_numpy())
    size = max(_BLOCK // max(problem.n_sites, 1), 1)
    parts = []
    for start in range(0, len(rows), size):
        at = rows[start : start + size]
        zone = np.zeros(len(at), dtype=np.int64) if crews is None else _zones(problem, crews, at)
        block = block_of(counts, drives, at, zone)
        parts.append(_fixes_of_block(problem, counts, block, drives, crews, changes))
    told = points.iloc[rows].reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "id": told["id"],
            "name": [demand.names[i] for i in rows],
            "township": [demand.townships[i] for i in rows],
            "zone": [demand.zones[i] for i in rows],
            "people": demand.people[rows],
            "weight": demand.weights[rows],
            "reason": told["reason"],
        }
    )
    made = pd.concat(parts, ignore_index=True) if parts else _no_fixes()
    far = all_open.iloc[rows]
    beyond = np.where(far["covered"].to_numpy(dtype=np.bool_), "", far["reason"].to_numpy(dtype=object))
    frame["cause"] = _causes(frame["reason"].to_numpy(), beyond, made)
    for name in ("nearest_site", "nearest_s", "limit_s"):
        frame[name] = told[name]
    for name in (*_ORDER, "over_s"):
        frame[name] = made[name]
    frame.loc[frame["cause"] == "not_in_standard", "fix"] = "none"
    return frame


_ORDER = (
    *("fix", "fix_site", "fix_crew", "fix_people", "fix_more_people", "fix_cost", "fix_drive_s", "fix_limit_s"),
    *("fix_margin_s", "only_just", "open_site", "open_cost", "open_people", "open_drive_s", "open_margin_s"),
    *("open_only_just", "just_fix", "just_site", "just_crew", "just_more_people", "just_margin_s"),
)


def _zones(problem: SitingProblem, crews: CrewLimits, points: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array([crews.zones.index(problem.demand.zones[i]) for i in points], dtype=np.int64)


def _fixes_of_block(
    problem: SitingProblem,
    counts: CoverCounts,
    block: Block,
    drives: Drives,
    crews: CrewLimits | None,
    changes: CrewChanges,
) -> pd.DataFrame:
    """Try every kind of measure on some points."""
    margin_s, free = margin_of(problem), np.flatnonzero(~problem.must_close & ~counts.opened)
    staff = [] if crews is None else _staffings(problem, counts, block, crews, changes)
    asked = {
        "staff": (staff, "people"),
        "equip": ([one for one in staff if one.kind == "equip"], "people"),
        "steady": ([one for one in staff if one.kind == "steady"], "people"),
        "open": ([_opening(problem, block, free, changes)], "money"),
        "both": ([] if crews is None else _open_and_staff(problem, block, free, crews, changes), "money"),
    }
    found = {
        name: cheapest(some, counts, block, drives, margin_s=margin_s, by=by) for name, (some, by) in asked.items()
    }
    order = [(name, just) for just in (False, True) for name in ("staff", "open", "both")]
    fix = found["staff"]
    source = np.full(len(block.points), "", dtype=object)
    for name, just in reversed(order):
        source[found[name].found & (found[name].just == just)] = name
    made: dict[str, NDArray[np.object_] | NDArray[np.float64] | NDArray[np.bool_] | NDArray[np.int64]] = {}
    for field in ("kind", "site", "crew", "people", "more_people", "cost", "drive_s", "limit_s", "just"):
        values = np.array(getattr(fix, field), copy=True)
        for name in ("open", "both"):
            values = np.where(source == name, getattr(found[name], field), values)
        made[field] = values
    ids = np.array([*problem.sites.ids, ""], dtype=object)
    best, left = found["open"], found["staff"]
    # staffing that would nearly do is told beside the sufficient measure that stands as the fix
    nearly = left.found & left.just & np.isin(source, ("open", "both"))
    openable = np.where((~problem.must_close)[:, None], block.seconds, np.inf)
    nearest = openable.min(axis=0) if problem.n_sites else np.full(len(block.points), np.inf)
    return pd.DataFrame(
        {
            "fix": made["kind"],
            "fix_site": ids[made["site"].astype(np.int64)],
            "fix_crew": made["crew"],
            "fix_people": made["people"],
            "fix_more_people": made["more_people"],
            "fix_cost": made["cost"],
            "fix_drive_s": made["drive_s"],
            "fix_limit_s": made["limit_s"],
            "fix_margin_s": made["limit_s"] - made["drive_s"],
            "only_just": made["just"].astype(np.bool_),
            "open_site": ids[best.site],
            "open_cost": best.cost,
            "open_people": best.people,
            "open_drive_s": best.drive_s,
            "open_margin_s": best.limit_s - best.drive_s,
            "open_only_just": best.just,
            "just_fix": np.where(nearly, left.kind, ""),
            "just_site": np.where(nearly, ids[left.site], ""),
            "just_crew": np.where(nearly, left.crew, ""),
            "just_more_people": np.where(nearly, left.more_people, np.nan),
            "just_margin_s": np.where(nearly, left.limit_s - left.drive_s, np.nan),
            "over_s": nearest - _longest(problem, crews, block),
            "by_staff": left.found,
            "by_equip": found["equip"].found & ~found["steady"].found,
        }
    )


def _no_fixes() -> pd.DataFrame:
    """Return the table of no point."""
    empty = {name: pd.Series(dtype=object) for name in _TEXT} | {name: pd.Series(dtype=np.float64) for name in _NUMBERS}
    marks = (*_MARKS, "by_staff", "by_equip")
    return pd.DataFrame(empty | {name: pd.Series(dtype=np.bool_) for name in marks})


def _longest(problem: SitingProblem, crews: CrewLimits | None, block: Block) -> NDArray[np.float64]:
    """Return the longest limit that any crew has at each point; ``-inf`` where none has one."""
    if crews is None:
        assert problem.limits is not None
        return np.full(len(block.points), float(problem.limits.limit_s.max()))
    return np.asarray(crews.first.max(axis=0)[block.zone])


def _causes(reason: NDArray[np.object_], beyond: NDArray[np.object_], made: pd.DataFrame) -> NDArray[np.object_]:
    """Name the cause of each point.

    ``beyond`` is why all sites that may be open do not cover it together, empty where they do: what lies with the
    candidates is decided by that alone, so that it is the same under every plan.
    """
    by_staff, by_equip = (made[name].to_numpy(dtype=np.bool_) for name in ("by_staff", "by_equip"))
    cause = np.full(len(reason), "limit", dtype=object)
    cause[by_staff] = "crew"
    cause[by_equip] = "capability"
    cause[reason == "second_unit"] = "second_unit"
    cause[reason == "full"] = "full"
    cause[beyond != ""] = "no_candidate"
    cause[np.isin(beyond, _ROAD_REASONS)] = "road"
    cause[reason == "not_in_standard"] = "not_in_standard"
    return cause


def _staffings(
    problem: SitingProblem, counts: CoverCounts, block: Block, crews: CrewLimits, changes: CrewChanges
) -> list[Measure]:
    """Give every open site the people, the capabilities or the crew that it does not have."""
    rows = np.flatnonzero(counts.opened)
    own = np.array([crews.crews.index(problem.sites.crews[row]) for row in rows.tolist()], dtype=np.int64)
    unknown, at = np.full(len(rows), np.nan), np.ix_(own, block.zone)
    held = changes.held[rows]
    tables = {
        # how many more people it takes to be as quick in every shift is not known; training takes none
        "steady": (crews.first_steady, crews.either_steady, unknown, unknown),
        "equip": (crews.first_equipped, crews.either_equipped, held, np.where(np.isnan(held), np.nan, 0.0)),
    }
    made = [
        Measure(
            kind=kind,
            crew="",
            rows=rows,
            first=first[at],
            either=either[at],
            people=people,
            more_people=more,
            cost=unknown,
        )
        for kind, (first, either, people, more) in tables.items()
    ]
    return made + [
        _with_crew(problem, block, rows[own != number], crews, changes, name, "staff")
        for number, name in enumerate(crews.crews)
    ]


def _open_and_staff(
    problem: SitingProblem, block: Block, rows: NDArray[np.int64], crews: CrewLimits, changes: CrewChanges
) -> list[Measure]:
    """Open each of some sites with every crew there is."""
    return [_with_crew(problem, block, rows, crews, changes, name, "open_and_staff") for name in crews.crews]


def _with_crew(
    problem: SitingProblem,
    block: Block,
    rows: NDArray[np.int64],
    crews: CrewLimits,
    changes: CrewChanges,
    crew: str,
    kind: str,
) -> Measure:
    """Put a crew at each of some sites: instead of the one that is there, or with a site that is opened for it."""
    number = crews.crews.index(crew)
    people, size = changes.needed(crew)[rows], (len(rows), len(block.points))
    opens = kind == "open_and_staff"
    more = people if opens else changes.more(crew)[rows]
    return Measure(
        kind=kind,
        crew=crew,
        rows=rows,
        first=np.broadcast_to(crews.first[number, block.zone], size),
        either=np.broadcast_to(crews.either[number, block.zone], size),
        people=people,
        more_people=more,
        cost=problem.sites.cost[rows] if opens else np.full(len(rows), np.nan),
    )


def _opening(problem: SitingProblem, block: Block, rows: NDArray[np.int64], changes: CrewChanges) -> Measure:
    """Open one more site with the crew that it would have."""
    assert problem.limits is not None
    return Measure(
        kind="open",
        crew="",
        rows=rows,
        first=np.asarray(problem.limits.limit_s[rows])[:, block.points],
        either=np.asarray(problem.limits.second_limit_s[rows])[:, block.points],
        people=changes.held[rows],
        more_people=changes.held[rows],
        cost=problem.sites.cost[rows],
    )
