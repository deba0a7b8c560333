"""PeopleCalendar: who is where by hour and season, the people of a county neither doubled nor lost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.demand.combine import with_people
from rescuesim.demand.points import DEMAND_KINDS, HAZARD_KINDS, DemandPoints
from rescuesim.demand.rounding import largest_remainder, whole_total
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.standard import ZONES

__all__ = ["HOME_KINDS", "HOUR_CLASSES", "SEASONS", "PeopleCalendar", "demand_at", "people_at"]

HOUR_CLASSES = ("night", "work", "free")
SEASONS = ("ordinary", "summer", "holiday", "spring_festival")
HOME_KINDS = ("residential", *HAZARD_KINDS)  # the people of a hazard site are those who live under it
PLACE_KINDS = tuple(kind for kind in DEMAND_KINDS if kind not in HOME_KINDS)
_SEASON_WORDS = {"ordinary": "平时", "summer": "暑期", "holiday": "节假日", "spring_festival": "春节"}
Base = Literal["resident", "registered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleCalendar:
    """Shares of people by hour of the day and season; what is not given comes from ``calendar`` in defaults.toml.

    All defaults are judgement of low confidence: a bureau's own counts of telephones, pupils and workers
    beat them.

    Parameters
    ----------
    home : mapping of (zone, hour class) to float, optional
        Share of those present in the county who are at home; 0 to 1.
    season : mapping of (zone, season) to float, optional
        People present in a season over the residents of the census; over 1 where people come home for
        Spring Festival (R09), under 1 where workers leave.
    registered : mapping of zone to float, optional
        Residents over registered people, for ``base="registered"``: hollow villages are under 1.
    place : mapping of (kind, hour class, season) to float, optional
        Share of a place's people, its figure when full, that are there.
    local_share : mapping of kind to float, optional
        Share of those in a place who live in the county; they are missing at home. 0 to 1.
    leaving : mapping of (hour class, season) to float, optional
        Share of those present at night who leave the county for the hours of the class; none if absent, as
        this is to be declared.
    base : {'resident', 'registered'}, optional
        What `DemandPoints.people` is: the residents of the census (常住人口), who sleep there on an ordinary
        night, or the register's figure (户籍人口).

    Raises
    ------
    InputError
        With every key that is not known and every share that is out of range.

    Examples
    --------
    >>> calendar = PeopleCalendar(season={("rural", "spring_festival"): 1.6})
    >>> calendar.season_share("rural", "spring_festival"), calendar.season_share("suburb", "spring_festival")
    (1.6, 1.1)
    >>> PeopleCalendar.hour_class(23), PeopleCalendar.hour_class(8.5), PeopleCalendar.hour_class(18)
    ('night', 'work', 'free')
    """

    home: Mapping[tuple[str, str], float] | None = None
    season: Mapping[tuple[str, str], float] | None = None
    registered: Mapping[str, float] | None = None
    place: Mapping[tuple[str, str, str], float] | None = None
    local_share: Mapping[str, float] | None = None
    leaving: Mapping[tuple[str, str], float] | None = None
    base: Base = "resident"

    def __post_init__(self) -> None:
        shapes = {
            "home": (self.home, (ZONES, HOUR_CLASSES), 1.0),
            "season": (self.season, (ZONES, SEASONS), 10.0),
            "registered": (self.registered, (ZONES,), 10.0),
            "place": (self.place, (PLACE_KINDS, HOUR_CLASSES, SEASONS), 10.0),
            "local_share": (self.local_share, (PLACE_KINDS,), 1.0),
            "leaving": (self.leaving, (HOUR_CLASSES, SEASONS), 1.0),
        }
        faults: list[Fault] = []
        for name, (given, words, maximum) in shapes.items():
            pairs: list[tuple[object, float]] = list(given.items()) if given else []
            faults += _key_faults(name, pairs, words, maximum)
        if self.base not in ("resident", "registered"):
            faults.append(Fault(file="calendar", column="base", value=self.base, expected="resident or registered"))
        if faults:
            raise InputError(faults)

    @staticmethod
    def hour_class(hour: float) -> str:
        """Return the class of an hour of the day, 0 to 24.

        Raises
        ------
        InputError
            If there is no such hour.
        """
        if not 0 <= hour <= 24:
            raise InputError(f"hour {hour}: expected 0 to 24")
        work = default("calendar.work_from_h").number <= hour < default("calendar.work_until_h").number
        from_h, until_h = default("calendar.night_from_h").number, default("calendar.night_until_h").number
        return "work" if work else "night" if hour >= from_h or hour < until_h else "free"

    def home_share(self, zone: str, hour_class: str) -> float:
        """Return the share of those present who are at home."""
        found = (self.home or {}).get((zone, hour_class))
        return _listed(f"calendar.home.{zone}", HOUR_CLASSES, hour_class) if found is None else found

    def season_share(self, zone: str, season: str) -> float:
        """Return the people present in a season over `DemandPoints.people`."""
        found = (self.season or {}).get((zone, season))
        share = _listed(f"calendar.season.{zone}", SEASONS, season) if found is None else found
        if self.base == "resident":
            return share
        found = (self.registered or {}).get(zone)
        living = default(f"calendar.registered.{zone}").number if found is None else found
        # those who come back for a season are on the register already: never more than it holds of them
        return living * share if share <= 1 else min(max(1.0, living), living * share)

    def place_share(self, kind: str, hour_class: str, season: str) -> float:
        """Return the share of a place's people that are there."""
        found = (self.place or {}).get((kind, hour_class, season))
        return _listed(f"calendar.place.{kind}.{season}", HOUR_CLASSES, hour_class) if found is None else found

    def local(self, kind: str) -> float:
        """Return the share of those in a place who live in the county."""
        found = (self.local_share or {}).get(kind)
        return default(f"calendar.local_share.{kind}").number if found is None else found

    def leaving_share(self, hour_class: str, season: str) -> float:
        """Return the declared share that leaves the county for some hours."""
        return (self.leaving or {}).get((hour_class, season), 0.0)


