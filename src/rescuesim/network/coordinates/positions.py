"""Positions in a table: checked against the declared system, each wrong one with what it looks like.

Nothing is repaired in silence: a zone in front of the eastings or columns that are exchanged make a fault that
names the declaration or the order that would fit.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from rescuesim._tables import TextTable
from rescuesim.errors import Fault
from rescuesim.network.coordinates.china_offset import CHINA_BOX
from rescuesim.network.coordinates.declared_crs import OFFSET_SYSTEMS, check_crs, datum_of, epsg_part, to_wgs84
from rescuesim.network.ways import great_circle_m

__all__ = ["CheckedPositions", "check_positions", "read_positions"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FAMILIES = {
    "China 2000": "CGCS2000",
    "Xian 1980": "Xian 1980",
    "Beijing 1954": "Beijing 1954",
    "New Beijing": "New Beijing",
}
_ZONES_6, _ZONES_3 = range(13, 24), range(25, 46)  # zone numbers of China: no number is in both
_MILLION = 1e6
_ZONE_REACH_M = 500_000.0  # from the false easting to the next zone number
_FAR_REACH_M = 2_000_000.0  # where no number stands in front, a system may be used zones away
_POLE_M = 10_002_000.0
_MOST_SHIFTED_M = 1000.0  # old datums of China lie 50 to 150 m off


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPositions:
    """Positions in WGS84, and what is wrong with those that are none.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        WGS84 degrees; meaningless where `ok` is False.
    ok : ndarray of bool, shape (n,)
    column : ndarray of str, shape (n,)
        ``lon``, ``lat`` or ``lon, lat``: where the fault is; empty where there is none.
    expected : ndarray of str, shape (n,)
        What would be right, in words; empty where nothing is wrong.
    """

    lon: Floats
    lat: Floats
    ok: Flags
    column: NDArray[np.object_]
    expected: NDArray[np.object_]


def check_positions(x: ArrayLike, y: ArrayLike, crs: str, *, shift: Sequence[float] | None = None) -> CheckedPositions:
    """Turn coordinates into WGS84 and find those that cannot be in the declared system.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Longitude and latitude, or easting and northing, as declared.
    crs : str
        As in `check_crs`.
    shift : sequence of 3 or 7 floats, optional
        As in `check_crs`.

    Returns
    -------
    CheckedPositions
        Found are: values that are not finite, 0 and 0, degrees in a projected system and metres in a
        geographic one, exchanged columns, eastings with a zone in front where the system has none, without
        where it has one or with another one, and places off the Earth or far outside the area of the system.

    Raises
    ------
    InputError
        As `check_crs`.

    Examples
    --------
    >>> found = check_positions([40512345.6], [3177000.0], "EPSG:4549")
    >>> print(found.expected[0])
    eastings of EPSG:4549; they begin with zone 40: EPSG:4528 fits
    """
    system = _system(check_crs(crs, shift=shift))
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    column, expected = np.full(len(x), "", dtype=object), np.full(len(x), "", dtype=object)

    def say(where: Flags, columns: str, text: str) -> None:
        where = where & (expected == "")
        column[where], expected[where] = columns, text

    say(~np.isfinite(x), "lon", "a finite number")
    say(~np.isfinite(y), "lat", "a finite number")
    say((x == 0) & (y == 0), "lon, lat", "a place; 0, 0 is none")
    for words, hits in system.other_unit(x, y):
        say(hits, "lon, lat", words)
    lon, lat, ok = system.place(x, y, expected == "")
    wrong = ~ok & (expected == "")
    if wrong.any():
        exchanged = system.place(y, x, wrong)[2]
        for name, off in (("lon", np.abs(lon) > 180), ("lat", wrong)):
            say(exchanged & off, name if system.everywhere else "lon, lat", system.exchanged_words)
        for words, hits in system.other_zone(x, y, wrong):
            say(hits, "lon", words)
        for name, off in (("lon", np.abs(lon) > 180), ("lat", np.abs(lat) > 90)):
            say(wrong & off, name, "a place on Earth; check the declared crs")
        say(wrong, "lon, lat", f"a place {system.where}; check the declared crs and the order of the columns")
    if ok.any() and (moved_m := system.shifted_m(x[ok], y[ok], lon[ok], lat[ok])) > _MOST_SHIFTED_M:
        words = f"a shift of some hundred metres at most; this one moves the place by {moved_m:.0f} m: check its units"
        say(ok, "lon, lat", words)
    return CheckedPositions(lon=lon, lat=lat, ok=expected == "", column=column, expected=expected)


class _System:
    """A declared system with what its coordinates must look like."""

    def __init__(self, code: str) -> None:
        self.code, self.name = code, code.split(" ", 1)[0]
        offset = code in OFFSET_SYSTEMS
        crs = CRS.from_epsg(4326) if offset else epsg_part(code)
        self.projected: bool = crs.is_projected
        self.everywhere = code == "EPSG:4326"
        self.family = _FAMILIES.get(datum_of(crs))
        self.false_easting, self.meridian = _transverse(crs)
        self.bounds = CHINA_BOX if offset else _area(crs)
        self.exchanged_words = (
            "easting in lon and northing in lat; they look exchanged"
            if self.projected
            else f"a place {self.where}; lon and lat look exchanged"
        )

    @property
    def where(self) -> str:
        """Where places may be, in words."""
        if self.everywhere or self.bounds is None:
            return "on Earth"
        west, south, east, north = self.bounds
        return f"in or near the area of {self.name}, lon {west:.1f} to {east:.1f}, lat {south:.1f} to {north:.1f}"

    def place(self, x: Floats, y: Floats, where: Flags) -> tuple[Floats, Floats, Flags]:
        """Turn some rows into WGS84 and mark those that lie on Earth and in the area of the system."""
        lon, lat, ok = np.zeros(len(x)), np.zeros(len(x)), np.zeros(len(x), dtype=np.bool_)
        if where.any():
            lon[where], lat[where] = to_wgs84(x[where], y[where], self.code)
        ok[where] = (np.abs(lon[where]) <= 180) & (np.abs(lat[where]) <= 90)
        if self.false_easting is not None:  # far out the projection wraps round, and a zone ends before the next number
            reach_m = _ZONE_REACH_M if self.false_easting > _MILLION else _FAR_REACH_M
            ok &= (np.abs(x - self.false_easting) <= reach_m) & (np.abs(y) <= _POLE_M)
        if self.bounds is not None:
            west, south, east, north = self.bounds
            ok &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return lon, lat, ok

    def other_unit(self, x: Floats, y: Floats) -> list[tuple[str, Flags]]:
        """Find degrees where metres are declared, and metres where degrees are."""
        if self.projected:
            small = (np.abs(x) <= 180) & (np.abs(y) <= 180)
            return [(f"metres of {self.name}; these look like degrees: wgs84, gcj02, bd09 or EPSG:4490?", small)]
        found = []
        large = (np.abs(x) > 1000) & (np.abs(y) > 1000)
        for east, note in ((x, ""), (y, "; lon and lat look exchanged too")):
            zones = _zone(east)
            for zone in _zones(east[large], (*_ZONES_6, *_ZONES_3)):
                fits = f"{self._zone_code(zone, family=self.family or 'CGCS2000')}"
                words = f"degrees; these begin with zone {zone} like eastings: {fits} fits{note}"
                found.append((words, large & (zones == zone)))
        found.append(("degrees; these look like metres of a projected system such as EPSG:4549", large))
        return found

    def other_zone(self, x: Floats, y: Floats, where: Flags) -> list[tuple[str, Flags]]:
        """Find eastings with a zone number in front that the system has not, and without one that it has."""
        if self.false_easting is None or self.meridian is None:
            return []
        own, found = int(self.false_easting // _MILLION), []
        utm = round((self.meridian + 183) / 6)  # some write the zone of UTM in front as well
        for east, north, note in ((x, y, ""), (y, x, "; easting and northing look exchanged too")):
            zones = _zone(east)
            fits = self.place(east + (own - zones) * _MILLION, north, where & (np.abs(east) < 1e8))[2]
            for zone in _zones(east[fits], (*_ZONES_6, *_ZONES_3, utm)):
                begins = f"eastings of {self.name}; they begin with zone {zone}"
                words = f"{begins}: {self._zone_code(zone, family=self.family or 'CGCS2000')} fits{note}"
                if self.family is None and zone == utm:
                    words = f"{begins}, which is to be taken off{note}"
                found.append((words, fits & (zones == zone)))
            if own:
                words = f"eastings of {self.name}, which begin with {own}; without it {self._meridian_code(own)} fits"
                found.append((words + note, fits & (zones == 0)))
        return found

    def _zone_code(self, zone: int, *, family: str) -> str:
        """Return the code of a zone with its number in front of the eastings."""
        width = "3-degree " if zone in _ZONES_3 else ""
        code = _code_of(f"{family} / {width}Gauss-Kruger zone {zone}") or f"zone {zone} of {family}"
        return code if self.family else f"{code}, if they are {family},"

    def _meridian_code(self, zone: int) -> str:
        """Return the code of the zone's meridian without a number in front of the eastings."""
        width = "3-degree " if zone in _ZONES_3 else ""
        found = _code_of(f"{self.family} / {width}Gauss-Kruger CM {self.meridian:.0f}E")
        return found or f"the system of the same meridian, {self.meridian:g} E,"

    def shifted_m(self, x: Floats, y: Floats, lon: Floats, lat: Floats) -> float:
        """Return how far the given shift moves the first places, in metres; 0 without a shift."""
        if " " not in self.code:
            return 0.0
        still = f"{self.name} +towgs84=0,0,0"
        few = slice(0, 100)
        return float(great_circle_m(*to_wgs84(x[few], y[few], still), lon[few], lat[few]).max())


