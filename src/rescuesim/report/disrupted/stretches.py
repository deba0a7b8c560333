"""Stretches of time in which nothing changes, and the states of the roads that all disruptions share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.disruption import (
    AssetOutage,
    ChannelOutage,
    ContactSpell,
    Disruption,
    RoadOutage,
    RoadSlowing,
    SiteOutage,
)
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, NetworkStates

__all__ = ["Orders", "RoadStates", "Stretches", "check_until", "merged_roads", "stretches_of", "used_together"]

_Spell = RoadOutage | RoadSlowing | SiteOutage | ChannelOutage | AssetOutage | ContactSpell
_WATER = ("flood", "washout", "debris_flow")  # that stand or run where they close a road


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """One disruption, cut at every moment at which something changes.

    Parameters
    ----------
    disruption : Disruption
    begin_s, end_s : ndarray of float64, shape (n_stretches,)
        From 0 to the end of the time looked at, without a hole.
    roads : tuple of NetworkState, length n_stretches
        Closures and slow-downs alone.
    flooded_roads : tuple of NetworkState, length n_stretches
        The closures by water alone.
    orders : tuple of Orders, length n_stretches
    silent, dark : ndarray of bool, shape (n_stretches, n_demand)
        Points whose calls nothing but a runner carries, or nothing at all (`ContactSpell.is_silence`), and those whose
        township has neither grid nor generator.
    delay_s : ndarray of float64, shape (n_stretches, n_demand)
        Median delay of what carries the calls of each point; 0 for the public network, ``inf`` where nothing does.
    """

    disruption: Disruption
    begin_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    roads: tuple[NetworkState, ...]
    flooded_roads: tuple[NetworkState, ...]
    orders: tuple[Orders, ...]
    silent: NDArray[np.bool_]
    dark: NDArray[np.bool_]
    delay_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.begin_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Which sites can act in a stretch.

    Parameters
    ----------
    unusable : frozenset of str
        Sites that nobody can leave.
    silent : frozenset of str
        Sites that no order reaches.
    delays : tuple of (str, Lognormal)
        Sites whose orders take longer, ascending by id.
    """

    unusable: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    delays: tuple[tuple[str, Lognormal], ...] = ()

    @property
    def out(self) -> frozenset[str]:
        """Sites that send nobody."""
        return self.unusable | self.silent


def stretches_of(
    disruption: Disruption, sites: CandidateSites, demand: DemandPoints, fallbacks: dict[str, Lognormal], until_s: float
) -> Stretches:
    """Cut a disruption at its changes.

    Parameters
    ----------
    disruption : Disruption
    sites : CandidateSites
        The open ones.
    demand : DemandPoints
    fallbacks : dict of str to Lognormal
        Delays by channel, for the outages of the public network as a whole.
    until_s : float
    """
    dark = [outage for outage in disruption.assets if outage.kind == "township_power"]
    spells: tuple[_Spell, ...] = (
        *disruption.roads,
        *disruption.slowings,
        *disruption.sites,
        *disruption.channels,
        *dark,
        *disruption.contacts,
    )
    ends = [(float(one.from_s), float(one.until_s)) for one in spells]
    moments = {0.0, *(at for pair in ends for at in pair if 0 < at < until_s)}
    begin = np.array(sorted(moments))
    rows = {id_: row for row, id_ in enumerate(demand.ids)}
    townships: dict[str, list[int]] = {}
    for row, township in enumerate(demand.townships):
        townships.setdefault(township, []).append(row)
    silent, is_dark = (np.zeros((len(begin), len(demand)), dtype=np.bool_) for _ in range(2))
    delay_s = np.zeros((len(begin), len(demand)))
    for spell in disruption.contacts:
        if spell.direction == "call" and spell.place in rows:
            held = (begin >= spell.from_s) & (begin < spell.until_s)
            silent[held, rows[spell.place]] |= spell.is_silence
            delay_s[held, rows[spell.place]] = spell.delay.median if spell.delay is not None else math.inf
    for outage in dark:
        at = np.flatnonzero((begin >= outage.from_s) & (begin < outage.until_s))
        points = townships.get(outage.asset, []) + ([rows[outage.asset]] if outage.asset in rows else [])
        is_dark[np.ix_(at, np.array(points, dtype=np.int64))] = True
    moments_s = begin.tolist()
    return Stretches(
        disruption=disruption,
        begin_s=begin,
        end_s=np.r_[begin[1:], until_s],
        roads=tuple(_roads_at(disruption, at) for at in moments_s),
        flooded_roads=tuple(_water_at(disruption, at) for at in moments_s),
        orders=tuple(orders_in(disruption, sites, fallbacks, at) for at in moments_s),
        silent=silent,
        dark=is_dark,
        delay_s=delay_s,
    )


