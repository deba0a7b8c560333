"""Administrative villages (行政村) split over their hamlets (自然村), people conserved village by village."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables import Column, TextTable, read_identified
from rescuesim._words import Note
from rescuesim.demand.combine import demand_from_arrays, joined, select
from rescuesim.demand.placed import placed_rows
from rescuesim.demand.points import DEMAND_KINDS, DemandPoints
from rescuesim.demand.rounding import largest_remainder
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.standard import ZONES

__all__ = ["SplitBy", "split_villages"]

SplitBy = Literal["people", "households", "buildings", "equal"]
_VILLAGE_COLUMNS = (
    Column(name="id", required=True),
    Column(name="name"),
    Column(name="township"),
    Column(name="people", number=True, required=True, minimum=0, maximum=1e9, whole=True),
    Column(name="lon", number=True),
    Column(name="lat", number=True),
    Column(name="zone", choices=ZONES),
)
_HAMLET_COLUMNS = (
    Column(name="id", required=True),
    Column(name="name"),
    Column(name="lon", number=True, required=True),
    Column(name="lat", number=True, required=True),
    Column(name="township"),
    # after the name, so that 行政村 is the village where a hamlet has both
    Column(name="village_id", aliases=("行政村编号", "行政村编码", "行政村代码", "所属行政村编码", "所属村编号")),
    Column(name="village", aliases=("行政村", "行政村名称", "所属行政村", "所属村")),
    Column(name="zone", choices=ZONES),
    Column(name="kind", choices=DEMAND_KINDS),
    Column(name="people", number=True, minimum=0, maximum=1e9),
    Column(name="households", number=True, minimum=0, maximum=1e9, aliases=("户数", "家庭户数", "住户数")),
    Column(name="buildings", number=True, minimum=0, maximum=1e9, aliases=("房屋数", "建筑数", "栋数", "房屋栋数")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Rows of a table with the columns that are text filled in."""

    table: TextTable
    frame: pd.DataFrame

    def text(self, name: str) -> list[str]:
        return self.frame[name].to_list() if name in self.frame else [""] * len(self.frame)

    def fault(self, at: int, column: str, expected: str) -> Fault:
        return self.table.fault(int(self.frame.index[at]), column, expected)


def split_villages(
    villages: Path | str | pd.DataFrame, hamlets: Path | str | pd.DataFrame, *, by: SplitBy, crs: str | None = None
) -> DemandPoints:
    """Split the people of each administrative village over its hamlets.

    A hamlet names its village in ``village_id`` or, without one, in ``village``, the village's name; where
    several villages have the name, the hamlet's ``township`` must tell them apart.

    Parameters
    ----------
    villages : path or DataFrame
        Columns ``id, people`` and, optionally, ``name, township, zone, lon, lat``.
    hamlets : path or DataFrame
        Columns ``id, lon, lat``, ``village_id`` or ``village``, and, optionally, ``name, township, zone, kind,
        people, households, buildings``.
    by : {'people', 'households', 'buildings', 'equal'}
        What the split is in proportion to: a column of the hamlets, or nothing. There is no default, because
        the answer moves people.
    crs : str, optional
        Declared system of both tables; if absent the one that a layer states, or ``wgs84`` for a plain table.

    Returns
    -------
    DemandPoints
        The hamlets, in whole people by largest remainders; the sum over the hamlets of a village is the village's
        people. A village without a hamlet is a point of its own where it has a position.

    Raises
    ------
    InputError
        With every fault: a village that does not exist, a name that several villages have, an id and a name or
        township that disagree, counts that are missing or all 0, a village with neither hamlet nor position.

    Examples
    --------
    >>> villages = pd.DataFrame({"id": ["v1"], "name": ["上村"], "people": [100]})
    >>> hamlets = pd.DataFrame(
    ...     {"id": ["a", "b"], "lon": [119.3, 119.4], "lat": [28.7, 28.7], "village": "上村", "households": [20, 10]}
    ... )
    >>> split_villages(villages, hamlets, by="households").people.tolist()
    [67.0, 33.0]
    """
    if by not in get_args(SplitBy):
        raise InputError(f"by {by!r}: expected {nearest_name(str(by), get_args(SplitBy))}")
    above, village_faults = _read(villages, _VILLAGE_COLUMNS, "village table")
    below, hamlet_faults = _read(hamlets, _HAMLET_COLUMNS, "hamlet table")
    faults = village_faults + hamlet_faults
    # a hamlet of a village whose row has a fault would be a fault for no reason of its own
    village, matching = _matched(above, below) if not village_faults else (np.zeros(0, np.int64), [])
    faults += matching
    shares, counting = _counts(below, by)
    faults += counting
    if faults:
        raise InputError(faults)
    positions, lon, lat, off = placed_rows(below.table, below.frame, crs)
    alone, alone_faults = _without_hamlet(above, village, crs)
    faults = [*off, *alone_faults]
    people, empty = _split(above, village, shares, by)
    faults += empty
    if faults:
        raise InputError(faults)
    made = demand_from_arrays(
        tuple(positions["id"]),
        lon,
        lat,
        people,
        names=[name or id_ for name, id_ in zip(below.text("name"), below.text("id"), strict=True)],
        zones=_inherited(above, below, village, "zone", "dense_rural"),
        townships=_inherited(above, below, village, "township", ""),
        kinds=[kind or "residential" for kind in below.text("kind")],
        source=below.table.label,
        notes=[*above.table.notes, *below.table.notes, *_said(above, below, village, by)],
        rows=[int(row) for row in below.frame.index],
    )
    return made if alone is None else joined(made, alone)