@functools.lru_cache(maxsize=32)
def _system(code: str) -> _System:
    """Return what is known of a checked declaration; looking it up takes milliseconds."""
    return _System(code)


def _zone(easting: Floats) -> NDArray[np.int64]:
    """Return the millions of eastings, where a zone number stands."""
    return np.floor_divide(np.clip(np.nan_to_num(easting), 0.0, 1e9), _MILLION).astype(np.int64)


def _zones(easting: Floats, known: Sequence[int]) -> list[int]:
    """Return the zone numbers among those known that stand in front of some eastings."""
    return [int(zone) for zone in np.unique(_zone(easting)) if zone in known]


def _transverse(crs: CRS) -> tuple[float | None, float | None]:
    """Return false easting and central meridian of a transverse Mercator system, else nothing."""
    operation = crs.coordinate_operation
    if not crs.is_projected or operation is None or "Transverse Mercator" not in operation.method_name:
        return None, None
    values = {parameter.name: float(parameter.value) for parameter in operation.params}
    return values.get("False easting"), values.get("Longitude of natural origin")


def _area(crs: CRS) -> tuple[float, float, float, float] | None:
    """Return the area of use with room around it: a system serves its neighbourhood too; None if unknown.

    A province keeps one zone for all its counties, so a projected system may be used four zones of three
    degrees away; exchanged columns land farther off.
    """
    area = crs.area_of_use
    if area is None or area.west > area.east:  # across the date line
        return None
    room_lon, room_lat = (12.0, 10.0) if crs.is_projected else (1.0, 1.0)
    return area.west - room_lon, area.south - room_lat, area.east + room_lon, area.north + room_lat