def _roads_at(disruption: Disruption, at_s: float) -> NetworkState:
    return replace(disruption.state_at(at_s), unusable_sites=frozenset())


def _water_at(disruption: Disruption, at_s: float) -> NetworkState:
    held = (one for one in disruption.roads if one.from_s <= at_s < one.until_s and one.cause in _WATER)
    return NetworkState(closures=tuple(one.closure for one in held if one.closure.shuts), label=disruption.label)


def orders_in(disruption: Disruption, sites: CandidateSites, fallbacks: dict[str, Lognormal], at_s: float) -> Orders:
    """Say which sites nobody can leave, which get no order and which get it late, at a moment."""
    known = set(sites.ids)
    silent, delays = set(), dict[str, Lognormal]()
    by_spell = set()  # an outage made of a spell has the usual delay of its channel, the spell its own
    for spell in disruption.contacts:
        if spell.direction == "order" and spell.place in known and spell.from_s <= at_s < spell.until_s:
            by_spell.add((spell.place, spell.channel))
            if spell.delay is None:
                silent.add(spell.place)
            else:
                _later(delays, spell.place, spell.delay)
    for outage in disruption.channels:
        if outage.from_s <= at_s < outage.until_s:
            for id_, township in zip(sites.ids, sites.townships, strict=True):
                if outage.cuts(id_, township) and (id_, outage.fallback) not in by_spell:
                    _later(delays, id_, fallbacks[outage.fallback])
    return Orders(
        unusable=frozenset(one.site for one in disruption.sites if one.from_s <= at_s < one.until_s) & known,
        silent=frozenset(silent),
        delays=tuple(sorted(delays.items(), key=lambda pair: pair[0])),
    )


def _later(delays: dict[str, Lognormal], site: str, delay: Lognormal) -> None:
    """Keep the longer of two delays."""
    if site not in delays or (delay.median, delay.p90) > (delays[site].median, delays[site].p90):
        delays[site] = delay


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadStates:
    """The different states of the roads that some stretches go through, each once.

    Parameters
    ----------
    states : NetworkStates
        Weighted by nothing: they are to be computed, not averaged.
    of : tuple of ndarray of int64
        For each of the `Stretches`, the state of each stretch.
    """

    states: NetworkStates
    of: tuple[NDArray[np.int64], ...]


def merged_roads(timelines: Sequence[Stretches]) -> RoadStates:
    """Put equal states of the roads into one, over all disruptions."""
    numbers: dict[object, int] = {}
    states: list[NetworkState] = []
    of = []
    for timeline in timelines:
        found = np.empty(len(timeline), dtype=np.int64)
        for row, state in enumerate(timeline.roads):
            key = frozenset(state.closures), frozenset(state.slow_downs.items())
            if key not in numbers:
                numbers[key] = len(states)
                states.append(state)
            found[row] = numbers[key]
        of.append(found)
    share = 1 / len(states)
    each = tuple(replace(state, probability=share) for state in states)
    return RoadStates(states=NetworkStates(states=each), of=tuple(of))


def used_together(timelines: Sequence[Stretches], roads: RoadStates) -> Iterator[tuple[int, set[Orders]]]:
    """Give, for each state of the roads, the orders that hold in some stretch of it."""
    found: dict[int, set[Orders]] = {}
    for timeline, of in zip(timelines, roads.of, strict=True):
        for state, orders in zip(of.tolist(), timeline.orders, strict=True):
            found.setdefault(state, set()).add(orders)
    yield from sorted(found.items())


def check_until(until_s: float) -> None:
    """Refuse an end that is no number of seconds above 0.

    Raises
    ------
    InputError
    """
    if isinstance(until_s, bool) or not isinstance(until_s, int | float) or not 0 < until_s < math.inf:
        raise InputError(f"until_s {until_s!r}: expected seconds above 0, and finite")
