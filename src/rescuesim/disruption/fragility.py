"""Fragility: how likely a part of a road is damaged by an intensity, and what speed water leaves.

Every curve returns the chance of reaching *or exceeding* each damage state, the least first; chances rise with the
intensity and fall from state to state. Parameters stand in ``defaults.toml`` with what they rest on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from rescuesim._defaults import Default, default
from rescuesim.errors import InputError

__all__ = [
    "bridge_displacement",
    "bridge_shaking",
    "debris_flow",
    "embankment_shaking",
    "fallen_by_ice",
    "fallen_by_wind",
    "flood_speed_kph",
    "ford_limit_m",
    "over_length",
    "road_displacement",
    "slide",
    "tunnel_displacement",
    "tunnel_shaking",
    "washout",
]

Chances = NDArray[np.float64]


def _checked(values: ArrayLike, what: str, *, most: float = np.inf) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    wrong = ~((found >= 0) & (found <= most)) | np.isinf(found)
    if wrong.any():
        first = found[wrong].flat[0] if found.ndim else float(found)
        upto = f"from 0 to {most:g}" if np.isfinite(most) else "of 0 or more, finite"
        raise InputError(f"{what}: {int(wrong.sum())} values such as {first}, expected numbers {upto}")
    return found


def _numbers(entry: Default) -> list[float]:
    return [float(value) for value in (entry.value if isinstance(entry.value, list) else [entry.number])]


def _lognormal(intensity: NDArray[np.float64], name: str, beta: list[float] | None = None) -> Chances:
    """Return the lognormal curves of a default; shape (n_states, *intensity.shape)."""
    entry = default(name)
    medians = _numbers(entry)
    spread = beta if beta is not None else [float(entry.beta or np.nan)] * len(medians)
    with np.errstate(divide="ignore"):
        curves = np.stack(
            [ndtr(np.log(intensity / median) / sigma) for median, sigma in zip(medians, spread, strict=True)]
        )
    # curves of different spread cross far out: who reaches a state has reached those before it
    return np.asarray(np.maximum.accumulate(curves[::-1], axis=0)[::-1])


def over_length(chance: ArrayLike, length_m: ArrayLike) -> Chances:
    """Turn a chance for ``fragility.section_m`` of road into the one for another length.

    Examples
    --------
    >>> over_length(0.5, [500.0, 1000.0]).tolist()
    [0.5, 0.75]
    """
    share = _checked(length_m, "length_m") / default("fragility.section_m").number
    with np.errstate(divide="ignore", invalid="ignore"):
        none = share * np.log1p(-_checked(chance, "chance", most=1.0))
    return np.asarray(np.where(share == 0, 0.0, -np.expm1(np.where(share == 0, 0.0, none))))


def bridge_shaking(sa1_g: ArrayLike) -> Chances:
    """Return the chances of slight, moderate, extensive and complete damage of a bridge.

    Parameters
    ----------
    sa1_g : array_like
        Spectral acceleration at 1 s, in g.

    Returns
    -------
    ndarray of float64, shape (4, *sa1_g.shape)

    References
    ----------
    Hazus Earthquake Model Technical Manual, class HWB5 (simple spans, conventional design).

    Examples
    --------
    >>> bridge_shaking(0.45).round(3).tolist()
    [0.836, 0.662, 0.5, 0.231]
    """
    return _lognormal(_checked(sa1_g, "sa1_g"), "fragility.bridge_sa1_g")


def bridge_displacement(pgd_in: ArrayLike) -> Chances:
    """Return the chances of extensive and complete damage of a bridge by displaced ground, in inches (Hazus HWB)."""
    return _lognormal(_checked(pgd_in, "pgd_in"), "fragility.bridge_pgd_in")


def tunnel_shaking(pga_g: ArrayLike) -> Chances:
    """Return the chances of slight and moderate damage of a bored tunnel by peak acceleration in g (Hazus HTU1)."""
    return _lognormal(_checked(pga_g, "pga_g"), "fragility.tunnel_pga_g")


def tunnel_displacement(pgd_in: ArrayLike) -> Chances:
    """Return the chances of slight, moderate and extensive damage of a tunnel by displaced ground (Hazus HTU)."""
    beta = _numbers(default("fragility.tunnel_pgd_beta"))
    return _lognormal(_checked(pgd_in, "pgd_in"), "fragility.tunnel_pgd_in", beta)


def road_displacement(pgd_in: ArrayLike, major: ArrayLike) -> Chances:
    """Return the chances of slight, moderate and extensive damage of a road by displaced ground.

    Parameters
    ----------
    pgd_in : array_like
        Permanent ground displacement, in inches.
    major : array_like of bool
        Motorways, trunk and primary roads (Hazus HRD1); others are HRD2.

    Returns
    -------
    ndarray of float64, shape (3, *shape)
    """
    moved = _checked(pgd_in, "pgd_in")
    curves = [_lognormal(moved, f"fragility.road_{kind}_pgd_in") for kind in ("major", "urban")]
    return np.where(np.asarray(major, dtype=np.bool_), *curves)


def embankment_shaking(pga_g: ArrayLike, length_m: ArrayLike) -> Chances:
    """Return the chances of minor, moderate and extensive damage of an embankment or cut.

    Parameters
    ----------
    pga_g : array_like
        Peak ground acceleration, in g.
    length_m : array_like
        Length of road that stands on it.

    Returns
    -------
    ndarray of float64, shape (3, *shape)

    Notes
    -----
    The form is that of Argyroudis and Kaynia (2015), doi:10.1002/eqe.2563; the medians are a judgement of ours.
    """
    return over_length(_lognormal(_checked(pga_g, "pga_g"), "fragility.embankment_pga_g"), length_m)


def slide(susceptibility: ArrayLike, length_m: ArrayLike) -> Chances:
    """Return the chance that a slide reaches a stretch of road; shape (1, *shape).

    Parameters
    ----------
    susceptibility : array_like
        Index from 0 to 1; times ``fragility.slide_chance`` it is the chance for 500 m of road in the event.
    length_m : array_like

    Examples
    --------
    >>> slide([0.0, 0.5, 1.0], 500.0).round(3).tolist()
    [[0.0, 0.1, 0.2]]
    """
    index = _checked(susceptibility, "landslide_susceptibility", most=1.0)
    return over_length(index * default("fragility.slide_chance").number, length_m)[None]


def debris_flow(volume_m3: ArrayLike, high_speed: ArrayLike) -> Chances:
    """Return the chances of limited and serious damage and destruction by debris that reaches a road.

    Parameters
    ----------
    volume_m3 : array_like
    high_speed : array_like of bool
        Motorways and trunk roads.

    Returns
    -------
    ndarray of float64, shape (3, *shape)

    Notes
    -----
    States (limited: verge and hard strip; serious: carriageway blocked; destroyed) and form are those of
    Winter et al. (2014), doi:10.1007/s10064-014-0570-3; the medians are a judgement of ours.
    """
    volume = _checked(volume_m3, "debris_volume_m3")
    curves = [_lognormal(volume, f"fragility.debris_{kind}_speed_m3") for kind in ("high", "low")]
    return np.where(np.asarray(high_speed, dtype=np.bool_), *curves)


def washout(overtopping_m: ArrayLike, length_m: ArrayLike, *, paved: ArrayLike, culvert: ArrayLike = False) -> Chances:
    """Return the chance that water over a road washes it out; shape (1, *shape).

    Straight lines through 0 at no water and the two points of ``defaults.toml``, for 500 m of paved road; twice as
    likely where it is not paved, and twice as likely at a culvert, whatever its length.

    Examples
    --------
    >>> washout([0.0, 0.5, 1.5], 500.0, paved=True).round(3).tolist()
    [[0.0, 0.05, 0.3]]
    """
    depth = _checked(overtopping_m, "overtopping_m")
    low, high = (default(f"fragility.washout_overtopping_{at}_m").number for at in ("0_5", "1_5"))
    chance = np.where(depth <= 0.5, depth / 0.5 * low, low + (depth - 0.5) * (high - low))
    chance = chance * np.where(paved, 1.0, default("fragility.washout_unpaved_factor").number)
    at_culvert = np.minimum(chance * default("fragility.washout_culvert_factor").number, 1.0)
    return np.where(culvert, at_culvert, over_length(np.minimum(chance, 1.0), length_m))[None]


def fallen_by_wind(wind_force: ArrayLike, length_m: ArrayLike) -> Chances:
    """Return the chance that a tree or pole lies across a stretch of road after a storm; shape (1, *shape).

    Falls are a Poisson process along the road, with a rate by wind force: none under 10.

    Examples
    --------
    >>> fallen_by_wind([9.0, 10.0, 12.0, 14.0], 1000.0).round(3).tolist()
    [[0.0, 0.02, 0.095, 0.259]]
    """
    force = _checked(wind_force, "wind_force", most=17.0)
    names = ("trees_per_km_wind_10_11", "trees_per_km_wind_12_13", "trees_per_km_wind_14")
    rates = np.array([0.0, *(default(f"fragility.{name}").number for name in names)])
    rate = rates[np.searchsorted(np.array([10.0, 12.0, 14.0]), force, side="right")]
    return np.asarray(-np.expm1(-rate * _checked(length_m, "length_m") / 1000))[None]


def fallen_by_ice(ice_mm: ArrayLike, length_m: ArrayLike) -> Chances:
    """Return the chance that ice brings a tree or pole down on a stretch of road; shape (1, *shape)."""
    thickness = _checked(ice_mm, "ice_mm")
    rates = np.array([0.0, *_numbers(default("fragility.trees_per_km_ice"))])
    edges = np.array(_numbers(default("fragility.trees_per_km_ice_mm")))
    rate = rates[np.searchsorted(edges, thickness, side="right")]
    return np.asarray(-np.expm1(-rate * _checked(length_m, "length_m") / 1000))[None]


def flood_speed_kph(depth_m: ArrayLike, free_kph: ArrayLike) -> NDArray[np.float64]:
    """Return the speed of a car in still water.

    Parameters
    ----------
    depth_m : array_like
        Water on the road, in metres.
    free_kph : array_like
        Speed on the dry road.

    Returns
    -------
    ndarray of float64
        The lesser of the free speed and 0.0009 w² - 0.5529 w + 86.9448 km/h at w mm; 0 from 300 mm.

    References
    ----------
    Pregnolato, M. et al. (2017). The impact of flooding on road transport: a depth-disruption function.
    Transportation Research Part D 55, doi:10.1016/j.trd.2017.06.020.

    Examples
    --------
    >>> flood_speed_kph([0.0, 0.1, 0.2, 0.3], 50.0).round(1).tolist()
    [50.0, 40.7, 12.4, 0.0]
    """
    depth_mm = _checked(depth_m, "flood_depth_m") * 1000
    a, b, c = _numbers(default("flood.speed_quadratic"))
    safe = np.maximum(a * depth_mm**2 + b * depth_mm + c, 0.0)
    free = _checked(free_kph, "free_kph")
    return np.where(depth_mm >= default("flood.speed_zero_from_mm").number, 0.0, np.minimum(free, safe))


def ford_limit_m(vehicle: str) -> float:
    """Return the depth from which a vehicle cannot pass still water.

    Parameters
    ----------
    vehicle : str
        Name of a travel profile: trucks ford deeper than cars. Others are taken as cars.

    Examples
    --------
    >>> ford_limit_m("rescue_car"), ford_limit_m("heavy_truck")
    (0.3, 0.5)
    """
    if vehicle == "heavy_truck":
        return default("flood.fording_truck_m").number
    if vehicle == "on_foot":
        return default("flood.wading_m").number
    return default("flood.speed_zero_from_mm").number / 1000
