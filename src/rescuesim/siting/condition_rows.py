"""Side conditions of the planner as rows in whole numbers over the sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.errors import Fault, nearest_name
from rescuesim.siting.conditions import GroupLimit, Separation
from rescuesim.siting.separation import cliques, too_near
from rescuesim.siting.site_rows import SiteRows, row_of

__all__ = ["Sites", "conflict_rows", "group_rows", "implication_rows", "number_row", "separation_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The sites that conditions are about, and what is said while they are read.

    Parameters
    ----------
    table : CandidateSites
    must_open, must_close : ndarray of bool, shape (n_sites,)
    in_model : ndarray of bool, shape (n_sites,)
        Sites of the kind that is sited; conditions are about these.
    townships_of_points : frozenset of str
    faults : list of Fault
        Filled while the rows are made.
    notes : list of str
        The same.
    """

    table: CandidateSites
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    in_model: NDArray[np.bool_]
    townships_of_points: frozenset[str]
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(self, column: str, value: str, expected: str, *, infeasible: bool = False) -> None:
        """Write a fault down; `infeasible` where the words are right and the condition cannot be kept."""
        self.faults.append(Fault(column=column, value=value, expected=expected, infeasible=infeasible))

    def marked(self, column: str, ids: Iterable[str]) -> NDArray[np.bool_]:
        """Mark sites by id, and write unknown ids down; bool, shape (n_sites,)."""
        wanted = list(ids)
        known = set(self.table.ids)
        for id_ in wanted:
            if id_ not in known:
                self.fault(column, str(id_), nearest_name(str(id_), self.table.ids))
        return np.isin(np.array(self.table.ids, dtype=object), [id_ for id_ in wanted if id_ in known])


def number_row(
    members: NDArray[np.bool_], label: str, *, least: int | None = None, most: int | None = None
) -> SiteRows:
    """Ask for at least or at most so many open sites of a set."""
    bounds = {} if least is None else {"lower": least}
    bounds |= {} if most is None else {"upper": most}
    return row_of(members.astype(np.int64), label, **bounds)


def group_rows(groups: Sequence[GroupLimit], sites: Sites) -> list[SiteRows]:
    """Write groups as rows; groups that cannot be kept by any plan become faults."""
    parts, table = [], sites.table
    for group in groups:
        counted, suffix = _counted(group, sites)
        for name, members in _groups_of(group, sites):
            inside = members & sites.in_model & counted
            openable = int((inside & ~sites.must_close).sum())
            if group.at_least is not None:
                label = f"at least {group.at_least} in {name}{suffix}"
                if group.at_least > openable:
                    had = f"{openable} of its sites{suffix} may be open"
                    sites.fault(name, f"at least {group.at_least}", f"no more than may be open: {had}", infeasible=True)
                parts.append(number_row(inside, label, least=group.at_least))
            if group.at_most is not None:
                stays = inside & sites.must_open
                if group.at_most < (fixed := int(stays.sum())):
                    had = f"at least the {fixed} sites in it that stay open ({_by_crew(table, stays)})"
                    sites.fault(name, f"at most {group.at_most}", had, infeasible=True)
                parts.append(number_row(inside, f"at most {group.at_most} in {name}{suffix}", most=group.at_most))
        if group.crews is None and group.per != "crew":
            _say_what_counts(group, sites)
    return parts


def _counted(group: GroupLimit, sites: Sites) -> tuple[NDArray[np.bool_], str]:
    """Mark the sites whose crews a condition counts, and say which, where not all do."""
    if group.crews is None:
        return np.ones(len(sites.table), dtype=np.bool_), ""
    present = {crew for crew, is_in in zip(sites.table.crews, sites.in_model, strict=True) if is_in}
    for crew in group.crews:
        if crew not in present:
            sites.fault("crews", str(crew), nearest_name(str(crew), present))
    return np.isin(np.array(sites.table.crews, dtype=object), list(group.crews)), f", of {' or '.join(group.crews)}"


def _by_crew(table: CandidateSites, marked: NDArray[np.bool_]) -> str:
    """List how many sites there are of each crew type."""
    counts = Counter(crew for crew, is_marked in zip(table.crews, marked, strict=True) if is_marked)
    return ", ".join(f"{counts[crew]} {crew}" for crew in sorted(counts))