def _listed(name: str, keys: tuple[str, ...], key: str) -> float:
    """Look up one figure of a list among the defaults."""
    values = default(name).value
    if not isinstance(values, list) or len(values) != len(keys):
        raise TypeError(f"default {name}: expected a list of {len(keys)} figures")
    return float(values[keys.index(key)])


def _key_faults(
    name: str, given: list[tuple[object, float]], known: tuple[tuple[str, ...], ...], maximum: float
) -> list[Fault]:
    """Describe keys that are not known and shares that are out of range."""
    faults = []
    for key, value in given:
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) != len(known):
            expected = f"a key of {len(known)} words"
            faults.append(Fault(file="calendar", column=name, value=str(key), expected=expected))
            continue
        faults += [
            Fault(file="calendar", column=name, value=str(part), expected=nearest_name(str(part), words))
            for part, words in zip(parts, known, strict=True)
            if part not in words
        ]
        if not (math.isfinite(value) and 0 <= value <= maximum):
            expected = f"a number from 0 to {maximum:g}"
            faults.append(Fault(file="calendar", column=name, value=f"{key}: {value}", expected=expected))
    return faults


def people_at(
    demand: DemandPoints, calendar: PeopleCalendar | None = None, *, hour: float, season: str, conserve: bool = True
) -> NDArray[np.float64]:
    """Return the people of each point at an hour of a season; see `demand_at`.

    Returns
    -------
    ndarray of float64, shape (n_demand,)
        Whole.
    """
    return demand_at(demand, calendar, hour=hour, season=season, conserve=conserve).people


def demand_at(
    demand: DemandPoints, calendar: PeopleCalendar | None = None, *, hour: float, season: str, conserve: bool = True
) -> DemandPoints:
    """Move the people to where they are at an hour of a season.

    `DemandPoints.people` is read as: of homes (residential points and hazard sites) those who sleep there on an
    ordinary night, the census figure; of places (works, schools, hospitals, sights…) those who are there when
    it is full. Homes get their people of the season. Places fill by the calendar; of those in them the local
    share is missing at home, taken from the homes in proportion to who is out by the calendar, then, if that
    is not enough, from the others. So at every hour

        homes + locals in places + those who left the county = people of the season,

    and visitors come on top. With ``conserve=False``, homes and places follow their shares one by one, and no
    sum is kept.

    Parameters
    ----------
    demand : DemandPoints
    calendar : PeopleCalendar, optional
        All defaults if absent.
    hour : float
        0 to 24.
    season : str
        One of `SEASONS`: ordinary days of term, the summer holidays, holidays of a week, Spring Festival.
    conserve : bool, optional

    Returns
    -------
    DemandPoints
        Whole people by largest remainders; weights that were equal to the people follow. Calls that were given
        are those of a year and stay; where the rate holds, calls follow the people who are there.

    Raises
    ------
    InputError
        If a season is not known, or places take more locals than are in the county.

    Examples
    --------
    A town of 1,000 with a school of 200 that is full by day; at night everybody is at home, but for
    the 20 who board, and in the Spring Festival week the village fills up.

    >>> import pandas as pd
    >>> from rescuesim.demand import load_demand
    >>> frame = pd.DataFrame({"id": ["town", "village", "school"], "lon": [119.3, 119.4, 119.31], "lat": 28.7,
    ...                       "people": [1000, 500, 200], "zone": ["built_up", "rural", "built_up"],
    ...                       "kind": ["residential", "residential", "school"]})
    >>> demand = load_demand(frame)
    >>> for hour, season in ((2, "ordinary"), (10, "ordinary"), (2, "spring_festival")):
    ...     demand_at(demand, hour=hour, season=season).people.tolist()
    [987.0, 493.0, 20.0]
    [843.0, 457.0, 200.0]
    [1050.0, 700.0, 0.0]
    """
    table = PeopleCalendar() if calendar is None else calendar
    if season not in SEASONS:
        raise InputError(f"season {season!r}: expected {nearest_name(str(season), SEASONS)}")
    at = table.hour_class(hour)
    is_home = np.array([kind in HOME_KINDS for kind in demand.kinds], dtype=np.bool_)
    shares = {zone: table.season_share(zone, season) for zone in dict.fromkeys(demand.zones)}
    at_home = {zone: table.home_share(zone, at) for zone in dict.fromkeys(demand.zones)}
    present = demand.people * np.array([shares[zone] for zone in demand.zones]) * is_home
    stay = np.array([at_home[zone] for zone in demand.zones])
    kinds = {kind for kind in demand.kinds if kind not in HOME_KINDS}
    filled = {kind: table.place_share(kind, at, season) for kind in kinds}
    inside = demand.people * np.array([filled.get(kind, 0.0) for kind in demand.kinds])
    locals_ = {kind: table.local(kind) for kind in kinds}
    local = float((inside * np.array([locals_.get(kind, 0.0) for kind in demand.kinds])).sum())
    gone = float(present.sum()) * table.leaving_share(at, season)
    idle = float((present * (1 - stay)).sum()) - local - gone
    moved = inside + (_drained(demand, present, stay, local + gone) if conserve else present * stay)
    people = largest_remainder(moved, whole_total(moved))
    notes = _notes(demand, table, present, inside, local, gone, hour, season, conserve=conserve)
    if conserve and idle > 0.5:
        en = f"{demand.source}: {idle:.0f} people who are out by the calendar have no place in the table: kept at home"
        notes.append(Note(en, f"{demand.source}：按日历外出的 {idle:.0f} 人在表中没有对应场所，仍计在居住地"))
    return with_people(demand, people, *notes)