@functools.lru_cache(maxsize=128)
def _code_of(name: str) -> str:
    try:
        code = CRS.from_user_input(name).to_epsg()
    except CRSError:
        return ""
    return f"EPSG:{code}" if code else ""


def read_positions(
    table: TextTable, frame: pd.DataFrame, crs: str, *, shift: Sequence[float] | None = None
) -> tuple[pd.DataFrame, Floats, Floats, list[Fault]]:
    """Turn the ``lon`` and ``lat`` columns of a checked table into WGS84 degrees.

    Parameters
    ----------
    table : TextTable
    frame : DataFrame
        Rows of the table without a fault so far.
    crs : str
        Declared system of the columns, as in `check_crs`.
    shift : sequence of 3 or 7 floats, optional
        As in `check_crs`.

    Returns
    -------
    frame : DataFrame
        The rows whose position is right.
    lon, lat : ndarray of float64, one a row
    faults : list of Fault
        One for each other row; one for all of them where more than half of the rows have the same one, for then it is
        the declaration that is wrong.
    """
    faults: list[Fault] = []
    x, y = (np.asarray(frame[name], dtype=np.float64) for name in ("lon", "lat"))
    found = check_positions(x, y, crs, shift=shift)
    bad = np.flatnonzero(~found.ok)
    words, counts = np.unique(found.expected[bad].astype(str), return_counts=True)
    common = {word for word, count in zip(words, counts, strict=True) if count > max(len(x) / 2, 2)}
    rows, said = frame.index.to_numpy(), set[str]()
    for at in bad:
        word, row = str(found.expected[at]), int(rows[at])
        if word in said:
            continue
        count = int(counts[words == word][0])
        more = f" (so in {count} of {len(x)} rows, this is the first)" if word in common else ""
        said |= {word} & common
        faults.append(_row_fault(table, row, str(found.column[at]), word + more))
    return frame[found.ok], found.lon[found.ok], found.lat[found.ok], faults


def _row_fault(table: TextTable, row: int, column: str, expected: str) -> Fault:
    if column in table.frame.columns:
        return table.fault(row, column, expected)
    value = " ".join(str(table.frame.at[row, name]) for name in ("lon", "lat") if name in table.frame.columns)
    return Fault(file=table.label, row=row, column=column, value=value, expected=expected)