def _say_what_counts(group: GroupLimit, sites: Sites) -> None:
    """Note that sites that stay open count, where they are of other crews than those that may be opened."""
    stays = sites.must_open & sites.in_model
    new = sites.in_model & ~sites.must_open & ~sites.must_close
    crews = np.array(sites.table.crews, dtype=object)
    others = stays & ~np.isin(crews, list(set(crews[new])))
    if others.any():
        about = f"per {group.per}" if group.per is not None else f"of group {group.name or 'of sites'}"
        sites.notes.append(
            f"conditions {about} count sites of all crews: {_by_crew(sites.table, others)} that stay open, too; "
            "GroupLimit(crews=...) counts some crews alone"
        )


def _groups_of(group: GroupLimit, sites: Sites) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the groups that one condition is about, by name."""
    if group.sites is not None:
        name = f"group {group.name or ', '.join(map(str, group.sites))}"
        return [(name, sites.marked(name, group.sites))]
    assert group.per is not None
    table = sites.table
    column = {"township": table.townships, "host": table.hosts, "crew": table.crews}[group.per]
    values = np.array(column, dtype=object)
    present = {str(value) for value, is_in in zip(column, sites.in_model, strict=True) if is_in and value}
    asked = set(map(str, group.of)) if group.of is not None else present
    if group.of is None and group.per == "township":
        if blank := int(((values == "") & sites.in_model).sum()):
            sites.notes.append(f"{blank} sites without a township are in none of the groups per township")
        if group.at_least:
            asked |= sites.townships_of_points
    if not asked:
        sites.fault(group.per, "", f"sites with a {group.per}")
    for value in sorted(asked - present if group.of is not None else ()):
        sites.fault(group.per, value, nearest_name(value, present))
    if group.of is not None:
        asked &= present
    return [(f"{group.per} {value}", values == value) for value in sorted(asked)]


def conflict_rows(conflicts: Sequence[Sequence[str]], sites: Sites) -> list[SiteRows]:
    """Ask that at most one site of each set is open."""
    parts = []
    for ids in conflicts:
        members = sites.marked("conflicts", ids)
        name = ", ".join(map(str, ids))
        if members.sum() < 2:
            sites.fault("conflicts", name, "at least two different sites")
        if (members & sites.must_open).sum() > 1:
            sites.fault("conflicts", name, "at most one site that stays open", infeasible=True)
        parts.append(number_row(members & sites.in_model, f"at most one of {name}", most=1))
    return parts


def implication_rows(implications: Sequence[tuple[str, str | Sequence[str]]], sites: Sites) -> list[SiteRows]:
    """Ask that with one site another is open, or at least one of several."""
    parts = []
    for first, then in implications:
        others = [then] if isinstance(then, str) else list(then)
        one, any_of = sites.marked("implications", [first]), sites.marked("implications", others)
        words = f"{first} only with {' or '.join(map(str, others))}"
        if (one & any_of).any():
            sites.fault("implications", words, "a site and others")
            continue
        if (one & sites.must_open).any() and not (any_of & sites.in_model & ~sites.must_close).any():
            sites.fault("implications", words, "a site that may be open, since the first stays open", infeasible=True)
        parts.append(row_of((any_of & sites.in_model).astype(np.int64) - one.astype(np.int64), words, lower=0))
    return parts


def separation_rows(separation: Separation, sites: Sites) -> list[SiteRows]:
    """Ask that no two open sites are too near, one row for each set of sites that are all too near to each other."""
    near = too_near(separation, sites.table)
    may = sites.in_model & ~sites.must_close
    near &= may[:, None] & may
    kept = near & sites.must_open[:, None] & sites.must_open
    if n_kept := int(kept.sum()) // 2:
        sites.notes.append(f"{n_kept} pairs of sites that stay open are nearer to each other than asked")
    far = f"{separation.at_least_s:g} s" if separation.at_least_m is None else f"{separation.at_least_m:g} m"
    parts = []
    for members in cliques(near & ~kept):
        mask = np.zeros(len(near), dtype=np.bool_)
        mask[members] = True
        names = ", ".join(sites.table.ids[j] for j in members)
        parts.append(number_row(mask, f"at least {far} between {names}", most=1))
    return parts
