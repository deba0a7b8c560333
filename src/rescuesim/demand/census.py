"""Official totals of the census, and demand points reconciled with them unit by unit."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._tables import Column, check_table, read_text_table
from rescuesim._words import Note
from rescuesim.demand.combine import with_people
from rescuesim.demand.points import DemandPoints
from rescuesim.demand.rounding import largest_remainder
from rescuesim.errors import Fault, InputError, nearest_name

__all__ = ["CensusTotals", "Reconciliation", "read_census", "reconcile"]

_COLUMNS = (
    Column(name="code", aliases=("区划代码", "行政区划代码", "代码", "adcode")),
    Column(name="province", aliases=("省", "省份")),
    Column(name="prefecture", aliases=("市", "地市", "市州")),
    Column(
        name="name",
        required=True,
        aliases=(
            "区县",
            "县区",
            "县",
            "县市区",
            "乡镇街道",
            "乡镇",
            "街道",
            "镇街",
            "名称",
            "地区",
            "township",
            "county",
        ),
    ),
    Column(
        name="people",
        number=True,
        required=True,
        minimum=0,
        maximum=2e9,
        whole=True,
        aliases=("人口数_合计", "人口合计"),
    ),
)
_NOT_GIVEN = ("", "NA", "na", "-", "—")


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusTotals:
    """People by administrative unit, as published.

    Parameters
    ----------
    codes : tuple of str, length n_units
        Division codes of 6, 9 or 12 digits; empty where the table has none (development zones).
    names, provinces, prefectures : tuple of str, length n_units
    levels : tuple of str, length n_units
        ``nation``, ``province``, ``prefecture``, ``county`` or ``township``. A prefecture without counties of its
        own (东莞, 嘉峪关) is a ``county``, so counties sum to the nation.
    people : ndarray of float64, shape (n_units,)
        Whole.
    label : str
    notes : tuple of str
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    provinces: tuple[str, ...]
    prefectures: tuple[str, ...]
    levels: tuple[str, ...]
    people: NDArray[np.float64]
    label: str = "census"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a unit: ``code, name, prefecture, province, level, people``."""
        return pd.DataFrame(
            {
                "code": self.codes,
                "name": self.names,
                "prefecture": self.prefectures,
                "province": self.provinces,
                "level": self.levels,
                "people": self.people,
            }
        )

    def people_of(self, unit: str, *, province: str | None = None, level: str | None = "county") -> int:
        """Return the people of a unit.

        Parameters
        ----------
        unit : str
            Its code, or its name if one unit of the level has it.
        province : str, optional
            Tells units of one name apart, as far as they lie in different provinces.
        level : str, optional
            Level of a name; None for any.

        Returns
        -------
        int

        Raises
        ------
        InputError
            If no unit, or more than one, is called so.
        """
        found = [at for at, code in enumerate(self.codes) if code and code == unit]
        if not found:
            found = [
                at
                for at, name in enumerate(self.names)
                if name == unit
                and (level is None or self.levels[at] == level)
                and (province is None or self.provinces[at] == province)
            ]
        if len(found) == 1:
            return int(self.people[found[0]])
        if found:
            listed = ", ".join(f"{self.codes[at]} {self.provinces[at]}{self.prefectures[at]}" for at in found)
            expected = f"a code, as {len(found)} units are called so: {listed}"
        else:
            known = [name for name, of in zip(self.names, self.levels, strict=True) if level is None or of == level]
            hint = nearest_name(unit, known).partition(" (did")
            where = "" if province is None else f" in {province}"
            expected = f"a code or the name of a unit{where} of {self.label}" + (hint[1] + hint[2] if hint[1] else "")
        raise InputError([Fault(file=self.label, column="name", value=unit, expected=expected)])


def read_census(source: Path | str | pd.DataFrame) -> CensusTotals:
    """Read official totals of people by unit.

    Parameters
    ----------
    source : path or DataFrame
        A table as for `load_demand`, ``totals.xlsx#sheet`` chooses a sheet: a column of people (``人口数_合计``,
        ``常住人口``, ``people``), one of names (``区县``, ``乡镇``, ``name``) and, optionally, ``区划代码``, ``省`` and
        ``市``.

    Returns
    -------
    CensusTotals

    Raises
    ------
    DataFileError
        If the file cannot be read.
    InputError
        With every row without a name or a whole number of people, and every code that stands twice.

    Examples
    --------
    >>> totals = read_census(pd.DataFrame({"乡镇": ["溪口镇", "山坑乡"], "常住人口": [21034, 9120]}))
    >>> totals.people_of("山坑乡", level="township")
    9120
    """
    table = read_text_table(source, label="census table", columns=_COLUMNS)
    frame, faults = check_table(table, _COLUMNS)
    if not {"name", "people"} <= set(frame.columns):
        raise InputError(faults)
    texts = {
        column.name: frame[column.name].to_list() if column.name in frame else [""] * len(frame)
        for column in _COLUMNS
        if not column.number
    }
    codes = ["" if code in _NOT_GIVEN else code for code in texts["code"]]
    first: dict[str, int] = {}
    for row, code in zip(frame.index, codes, strict=True):
        if code and (not code.isdigit() or len(code) not in (6, 9, 12)):
            expected = "a division code of 6, 9 or 12 digits"
            faults.append(table.fault(int(row), "code", expected))
        elif code and first.setdefault(code, int(row)) != row:
            expected = f"each code once; it stands in row {first[code]} too"
            faults.append(table.fault(int(row), "code", expected))
    if faults:
        raise InputError(faults)
    return CensusTotals(
        codes=tuple(codes),
        names=tuple(texts["name"]),
        provinces=tuple(texts["province"]),
        prefectures=tuple(texts["prefecture"]),
        levels=_levels(codes, texts["name"], texts["prefecture"]),
        people=frame["people"].to_numpy(dtype=np.float64),
        label=table.label,
        notes=tuple(table.notes),
    )


def _levels(codes: Sequence[str], names: Sequence[str], prefectures: Sequence[str]) -> tuple[str, ...]:
    parents = {code[:4] for code in codes if len(code) == 6 and not code.endswith("00")}
    divided = any(prefectures)
    levels = []
    for code, name, prefecture in zip(codes, names, prefectures, strict=True):
        if name == "全国":
            levels.append("nation")
        elif name.endswith("直辖县级行政区划"):
            levels.append("prefecture")  # not a place: the sum of the counties right under a province
        elif code.endswith("0000") and len(code) == 6:
            levels.append("province")
        elif code.endswith("00") and len(code) == 6 and code[:4] in parents:
            levels.append("prefecture")
        elif len(code) > 6 or (not code and (not divided or name == prefecture)):  # islands of 三沙: parts of it
            levels.append("township")
        else:
            levels.append("county")
    return tuple(levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Demand points compared with official totals.

    Attributes
    ----------
    demand : DemandPoints
        As given, or scaled to the totals.
    table : DataFrame
        One row a unit: ``unit, points, people, official, ratio`` (people over official), ``within`` (the
        tolerance) and ``new_people``.
    """

    demand: DemandPoints
    table: pd.DataFrame