def _read(source: Path | str | pd.DataFrame, columns: Sequence[Column], label: str) -> tuple[_Table, list[Fault]]:
    table, frame, faults = read_identified(source, columns, label=label)
    return _Table(table=table, frame=frame), faults


def _matched(above: _Table, below: _Table) -> tuple[NDArray[np.int64], list[Fault]]:
    """Find the village of each hamlet."""
    by_id = {id_: at for at, id_ in enumerate(above.text("id"))}
    by_name: dict[str, list[int]] = {}
    names, townships = above.text("name"), above.text("township")
    for at, name in enumerate(names):
        by_name.setdefault(name, []).append(at)
    village = np.full(len(below.frame), -1, dtype=np.int64)
    faults = []
    rows = zip(below.text("village_id"), below.text("village"), below.text("township"), strict=True)
    for at, (id_, name, township) in enumerate(rows):
        if id_:
            found = [by_id[id_]] if id_ in by_id else []
            wrong = ("village_id", nearest_name(id_, by_id) if len(by_id) < 30 else f"an id of {above.table.label}")
        elif name:
            found = by_name.get(name, [])
            if len(found) > 1 and township:
                found = [one for one in found if townships[one] == township]
            wrong = ("village", _village_expected(name, township, by_name, townships, above.table.label))
        else:
            found, wrong = [], ("village_id", "the id or the name of the hamlet's administrative village")
        if len(found) != 1:
            faults.append(below.fault(at, *wrong))
            continue
        village[at] = found[0]
        of = found[0]
        if id_ and name and names[of] and name != names[of]:
            faults.append(below.fault(at, "village", f"{names[of]}, the name of village {id_}"))
        if township and townships[of] and township != townships[of]:
            faults.append(below.fault(at, "township", f"{townships[of]}, the township of its village"))
    return village, faults


def _village_expected(name: str, township: str, by_name: dict[str, list[int]], townships: list[str], label: str) -> str:
    known = sorted({other for other in by_name if other})
    if name not in by_name:
        hint = nearest_name(name, known).partition("(")[2]
        return f"the name of a village of {label}" + (f" ({hint}" if hint else "")
    there = ", ".join(sorted(townships[at] or "no township" for at in by_name[name]))
    if township and township not in [townships[at] for at in by_name[name]]:
        return f"a township that has a village of this name: {there}"
    return f"a name that one village has, or its village_id or township; there are {len(by_name[name])}: {there}"


def _counts(below: _Table, by: SplitBy) -> tuple[NDArray[np.float64], list[Fault]]:
    if by == "equal":
        return np.ones(len(below.frame)), []
    if by not in below.frame:
        expected = f"a column of this name to split by, or by='equal'; there are {', '.join(below.table.frame.columns)}"
        return np.zeros(len(below.frame)), [Fault(file=below.table.label, column=by, expected=expected)]
    counts = np.asarray(below.frame[by], dtype=np.float64)
    missing = np.flatnonzero(np.isnan(counts)).tolist()
    return counts, [below.fault(at, by, "a number of 0 or more, as the split is by it") for at in missing]


