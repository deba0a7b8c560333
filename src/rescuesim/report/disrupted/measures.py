"""disruption_measures: what disruptions mean for people, by township and over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from rescuesim._defaults import default, defaults_under
from rescuesim._words import Lang, Note
from rescuesim.candidates import CandidateSites
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.report.disrupted.assets import asset_costs
from rescuesim.report.disrupted.reach import covered_now, reaches
from rescuesim.report.disrupted.stretches import Orders, check_until, merged_roads, stretches_of
from rescuesim.report.disrupted.tables import (
    Places,
    by_township,
    over_time,
    overlaps,
    places_of,
    summary,
    villages_table,
)
from rescuesim.report.disrupted.villages import Course, course_of
from rescuesim.report.disrupted.words import measures_in_words, table_in_language
from rescuesim.siting import pair_limits
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimes, travel_times
from rescuesim.travel.trees import compiled_trees

__all__ = ["DisruptionMeasures", "disruption_measures"]

_TABLES = ("summary", "by_township", "over_time", "overlaps", "villages", "worst_assets")
_MANY_STATES = 100  # of a county, beyond which the structure that is built once is soon worth it


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionMeasures:
    """What disruptions mean for people.

    Villages are the residential points. Cut off (``isolated``), ``flooded``, ``silent`` and ``dark`` are kept apart;
    `overlaps` counts every combination of them.

    Parameters
    ----------
    summary : DataFrame
        One row a disruption.
    by_township : DataFrame
        One row a disruption and township; an empty township is the whole.
    over_time : DataFrame
        The same by stretches of time.
    overlaps : DataFrame
        Villages and people by combination of the four states, over time.
    villages : DataFrame
        One row for each point that anything befell, with the first contact and the first force.
    worst_assets : DataFrame
        Roads, pairs of roads, feeders and base stations, the costliest first.
    standard : str
        Name of the response standard.
    until_s : float
        End of the time looked at.
    share : float
        Of the normal cover; cover is back from when on it is no less.
    notes : tuple of str
        What was assumed.
    """

    summary: pd.DataFrame
    by_township: pd.DataFrame
    over_time: pd.DataFrame
    overlaps: pd.DataFrame
    villages: pd.DataFrame
    worst_assets: pd.DataFrame
    standard: str
    until_s: float
    share: float
    notes: tuple[str, ...] = ()
    _courses: dict[str, Course] = field(default_factory=dict, repr=False, compare=False)
    _places: list[Places] = field(default_factory=list, repr=False, compare=False)

    def __str__(self) -> str:
        return self.in_words("en")

    def in_words(self, lang: Lang = "zh") -> str:
        """Say the most important figures, a line each.

        Parameters
        ----------
        lang : {'zh', 'en'}, optional
        """
        return measures_in_words(self.summary, self.worst_assets, self.share, self.until_s, self.notes, lang)

    def course(self, disruption: str) -> Course:
        """Return one disruption as arrays by stretch and point.

        Raises
        ------
        UnknownIdError
            If there is no disruption of this label.
        """
        if disruption not in self._courses:
            raise UnknownIdError(f"disruption {disruption!r}: expected {nearest_name(disruption, self._courses)}")
        return self._courses[disruption]

    @property
    def places(self) -> Places:
        """Points and open sites, and how they are counted."""
        return self._places[0]

    def write(self, folder: Path | str, *, lang: Lang = "zh") -> tuple[Path, ...]:
        """Write the tables as CSV (UTF-8 with a mark, as spreadsheets want) and the words as text.

        Parameters
        ----------
        folder : path
        lang : {'zh', 'en'}, optional

        Returns
        -------
        tuple of Path
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        made = []
        for name in _TABLES:
            path = folder / f"{name}.csv"
            table_in_language(getattr(self, name), lang).to_csv(path, index=False, encoding="utf-8-sig")
            made.append(path)
        words = folder / "measures.txt"
        words.write_text(self.in_words(lang) + "\n", encoding="utf-8")
        return (*made, words)