def reconcile(
    demand: DemandPoints,
    totals: CensusTotals | Mapping[str, float],
    *,
    by: Literal["township", "county"],
    county: str | None = None,
    units: Sequence[str] | None = None,
    tolerance: float | None = None,
    scale: bool = False,
) -> Reconciliation:
    """Compare the people of the demand points with official totals and, if asked, scale them.

    Parameters
    ----------
    demand : DemandPoints
    totals : CensusTotals or mapping of str to float
        Official people by township, or by county.
    by : {'township', 'county'}
        With ``township``, each point belongs to its township, and every township of a mapping or of the
        census's townships must have points. With ``county``, all points belong to `county`.
    county : str, optional
        Code of the county, or its name where only one has it; needed with ``by="county"`` unless `units` is given.
    units : sequence of str, length n_demand, optional
        Unit of each point, instead of its township or `county`.
    tolerance : float, optional
        A unit whose people differ by at most this share of the official total is within; ``census.tolerance``.
    scale : bool, optional
        Whether the people of each unit are scaled to its official total, in whole people by largest remainders.

    Returns
    -------
    Reconciliation

    Raises
    ------
    InputError
        With every unit that is missing on either side, every point without a unit, and, if scaled, every unit
        without people to scale.

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> frame = pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.4], "lat": [28.7, 28.7], "people": [30, 60]})
    >>> made = reconcile(load_demand(frame), {"贵溪市": 100}, by="county", county="贵溪市", scale=True)
    >>> made.demand.people.tolist(), round(float(made.table["ratio"][0]), 2)
    ([33.0, 67.0], 0.9)
    """
    allowed = default("census.tolerance").number if tolerance is None else tolerance
    if not (math.isfinite(allowed) and allowed >= 0):
        raise InputError(f"tolerance {tolerance}: expected a share of 0 or more, such as 0.05")
    of = _units(demand, by, county, units)
    found = dict.fromkeys(of)
    official, faults = _official(totals, list(found), by, demand.source)
    if faults:
        raise InputError(faults)
    at = {unit: row for row, unit in enumerate(found)}
    unit = np.array([at[name] for name in of], dtype=np.int64)
    old = np.bincount(unit, weights=demand.people, minlength=len(at))
    new = demand.people.copy()
    for name, row in at.items():
        if not scale:
            break
        if official[row] > 0 and not old[row] > 0:
            expected = f"points with people in it, to be scaled to {official[row]:.0f}"
            faults.append(Fault(file=demand.source, column=by, value=name, expected=expected))
            continue
        own = unit == row
        new[own] = largest_remainder(demand.people[own], round(official[row])) if official[row] > 0 else 0.0
    if faults:
        raise InputError(faults)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(official > 0, old / official, np.where(old > 0, np.inf, 1.0))
    table = pd.DataFrame(
        {
            "unit": list(at),
            "points": np.bincount(unit, minlength=len(at)),
            "people": old,
            "official": official,
            "ratio": ratio,
            "within": np.abs(old - official) <= allowed * official,
            "new_people": np.bincount(unit, weights=new, minlength=len(at)),
        }
    )
    notes = _notes(demand.source, table, allowed, scale=scale)
    return Reconciliation(demand=with_people(demand, new, *notes), table=table)