def _split(
    above: _Table, village: NDArray[np.int64], shares: NDArray[np.float64], by: SplitBy
) -> tuple[NDArray[np.float64], list[Fault]]:
    people, faults = np.zeros(len(village)), []
    total = above.frame["people"].to_numpy(dtype=np.float64)
    for at in np.unique(village).tolist():
        own = np.flatnonzero(village == at)
        if total[at] > 0 and not shares[own].any():
            expected = f"{by} above 0 in one of its {len(own)} hamlets, as it has people"
            faults.append(above.fault(at, "people", expected))
            continue
        people[own] = largest_remainder(shares[own], int(total[at]))
    return people, faults


def _without_hamlet(
    above: _Table, village: NDArray[np.int64], crs: str | None
) -> tuple[DemandPoints | None, list[Fault]]:
    """Make points of the villages that no hamlet names."""
    alone = np.setdiff1d(np.arange(len(above.frame)), village)
    people = above.frame["people"].to_numpy(dtype=np.float64)
    placed = np.zeros(len(above.frame), dtype=np.bool_)
    if {"lon", "lat"} <= set(above.frame.columns):
        placed = above.frame[["lon", "lat"]].notna().all(axis=1).to_numpy()
    lost = [at for at in alone.tolist() if not placed[at] and people[at] > 0]
    faults = [above.fault(at, "id", "a hamlet that names this village, or its lon and lat") for at in lost]
    own = np.array([at for at in alone.tolist() if placed[at]], dtype=np.int64)
    if faults or not own.size:
        return None, faults
    frame = above.frame.iloc[own]
    kept, lon, lat, off = placed_rows(above.table, frame, crs)
    if off:
        return None, off
    names, zones, townships = (above.text(name) for name in ("name", "zone", "township"))
    n, sum_ = len(own), people[own].sum()
    en = f"{above.table.label}: {n} villages with {sum_:.0f} people have no hamlet and stay points of their own"
    zh = f"{above.table.label}：{n} 个行政村（{sum_:.0f} 人）没有自然村，按行政村位置计"
    made = demand_from_arrays(
        tuple(kept["id"]),
        lon,
        lat,
        people[own],
        names=[names[at] or str(above.frame["id"].iloc[at]) for at in own.tolist()],
        zones=[zones[at] or "dense_rural" for at in own.tolist()],
        townships=[townships[at] for at in own.tolist()],
        source=above.table.label,
        notes=[Note(en, zh)],
    )
    lived_in = made.people > 0
    return (select(made, lived_in) if lived_in.any() else None), []


def _inherited(above: _Table, below: _Table, village: NDArray[np.int64], name: str, otherwise: str) -> list[str]:
    """Return a text of the hamlets, their village's where they have none."""
    upper = above.text(name)
    return [own or upper[at] or otherwise for own, at in zip(below.text(name), village.tolist(), strict=True)]


def _said(above: _Table, below: _Table, village: NDArray[np.int64], by: SplitBy) -> list[str]:
    n, m = len(np.unique(village)), len(village)
    people = above.frame["people"].sum()
    words = {"people": "人口", "households": "户数", "buildings": "房屋数", "equal": "平均"}
    how = "in equal parts" if by == "equal" else f"in proportion to {by}"
    en = f"{below.table.label}: people of {n} villages split over {m} hamlets {how}; {people:.0f} people in all"
    said: list[str] = [
        Note(en, f"{below.table.label}：{n} 个行政村人口按{words[by]}分到 {m} 个自然村，共 {people:.0f} 人")
    ]
    upper, lower = above.text("zone"), below.text("zone")
    missing = sum(not own and not upper[at] for own, at in zip(lower, village.tolist(), strict=True))
    if missing:
        en = f"{below.table.label}: zone not given for {missing} of {m} hamlets nor their village: dense_rural"
        said.append(Note(en, f"{below.table.label}：{missing} 个自然村及其行政村未给出区域类型，取农村人口密集区"))
    return said
