"""Demand points cut, joined and given other people, with ids kept unique and every row its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim._words import Note
from rescuesim.demand.points import CALL_TYPES, DemandPoints
from rescuesim.errors import Fault, InputError

__all__ = ["by_id", "demand_from_arrays", "joined", "no_zones", "select", "with_people"]


def demand_from_arrays(
    ids: Sequence[str],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    people: NDArray[np.float64],
    *,
    source: str,
    notes: Iterable[str] = (),
    names: Sequence[str] | None = None,
    zones: Sequence[str] | None = None,
    townships: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    rows: Sequence[int] = (),
) -> DemandPoints:
    """Make demand points whose weight is their people and whose calls are left to the rate.

    Parameters
    ----------
    ids : sequence of str, length n
    lon, lat, people : ndarray of float64, shape (n,)
    source : str
        What messages call the points.
    notes : iterable of str, optional
    names, zones, townships, kinds : sequence of str, optional
        The id, ``dense_rural`` (said aloud), empty and ``residential`` if absent.
    rows : sequence of int, optional

    Returns
    -------
    DemandPoints
    """
    size = len(ids)
    said = list(notes)
    if zones is None:
        said.append(no_zones(source))
    return DemandPoints(
        ids=tuple(ids),
        names=tuple(names if names is not None else ids),
        lon=np.asarray(lon, dtype=np.float64),
        lat=np.asarray(lat, dtype=np.float64),
        zones=tuple(zones) if zones is not None else ("dense_rural",) * size,
        people=np.asarray(people, dtype=np.float64),
        calls_per_year=np.zeros(size),
        calls_given=np.zeros(size, dtype=np.bool_),
        weights=np.asarray(people, dtype=np.float64),
        townships=tuple(townships) if townships is not None else ("",) * size,
        kinds=tuple(kinds) if kinds is not None else ("residential",) * size,
        notes=tuple(said),
        source=source,
        rows=tuple(rows),
    )


def no_zones(source: str) -> Note:
    """Say that points have no zone of their own yet."""
    en = f"{source}: no zones given: every point is dense_rural until assign_zones says otherwise"
    return Note(en, f"{source}：未给出区域类型，各点暂按农村人口密集区，可用 assign_zones 指定")


def select(demand: DemandPoints, chosen: ArrayLike) -> DemandPoints:
    """Keep some of the points.

    Parameters
    ----------
    demand : DemandPoints
    chosen : array_like of bool, shape (n_demand,), or of int
        A mask, or positions in the order that is wanted.

    Returns
    -------
    DemandPoints

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.demand import load_demand
    >>> demand = load_demand(pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.4], "lat": [28.7, 28.8]}))
    >>> select(demand, [False, True]).ids
    ('b',)
    """
    at = np.asarray(chosen)
    if at.dtype == np.bool_:
        if at.shape != (len(demand),):
            raise InputError(f"a mask of shape {at.shape}: expected ({len(demand)},), one for each demand point")
        at = np.flatnonzero(at)
    at = at.astype(np.int64)
    rows = at.tolist()

    def texts(column: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(column[row] for row in rows) if column else ()

    by_type = demand.calls_by_type
    return replace(
        demand,
        ids=texts(demand.ids),
        names=texts(demand.names),
        lon=None if demand.lon is None else demand.lon[at],
        lat=None if demand.lat is None else demand.lat[at],
        zones=texts(demand.zones),
        people=demand.people[at],
        calls_per_year=demand.calls_per_year[at],
        calls_given=demand.calls_given[at],
        weights=demand.weights[at],
        townships=texts(demand.townships),
        kinds=texts(demand.kinds),
        calls_by_type=None if by_type is None else {name: calls[at] for name, calls in by_type.items()},
        zone_bases=texts(demand.zone_bases),
        grids=texts(demand.grids),
        grid_persons=texts(demand.grid_persons),
        rows=tuple(demand.rows[row] for row in rows) if demand.rows else (),
    )


def joined(first: DemandPoints, second: DemandPoints, *, source: str | None = None) -> DemandPoints:
    """Put the points of two tables into one.

    Parameters
    ----------
    first, second : DemandPoints
    source : str, optional
        What messages call the whole; that of the first if absent.

    Returns
    -------
    DemandPoints
        Optional texts that one of them lacks are empty there.

    Raises
    ------
    InputError
        If an id stands in both, one has positions and the other none, or one has calls split by type and
        the other calls that are not split.
    """
    where = f"{first.source} and {second.source}"
    faults = [
        Fault(file=where, column="id", value=id_, expected="ids that stand in one of the tables only")
        for id_ in sorted(set(first.ids) & set(second.ids))
    ]
    if (first.lon is None) != (second.lon is None):
        faults.append(Fault(file=where, expected="positions in both tables or in neither"))
    split = (first.calls_by_type is not None, second.calls_by_type is not None)
    for part, is_split in zip((first, second), split, strict=True):
        if any(split) and not is_split and part.calls_given.any():
            expected = "calls split by type as in the other table; see calls_from_rates"
            faults.append(Fault(file=part.source, column="calls_per_year", expected=expected))
    if faults:
        raise InputError(faults)
    placed = first.lon is not None and second.lon is not None and first.lat is not None and second.lat is not None
    return replace(
        first,
        ids=first.ids + second.ids,
        names=first.names + second.names,
        lon=np.r_[first.lon, second.lon] if placed else None,
        lat=np.r_[first.lat, second.lat] if placed else None,
        zones=first.zones + second.zones,
        people=np.r_[first.people, second.people],
        calls_per_year=np.r_[first.calls_per_year, second.calls_per_year],
        calls_given=np.r_[first.calls_given, second.calls_given],
        weights=np.r_[first.weights, second.weights],
        townships=first.townships + second.townships,
        kinds=first.kinds + second.kinds,
        calls_by_type=_joined_types(first, second) if any(split) else None,
        zone_bases=_padded(first, second, first.zone_bases, second.zone_bases),
        grids=_padded(first, second, first.grids, second.grids),
        grid_persons=_padded(first, second, first.grid_persons, second.grid_persons),
        notes=(*first.notes, *(note for note in second.notes if note not in first.notes)),
        source=first.source if source is None else source,
        rows=(),  # rows of two files count differently
    )


def _padded(
    first: DemandPoints, second: DemandPoints, left: tuple[str, ...], right: tuple[str, ...]
) -> tuple[str, ...]:
    """Join an optional text column that one of the tables may lack."""
    if not left and not right:
        return ()
    return (left or ("",) * len(first)) + (right or ("",) * len(second))


def _joined_types(first: DemandPoints, second: DemandPoints) -> dict[str, NDArray[np.float64]]:
    def of(part: DemandPoints, name: str) -> NDArray[np.float64]:
        return (part.calls_by_type or {}).get(name, np.zeros(len(part)))

    return {name: np.r_[of(first, name), of(second, name)] for name in CALL_TYPES}


def with_people(demand: DemandPoints, people: NDArray[np.float64], *notes: str) -> DemandPoints:
    """Give the points other people; weights that were equal to the people follow, others stay.

    Parameters
    ----------
    demand : DemandPoints
    people : ndarray of float64, shape (n_demand,)
    *notes : str
        What was done, to be said aloud.

    Returns
    -------
    DemandPoints
        Calls that were given stay; the others keep to the rate, so they follow the people.
    """
    follow = demand.weights == demand.people
    said = list(notes)
    if kept := int((~follow).sum()):
        en = f"{demand.source}: {kept} weights were not equal to people and stay as they were"
        said.append(Note(en, f"{demand.source}：{kept} 个点的权重原本不等于人口，保持不变"))
    return replace(
        demand,
        people=people,
        weights=np.where(follow, people, demand.weights),
        notes=(*demand.notes, *said),
    )


def by_id(
    demand: DemandPoints, keys: Sequence[str], *, file: str, rows: Sequence[int], all_points: bool = True
) -> tuple[NDArray[np.int64], list[Fault]]:
    """Find, for each demand point, the row of a table that has its id.

    Parameters
    ----------
    demand : DemandPoints
    keys : sequence of str
        Ids of the table's rows, each once.
    file : str
        The table in messages.
    rows : sequence of int
        Row numbers in messages.
    all_points : bool, optional
        Whether a point without a row is a fault.

    Returns
    -------
    at : ndarray of int64, shape (n_demand,)
        -1 where the table has no row.
    faults : list of Fault
        Rows of unknown points and, if asked for, points without a row.
    """
    place = {key: at for at, key in enumerate(keys)}
    known = set(demand.ids)
    faults = [
        Fault(file=file, row=row, column="id", value=key, expected=f"an id of {demand.source}")
        for key, row in zip(keys, rows, strict=True)
        if key not in known
    ]
    at = np.array([place.get(id_, -1) for id_ in demand.ids], dtype=np.int64)
    if all_points:
        faults += [
            Fault(file=file, column="id", value=demand.ids[i], expected="a row for each demand point; there is none")
            for i in np.flatnonzero(at < 0)
        ]
    return at, faults