def disruption_measures(
    disruptions: Disruption | Sequence[Disruption],
    *,
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
    plan: Plan | None = None,
    seat: Iterable[str] | None = None,
    until_s: float | None = None,
    share: float | None = None,
    serves: Mapping[str, Iterable[str]] | None = None,
    assets_of: int = 1,
    snap_limit_m: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DisruptionMeasures:
    """Work out what disruptions mean for people (断路、断网、断电对群众的影响).

    Parameters
    ----------
    disruptions : Disruption or sequence of Disruption
        With labels of their own.
    network : RoadNetwork
    sites : CandidateSites
    demand : DemandPoints
    standard : ResponseStandard
        Limits of each pair of crew and zone, as `rescuesim.site` has them.
    plan : Plan, optional
        The open sites; the existing ones if absent.
    seat : iterable of str, optional
        Ids of the open sites from which a road must lead to a village, or it is isolated: those in the county seat.
        Any open site will do if absent, so that a village with a crew of its own is never isolated.
    until_s : float, optional
        End of the time looked at, in seconds after the onset; ``measures.horizon_h``, 72 h, if absent.
    share : float, optional
        Of the people who are covered on normal days: cover is back when it is no less from then on;
        ``measures.cover_back_share``, 0.95, if absent.
    serves : mapping of str to iterable of str, optional
        Ids of the points that each feeder or base station supplies; without it their people are not known.
    assets_of : int, optional
        Of so many disruptions, the ones that cost most, work out what each road costs: every broken road is spared in
        turn, and pairs of the costliest together.
    snap_limit_m : float, optional
        As in `rescuesim.travel_times`.
    progress : callable, optional
        Called with the states of the roads done and in all.

    Returns
    -------
    DisruptionMeasures

    Raises
    ------
    InputError
        If nothing is open, labels repeat, or a number is out of its range.
    UnknownIdError
        If an id of the plan, of `serves` or of a disruption is not among the sites, points or roads.

    Notes
    -----
    A point is covered if an open crew that can leave and has got an order reaches it within its limit on the roads of
    that moment. It is isolated if no road leads to it from the seat, though one does on intact roads. Moments of
    contact and force are the earliest possible: somebody sets off as soon as a way is open, whether or not a call came.

    Examples
    --------
    >>> import geopandas, pandas as pd, shapely, rescuesim as rs
    >>> line = shapely.LineString([(119.30, 28.70), (119.32, 28.70)])
    >>> roads = geopandas.GeoDataFrame({"highway": ["primary"]}, geometry=[line], crs=4326)
    >>> network = rs.load_network(roads, cache=False)
    >>> station = {"id": ["站"], "lon": [119.304], "lat": [28.70], "status": ["existing"], "crew": ["brigade"]}
    >>> village = {"id": ["东村"], "lon": [119.316], "lat": [28.70], "people": [300], "zone": ["suburb"]}
    >>> slide = rs.Closure(road=0, from_m=700, to_m=800)
    >>> storm = rs.Disruption(label="storm", roads=(rs.RoadOutage(closure=slide, from_s=3600, until_s=7200),))
    >>> found = rs.disruption_measures(storm, network=network, sites=rs.load_sites(pd.DataFrame(station)),
    ...     demand=rs.load_demand(pd.DataFrame(village)), standard=rs.load_standard())
    >>> found.over_time[["from_s", "people_covered", "villages_isolated"]][:3].to_numpy().tolist()
    [[0.0, 300.0, 0.0], [3600.0, 0.0, 1.0], [7200.0, 300.0, 0.0]]
    """
    some = (disruptions,) if isinstance(disruptions, Disruption) else tuple(disruptions)
    counted = Plan.today(sites) if plan is None else plan
    seat = None if seat is None else tuple(seat)
    until_s = default("measures.horizon_h").number * 3600 if until_s is None else until_s
    share = default("measures.cover_back_share").number if share is None else share
    _check(some, sites, demand, counted, seat, until_s, share, serves, assets_of)
    stations = {site.id for site in counted.stations}
    open_sites = sites.only(np.array([id_ in stations for id_ in sites.ids]))
    is_seat = np.array([seat is None or id_ in set(seat) for id_ in open_sites.ids])
    fallbacks = {
        name: Lognormal.from_default(default(f"channel.delay.{name}")) for name in defaults_under("channel.delay")
    }

    def courses_of(chosen: Sequence[Disruption], on_foot_too: bool) -> tuple[list[Course], TravelTimes]:
        timelines = [stretches_of(one, open_sites, demand, fallbacks, until_s) for one in chosen]
        roads = merged_roads(timelines)
        many = len(roads.states) >= _MANY_STATES and compiled_trees()
        ensemble = travel_times(
            network,
            open_sites,
            demand,
            states=roads.states,
            snap_limit_m=snap_limit_m,
            engine="contraction" if many else "auto",
        )
        reach = reaches(ensemble, timelines, roads, standard, is_seat, on_foot_too, progress)
        each = zip(timelines, roads.of, strict=True)
        return [course_of(one, of, reach, ensemble.intact) for one, of in each], ensemble.intact

    courses, intact = courses_of(some, True)
    normal = covered_now(intact, pair_limits(intact, standard=standard), standard, Orders())
    places = places_of(demand, open_sites, standard, normal)
    table = summary(courses, places, share)
    costly = np.argsort(-table["person_hours_lost"].to_numpy(np.float64), kind="stable")[:assets_of]
    worst, asset_notes = asset_costs(
        [courses[row] for row in np.sort(costly).tolist()],
        places,
        network,
        serves,
        lambda chosen: courses_of(chosen, False)[0],
    )
    return DisruptionMeasures(
        summary=table,
        by_township=by_township(courses, places, share),
        over_time=over_time(courses, places),
        overlaps=overlaps(courses, places),
        villages=villages_table(courses, places),
        worst_assets=worst,
        standard=standard.name,
        until_s=float(until_s),
        share=float(share),
        notes=(*_notes(some, places, intact, today=plan is None, seat=seat), *asset_notes),
        _places=[places],
        _courses={course.stretches.disruption.label: course for course in courses},
    )


def _check(
    some: tuple[Disruption, ...],
    sites: CandidateSites,
    demand: DemandPoints,
    plan: Plan,
    seat: tuple[str, ...] | None,
    until_s: float,
    share: float,
    serves: Mapping[str, Iterable[str]] | None,
    assets_of: int,
) -> None:
    """Refuse what cannot be measured."""
    check_until(until_s)
    faults = []
    if not some:
        faults.append("disruptions: none, expected one or more")
    labels = [one.label for one in some]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        faults.append(f"disruptions: label {twice!r} stands twice, expected labels of their own")
    if not 0 < share <= 1:
        faults.append(f"share {share}: expected above 0, and at most 1")
    if isinstance(assets_of, bool) or not isinstance(assets_of, int) or assets_of < 0:
        faults.append(f"assets_of {assets_of!r}: expected a whole number of 0 or more")
    if not plan.stations:
        faults.append("plan: no station is open; expected sites with status existing, or a plan that opens some")
    if seat is not None and not seat:
        faults.append("seat: no site, expected ids of open ones, or None for all")
    if faults:
        raise InputError("; ".join(faults))
    townships = {*sites.townships, *demand.townships}
    if lost := [fault for one in some for fault in one.unknown_townships(townships)]:
        raise InputError(lost)
    ids, points = set(sites.ids), set(demand.ids)
    named = [("plan, site", id_, ids) for id_ in plan.opened]
    named += [("seat, open site", id_, {site.id for site in plan.stations}) for id_ in seat or ()]
    named += [("outage, site", outage.site, ids) for one in some for outage in one.sites]
    named += [("channel outage, site", id_, ids) for one in some for out in one.channels for id_ in sorted(out.sites)]
    named += [("contact, place", spell.place, ids | points) for one in some for spell in one.contacts]
    named += [(f"serves[{asset!r}], point", id_, points) for asset, some_ in (serves or {}).items() for id_ in some_]
    if unknown := [(what, id_, known) for what, id_, known in named if id_ not in known]:
        what, id_, known = unknown[0]
        more = f"; and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise UnknownIdError(f"{what} {id_!r}: expected {nearest_name(id_, known)}{more}")


def _notes(
    some: tuple[Disruption, ...], places: Places, intact: TravelTimes, *, today: bool, seat: tuple[str, ...] | None
) -> tuple[Note, ...]:
    """Say what was assumed."""
    which = ("those that exist today", "现有站点") if today else ("those of the plan", "方案中的站点")
    notes = [
        Note(
            f"{len(places.sites)} open sites are counted, {which[0]}; sites that nobody can leave or that no order "
            "reaches cover nobody, and a late order takes its delay off the limit",
            f"计入 {len(places.sites)} 个开设的站点（{which[1]}）；无法出动或接不到指令的站点不计，"
            "指令延误从时限中扣除",
        ),
        Note(
            "isolated: no road for vehicles from "
            + ("any open site" if seat is None else f"the seat ({', '.join(seat)})")
            + "; flooded: the road at the place is closed by water; silent: nothing but a runner carries its calls, or "
            "nothing at all; dark: its township has neither grid nor generator",
            "孤立："
            + ("没有任何开设的站点能行车到达" if seat is None else f"从驻地（{'、'.join(seat)}）不能行车到达")
            + "；进水：门前道路被水淹断；失联：电话等信道都打不出去（仅能派人送信，或无法联系）；"
            "停电：所在乡镇既无市电也无发电",
        ),
        Note(
            "moments of contact and force are the earliest possible: somebody sets off as soon as a way is open",
            "恢复联系和力量到达为最早可能时刻：一有通路即出发",
        ),
    ]
    alone = int((~np.isfinite(intact.values).any(axis=0)).sum())
    if alone:
        notes.append(
            Note(
                f"{alone} points have no road from any open site on intact roads; they are never counted as isolated",
                f"{alone} 个点在路网完好时也没有站点可行车到达，不计为孤立",
            )
        )
    known = {*places.names, *places.demand.ids}
    lost = sorted({one.asset for each in some for one in each.assets if one.kind == "township_power"} - known)
    if lost:
        notes.append(
            Note(
                f"power of {', '.join(lost)} is out, and no point is of a township of this name: nobody counts as dark",
                f"{'、'.join(lost)}停电，但没有需求点属于这些乡镇，未计入停电人口",
            )
        )
    return tuple(notes)
