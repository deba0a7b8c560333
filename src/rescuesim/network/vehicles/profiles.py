"""Travel profiles: what makes the times of a rescue car, a truck, a two-wheeler, a person on foot, a boat.

Everything that a profile holds stands in ``defaults.toml``; `profile_table` prints it with its basis. The
functions here work on `Ways`, before they are cut at junctions, and are called when a network is built.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim._defaults import Default, default, defaults_under
from rescuesim._words import Note
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.speeds import class_group, class_speed_kph
from rescuesim.network.ways import Ways

__all__ = [
    "PROFILES",
    "TravelProfile",
    "access_kph_in",
    "arc_delays_s",
    "condition_factors",
    "oneway_for",
    "passable",
    "profile_notes",
    "profile_parameter",
    "surface_kind",
    "travel_profile",
    "way_speeds_kph",
]

PROFILES = ("rescue_car", "heavy_truck", "two_wheeler", "on_foot", "boat")
PROFILE_WORDS = {
    "rescue_car": ("救援车", "rescue car"),
    "heavy_truck": ("重型车", "heavy truck"),
    "two_wheeler": ("两轮车", "two-wheeler"),
    "on_foot": ("步行", "on foot"),
    "boat": ("舟艇", "boat"),
}
_GRADE_RULES = ("steep", "climb", "level")
# parameters of a profile that are those of other sections unless the profile states its own
_ELSEWHERE = {
    "constant_kph": "",
    "speed_factor": "",
    "peak_factor": "speed_factor.peak_urban",
    "night_factor": "speed_factor.night",
    "heavy_rain_factor": "speed_factor.heavy_rain",
    "ice_factor": "speed_factor.ice",
    "steep_grade": "grade.steep",
    "steep_factor": "speed_factor.grade_over_6_percent",
    "climb_m_per_h": "channel.runner_climb_m_per_h",
    "signal_without_s": "signal_delay_s.without_priority",
    "signal_with_s": "signal_delay_s.with_priority",
    "junction_delay_s": "junction_delay_s.plain",
    "acceleration_m_s2": "start_up.acceleration",
    "access_kph": "access.speed_kph",
}
_OF_PROFILE = {
    ("heavy_truck", "speed_factor"): "speed_factor.heavy_truck",
    ("two_wheeler", "speed_factor"): "speed_factor.motorcycle",
    ("on_foot", "constant_kph"): "channel.runner_road_kph",
    ("on_foot", "path_kph"): "channel.runner_path_kph",
    ("boat", "constant_kph"): "flood.boat_kph",
    ("boat", "launch_s"): "flood.boat_launch_min",
    ("two_wheeler", "access_kph"): "profile.two_wheeler.path_kph",
    ("on_foot", "access_kph"): "channel.runner_path_kph",
    ("boat", "access_kph"): "channel.runner_path_kph",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelProfile:
    """Everything that makes the travel times of a kind of vehicle.

    Parameters
    ----------
    name : str
    roads : str
        Filter of the ways it may use: ``drive``, ``drive_service``, ``two_wheel``, ``walk``; ``water`` takes every
        line that is given.
    barred_classes : tuple of str
        Classes that it cannot use even where a filter lets them through.
    path_classes : tuple of str
        Classes on which it goes at `path_kph`.
    path_kph : float
    constant_kph : float or None
        Its speed on every other class; None for the table ``speed_kph``.
    speed_factor : float
        On the speeds of the table and on a stated ``maxspeed``.
    top_kph : float
        Never faster than this.
    obeys_oneway, obeys_maxspeed, surface_counts : bool
    min_width_m : float
        Narrower ways, where the width is stated, are not passable.
    weight_t : float
        Ways whose stated limit is less are not passable.
    peak_factor, night_factor, heavy_rain_factor, ice_factor : float
        On the speed; the peak slows the classes of ``travel_conditions.urban_classes`` alone.
    grade_rule : {'steep', 'climb', 'level'}
        Slower on steep stretches up and down; longer by the climb; not touched by grade.
    steep_grade, steep_factor : float
        From which grade on, and by which factor on the speed, for ``steep``.
    climb_m_per_h : float
        Climb that costs an hour, for ``climb``.
    signal_without_s, signal_with_s : float
        Mean delay at signals without and with priority.
    priority : bool
        Whether it takes priority at signals.
    may_have_priority : bool
        Whether it can be a marked vehicle that may lawfully take it (R49).
    junction_delay_s : float
        Per junction of three roads or more without signals.
    acceleration_m_s2, cruise_kph : float
        Make the start-up loss.
    launch_s : float
        Fixed time before any trip.
    access_kph : float
        Speed between a point and its road; of a boat's crew, on foot to the bank.

    Examples
    --------
    >>> car = travel_profile("rescue_car")
    >>> car.signal_delay_s, round(car.start_up_s, 1)
    (15.0, 18.5)
    """

    name: str
    roads: str
    barred_classes: tuple[str, ...]
    path_classes: tuple[str, ...]
    path_kph: float
    constant_kph: float | None
    speed_factor: float
    top_kph: float
    obeys_oneway: bool
    obeys_maxspeed: bool
    surface_counts: bool
    min_width_m: float
    weight_t: float
    peak_factor: float
    night_factor: float
    heavy_rain_factor: float
    ice_factor: float
    grade_rule: str
    steep_grade: float
    steep_factor: float
    climb_m_per_h: float
    signal_without_s: float
    signal_with_s: float
    priority: bool
    may_have_priority: bool
    junction_delay_s: float
    acceleration_m_s2: float
    cruise_kph: float
    launch_s: float
    access_kph: float

    def __post_init__(self) -> None:
        place = f"profile {self.name!r}"
        above_0 = ("speed_factor", "top_kph", "peak_factor", "night_factor", "heavy_rain_factor", "ice_factor")
        for field in (
            *above_0,
            "steep_factor",
            "climb_m_per_h",
            "acceleration_m_s2",
            "cruise_kph",
            "steep_grade",
            "access_kph",
        ):
            if not 0 < getattr(self, field) < math.inf:
                raise InputError(f"{place}, {field}: {getattr(self, field)}, expected a number above 0")
        for field in ("heavy_rain_factor", "ice_factor", "steep_factor"):
            if getattr(self, field) > 1:
                raise InputError(f"{place}, {field}: {getattr(self, field)}, expected at most 1; it slows")
        for field in ("min_width_m", "weight_t", "signal_without_s", "signal_with_s", "junction_delay_s", "launch_s"):
            if not 0 <= getattr(self, field) < math.inf:
                raise InputError(f"{place}, {field}: {getattr(self, field)}, expected 0 or more")
        if self.path_classes and not self.path_kph > 0:
            raise InputError(f"{place}, path_kph: {self.path_kph}, expected a speed above 0 on its path_classes")
        if self.constant_kph is not None and not 0 < self.constant_kph < math.inf:
            raise InputError(f"{place}, constant_kph: {self.constant_kph}, expected a speed above 0, or None")
        if self.grade_rule not in _GRADE_RULES:
            raise UnknownIdError(f"{place}, grade_rule {self.grade_rule!r}: expected {', '.join(_GRADE_RULES)}")
        if self.priority and not self.may_have_priority:
            raise InputError(
                f"{place}: expected no priority at signals; only marked police, fire, ambulance and "
                "engineering-rescue vehicles may lawfully take it"
            )

    @property
    def signal_delay_s(self) -> float:
        """Mean delay at a signal, with or without priority."""
        return self.signal_with_s if self.priority else self.signal_without_s

    @property
    def start_up_s(self) -> float:
        """What speeding up and slowing down cost a long trip: cruise speed over acceleration."""
        return self.cruise_kph / 3.6 / self.acceleration_m_s2


def profile_parameter(profile: str, parameter: str) -> tuple[str, Default] | None:
    """Find the default that a parameter of a profile comes from.

    Returns
    -------
    tuple of str and Default, or None
        Its dotted name and entry; None where the profile has no such thing (a constant speed of a car).
    """
    own = defaults_under(f"profile.{profile}")
    if parameter in own:
        return f"profile.{profile}.{parameter}", own[parameter]
    elsewhere = _OF_PROFILE.get((profile, parameter)) or _ELSEWHERE.get(parameter, "")
    return (elsewhere, default(elsewhere)) if elsewhere else None


def travel_profile(name: str, *, priority: bool = False) -> TravelProfile:
    """Return a profile of ``defaults.toml``; change single parameters with `dataclasses.replace`.

    Parameters
    ----------
    name : {'rescue_car', 'heavy_truck', 'two_wheeler', 'on_foot', 'boat'}
    priority : bool, optional
        Whether it takes priority at signals: lawful for marked police, fire, ambulance and
        engineering-rescue vehicles only, so it must be asked for.

    Raises
    ------
    UnknownIdError
        If there is no such profile.
    InputError
        If priority is asked for one that cannot have it.

    Examples
    --------
    >>> travel_profile("heavy_truck", priority=True).signal_delay_s
    4.0
    """
    if name not in PROFILES:
        raise UnknownIdError(f"profile {name!r}: expected {nearest_name(str(name), PROFILES)}")

    def entry(parameter: str) -> Default:
        found = profile_parameter(name, parameter)
        assert found is not None, parameter
        return found[1]

    def number(parameter: str) -> float:
        found = entry(parameter)
        return found.number * {"min": 60.0}.get(found.unit, 1.0)

    constant = profile_parameter(name, "constant_kph")
    return TravelProfile(
        name=name,
        roads=entry("roads").words[0],
        barred_classes=entry("barred_classes").words,
        path_classes=entry("path_classes").words,
        path_kph=number("path_kph"),
        constant_kph=None if constant is None else constant[1].number,
        speed_factor=number("speed_factor"),
        top_kph=number("top_kph"),
        obeys_oneway=bool(number("obeys_oneway")),
        obeys_maxspeed=bool(number("obeys_maxspeed")),
        surface_counts=bool(number("surface_counts")),
        min_width_m=number("min_width_m"),
        weight_t=number("weight_t"),
        peak_factor=number("peak_factor"),
        night_factor=number("night_factor"),
        heavy_rain_factor=number("heavy_rain_factor"),
        ice_factor=number("ice_factor"),
        grade_rule=entry("grade_rule").words[0],
        steep_grade=number("steep_grade"),
        steep_factor=number("steep_factor"),
        climb_m_per_h=number("climb_m_per_h"),
        signal_without_s=number("signal_without_s"),
        signal_with_s=number("signal_with_s"),
        priority=priority,
        may_have_priority=bool(number("may_have_priority")),
        junction_delay_s=number("junction_delay_s"),
        acceleration_m_s2=number("acceleration_m_s2"),
        cruise_kph=number("cruise_kph"),
        launch_s=number("launch_s"),
        access_kph=number("access_kph"),
    )


def surface_kind(surface: str) -> str:
    """Return the kind of a surface; of several, separated by semicolons, the slowest.

    Returns
    -------
    str
        A name of ``surface_factor``; empty where nothing is stated or no word is known.

    Examples
    --------
    >>> surface_kind("asphalt"), surface_kind("砂石路"), surface_kind("asphalt;gravel"), surface_kind("moon dust")
    ('paved', 'gravel', 'gravel', '')
    """
    kinds = {word: kind for kind, entry in defaults_under("surface_words").items() for word in entry.words}
    found = [kinds[word] for part in surface.split(";") if (word := part.strip().lower()) in kinds]
    return min(found, key=lambda kind: default(f"surface_factor.{kind}").number, default="")


def _taken(values: NDArray[np.str_], of: dict[str, float]) -> NDArray[np.float64]:
    names, index = np.unique(values, return_inverse=True)
    return np.array([of[str(name)] for name in names], dtype=np.float64)[index.ravel()]


def _surface_factors(ways: Ways, profile: TravelProfile) -> NDArray[np.float64]:
    """Factor of the surface on the speed of each way; 1 where none is stated, and on tracks and paths."""
    if not profile.surface_counts or not ways.n_ways:
        return np.ones(ways.n_ways)
    kinds = {str(word): surface_kind(str(word)) for word in np.unique(ways.surface)}
    factor = _taken(ways.surface, {w: default(f"surface_factor.{k}").number if k else 1.0 for w, k in kinds.items()})
    slow_already = {
        str(name): float(class_group(str(name)) == "track" or name in profile.path_classes)
        for name in np.unique(ways.road_class)
    }
    return np.where(_taken(ways.road_class, slow_already) > 0, 1.0, factor)


def condition_factors(
    road_class: NDArray[np.str_], profile: TravelProfile, conditions: TravelConditions
) -> NDArray[np.float64]:
    """Return the factor of hour and weather on the speed of each road class, whatever caps the speed.

    Parameters
    ----------
    road_class : ndarray of str, shape (n,)
    profile : TravelProfile
    conditions : TravelConditions

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> classes, car = np.array(["primary_link", "track"]), travel_profile("rescue_car")
    >>> condition_factors(classes, car, TravelConditions(hour=8, weather="heavy_rain")).tolist()
    [0.5625, 0.75]
    """
    factor = np.ones(len(road_class))
    factor *= {"heavy_rain": profile.heavy_rain_factor, "ice": profile.ice_factor}.get(conditions.weather, 1.0)
    if conditions.hour_class == "night":
        factor *= profile.night_factor
    if conditions.hour_class == "peak" and len(road_class):
        urban = default("travel_conditions.urban_classes").words
        of = {str(name): float(class_group(str(name)) in urban) for name in np.unique(road_class)}
        factor[_taken(road_class, of) > 0] *= profile.peak_factor
    return factor


def access_kph_in(profile: TravelProfile, conditions: TravelConditions) -> float:
    """Return the speed between a point and its road in some weather.

    Examples
    --------
    >>> access_kph_in(travel_profile("on_foot"), TravelConditions())
    3.0
    """
    factors = {"heavy_rain": profile.heavy_rain_factor, "ice": profile.ice_factor}
    return profile.access_kph * factors.get(conditions.weather, 1.0)


def way_speeds_kph(ways: Ways, profile: TravelProfile, conditions: TravelConditions) -> NDArray[np.float64]:
    """Return the speed on each way under given conditions.

    Parameters
    ----------
    ways : Ways
    profile : TravelProfile
    conditions : TravelConditions

    Returns
    -------
    ndarray of float64, shape (n_ways,)
        km/h: the stated ``maxspeed`` where it is obeyed, else the speed of the class; times the factors of profile,
        surface, hour and weather; at most the top speed of the profile. What speeds traffic up (the night) does
        not lift a way over a stated ``maxspeed``.
    """
    if not ways.n_ways:
        return np.zeros(0)
    classes = [str(name) for name in np.unique(ways.road_class)]
    of_class = {
        name: profile.path_kph if name in profile.path_classes else (profile.constant_kph or class_speed_kph(name))
        for name in classes
    }
    stated = np.isfinite(ways.maxspeed_kph) & (ways.maxspeed_kph > 0) & profile.obeys_maxspeed
    free = np.where(stated, ways.maxspeed_kph, _taken(ways.road_class, of_class))
    free = np.minimum(free * profile.speed_factor * _surface_factors(ways, profile), profile.top_kph)
    factor = condition_factors(ways.road_class, profile, conditions)
    return np.asarray(np.minimum(free * np.where(stated, np.minimum(factor, 1.0), factor), profile.top_kph))


def passable(ways: Ways, profile: TravelProfile) -> NDArray[np.bool_]:
    """Mark the ways that a profile can use: not of a barred class, wide enough, strong enough.

    Parameters
    ----------
    ways : Ways
    profile : TravelProfile

    Returns
    -------
    ndarray of bool, shape (n_ways,)
        A way whose width or limit is not stated is taken to be passable.
    """
    able = ~np.isin(ways.road_class, np.array(profile.barred_classes, dtype=np.str_))
    able &= ~(ways.width_m < profile.min_width_m)
    able &= ~(ways.max_weight_t < profile.weight_t)
    return np.asarray(able)


def oneway_for(ways: Ways, profile: TravelProfile) -> NDArray[np.bool_]:
    """Mark the ways that a profile uses in one direction only; bool, shape (n_ways,)."""
    return ways.oneway if profile.obeys_oneway else np.zeros(ways.n_ways, dtype=np.bool_)


def arc_delays_s(profile: TravelProfile, *, signals: ArrayLike, at_junction: ArrayLike) -> NDArray[np.float64]:
    """Return the waiting that is added to each edge.

    Parameters
    ----------
    profile : TravelProfile
    signals : array_like of int, shape (n_edges,)
        Signals passed on the edge, the one at its head included.
    at_junction : array_like of bool, shape (n_edges,)
        Whether the head joins three roads or more and has no signal.

    Returns
    -------
    ndarray of float64, shape (n_edges,)
        Seconds.

    Examples
    --------
    >>> arc_delays_s(travel_profile("rescue_car", priority=True), signals=[0, 2], at_junction=[True, False]).tolist()
    [2.0, 8.0]
    """
    passed, joins = np.asarray(signals, dtype=np.float64), np.asarray(at_junction, dtype=np.bool_)
    if passed.shape != joins.shape:
        raise InputError(f"signals of shape {passed.shape}, junctions of {joins.shape}: expected one of each an edge")
    return np.asarray(passed * profile.signal_delay_s + joins * profile.junction_delay_s)


def profile_notes(ways: Ways, profile: TravelProfile, conditions: TravelConditions) -> tuple[Note, ...]:
    """Say what the times of these ways are of, and what the profile leaves out or does not know.

    Parameters
    ----------
    ways : Ways
        Before `passable` is applied.
    profile : TravelProfile
    conditions : TravelConditions

    Returns
    -------
    tuple of Note
    """
    zh, en = PROFILE_WORDS.get(profile.name, (profile.name, profile.name))
    delays = f"{profile.signal_delay_s:g} s a signal, {profile.junction_delay_s:g} s a junction"
    lost = f"start-up loss up to {profile.start_up_s:.1f} s"
    lost_zh = f"起步损失至多 {profile.start_up_s:.1f} 秒"
    notes = [
        Note(
            f"travel profile: {en}, {'with' if profile.priority else 'without'} priority at signals ({delays}); {lost}",
            f"通行类型：{zh}，信号灯{'优先' if profile.priority else '不优先'}"
            f"（每处信号灯 {profile.signal_delay_s:g} 秒，每处路口 {profile.junction_delay_s:g} 秒）；{lost_zh}",
        ),
        conditions.note(),
    ]
    if out := int((~passable(ways, profile)).sum()):
        limits = f"narrower than {profile.min_width_m:g} m or weaker than {profile.weight_t:g} t"
        shown = f"{out} ways are barred to a {en}, {limits}"
        notes.append(
            Note(shown, f"{out} 条道路禁止{zh}通行、窄于 {profile.min_width_m:g} 米或限重低于 {profile.weight_t:g} 吨")
        )
    if profile.surface_counts and ways.n_ways:
        unknown = [str(word) for word in np.unique(ways.surface) if word and not surface_kind(str(word))]
        if unknown:
            words = ", ".join(unknown[:10]) + (f" and {len(unknown) - 10} more" if len(unknown) > 10 else "")
            notes.append(
                Note(f"surfaces not known, taken as paved: {words}", f"未识别的路面类型，按铺装路面计：{words}")
            )
    return tuple(notes)