def _drained(
    demand: DemandPoints, present: NDArray[np.float64], stay: NDArray[np.float64], out: float
) -> NDArray[np.float64]:
    """Take from the homes those who are elsewhere: first who is out by the calendar, then the others."""
    away = present * (1 - stay)
    total, likely = float(present.sum()), float(away.sum())
    if out > total * (1 + 1e-12):
        expected = (
            f"at most {total:.0f} people of homes who are in places or out of the county, not {out:.0f}; "
            "lower the people of places (the figure when full), or their local_share"
        )
        raise InputError([Fault(file=demand.source, column="people", expected=expected)])
    if out <= likely:
        return present - away * (out / likely if likely > 0 else 0.0)
    staying = present * stay
    return staying * max(0.0, 1 - (out - likely) / max(float(staying.sum()), 1e-300))


def _notes(
    demand: DemandPoints,
    table: PeopleCalendar,
    present: NDArray[np.float64],
    inside: NDArray[np.float64],
    local: float,
    gone: float,
    hour: float,
    season: str,
    *,
    conserve: bool,
) -> list[str]:
    figure = {"resident": ("residents on the census night", "常住人口（普查时点夜间）")}
    en_base, zh_base = figure.get(table.base, ("registered people", "户籍人口"))
    in_season, at_places = float(present.sum()), float(inside.sum())
    base = float(sum(people for people, kind in zip(demand.people, demand.kinds, strict=True) if kind in HOME_KINDS))
    en = (
        f"{demand.source}: people at {hour:g} h, season {season}: of {base:.0f} {en_base} {in_season:.0f} are in the "
        f"county by the calendar; {at_places:.0f} in places, {local:.0f} of them locals; {gone:.0f} declared to be out"
    )
    zh = (
        f"{demand.source}：{_SEASON_WORDS[season]} {hour:g} 时的人口：{zh_base} {base:.0f} 人，"
        f"按日历在县 {in_season:.0f} 人；"
        f"各类场所内 {at_places:.0f} 人，其中本地 {local:.0f} 人；申报外出 {gone:.0f} 人"
    )
    notes: list[str] = [Note(en, zh)]
    if conserve:
        en = "nobody is counted twice: locals in places are missing at home"
        notes.append(Note(f"{demand.source}: {en}", f"{demand.source}：场所内的本地人已从居住地扣除，不重复计数"))
    else:
        en = "shares of homes and places were taken one by one: the sum is not conserved"
        notes.append(Note(f"{demand.source}: {en}", f"{demand.source}：居住地与场所各按系数计算，总数不守恒"))
    if table == PeopleCalendar(base=table.base):
        en = f"{demand.source}: the calendar's shares are defaults of low confidence: judgement, no count"
        notes.append(Note(en, f"{demand.source}：日历系数均为缺省值，属经验判断，可信度低"))
    return notes