def _units(demand: DemandPoints, by: str, county: str | None, units: Sequence[str] | None) -> list[str]:
    """Return the unit of each point."""
    if by not in ("township", "county"):
        raise InputError(f"by {by!r}: expected township or county")
    if units is not None:
        of = [str(unit).strip() for unit in units]
        if len(of) != len(demand):
            raise InputError(f"units: {len(of)} of them, expected {len(demand)}, one for each demand point")
    elif by == "township":
        of = list(demand.townships)
    elif county is None:
        raise InputError("by='county': expected county, the code or the name of the points' county, or units")
    else:
        of = [county] * len(demand)
    rows = demand.rows or range(1, len(demand) + 1)
    faults = [
        Fault(
            file=demand.source,
            row=row,
            column=by,
            value="",
            expected=f"the {by} of the point, as people are counted by it",
        )
        for unit, row in zip(of, rows, strict=True)
        if not unit
    ]
    if faults:
        raise InputError(faults)
    return of


def _official(
    totals: CensusTotals | Mapping[str, float], wanted: list[str], by: str, source: str
) -> tuple[NDArray[np.float64], list[Fault]]:
    """Return the official total of each unit."""
    people, faults = np.zeros(len(wanted)), list[Fault]()
    look: Callable[[str], float]
    if isinstance(totals, CensusTotals):
        label, known = totals.label, {name for name, of in zip(totals.names, totals.levels, strict=True) if of == by}
        look = functools.partial(totals.people_of, level=by)
        used = known if by == "township" else set()
    else:
        label, known = "official totals", set(totals)
        look, used = totals.__getitem__, known
    for at, unit in enumerate(wanted):
        try:
            people[at] = look(unit)
        except InputError as error:
            faults += error.faults
        except KeyError:
            faults.append(Fault(file=label, column=by, value=unit, expected=nearest_name(unit, known)))
        if not (math.isfinite(people[at]) and people[at] >= 0 and people[at] == int(people[at])):
            expected = "a whole number of people of 0 or more"
            faults.append(Fault(file=label, column=by, value=f"{unit}: {people[at]:g}", expected=expected))
    codes = set(totals.codes) if isinstance(totals, CensusTotals) else set()
    for unit in sorted(used - set(wanted)):
        if not codes & set(wanted):  # points that name units by code are matched by code
            expected = f"points of {source} in this {by}; there are none"
            faults.append(Fault(file=label, column=by, value=unit, expected=expected))
    return people, faults


def _notes(source: str, table: pd.DataFrame, allowed: float, *, scale: bool) -> list[str]:
    off = table[~table["within"]]
    old, official = table["people"].sum(), table["official"].sum()
    done = ("people scaled to them", "人口已按其调整") if scale else ("people left as they are", "人口未调整")
    shown = ", ".join(f"{row.unit} {row.people:.0f}/{row.official:.0f}" for row in off.itertuples())
    en = f"{source}: {old:.0f} people against {official:.0f} in official totals of {len(table)} units; {done[0]}"
    zh = f"{source}：合计 {old:.0f} 人，{len(table)} 个单位官方合计 {official:.0f} 人；{done[1]}"
    notes: list[str] = [Note(en, zh)]
    if len(off):
        en = f"{source}: {len(off)} units differ by more than {allowed:.0%}: {shown}"
        notes.append(Note(en, f"{source}：{len(off)} 个单位相差超过 {allowed:.0%}：{shown}"))
    return notes
