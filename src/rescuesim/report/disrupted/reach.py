"""Who is covered, cut off and reached in one state of the roads, for the crews that can act in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rescuesim.network import NetworkState
from rescuesim.report.disrupted.stretches import Orders, RoadStates, Stretches, used_together
from rescuesim.report.disrupted.walking import Walks, walked_in
from rescuesim.siting import covered_points, pair_limits
from rescuesim.siting.limits import PairLimits
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimes, TravelTimesEnsemble

__all__ = ["Reach", "covered_now", "reaches"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What holds in one state of the roads with some orders.

    Parameters
    ----------
    covered : ndarray of bool, shape (n_demand,)
    cut : ndarray of bool, shape (n_demand,)
        No road from the seat, whether or not a crew can act there, though there is one on intact roads.
    force_s : ndarray of float64, shape (n_demand,)
        First crew that can act, its order waited for; ``inf`` if none comes.
    force_site : ndarray of int64, shape (n_demand,)
        Which one; -1 if none.
    on_foot : ndarray of bool, shape (n_demand,)
        It walks the last part, because no road is open to vehicles.
    """

    covered: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    force_s: NDArray[np.float64]
    force_site: NDArray[np.int64]
    on_foot: NDArray[np.bool_]


def covered_now(
    times: TravelTimes, limits: PairLimits, standard: ResponseStandard, orders: Orders
) -> NDArray[np.bool_]:
    """Mark the points that crews which can act reach within the limits; bool, shape (n_demand,).

    An order that comes late takes its delay, at the confidence of the zone, off the limit, as if slow orders and slow
    drives came together.
    """
    acting = _acting(times, orders)
    if not orders.delays:
        covers = limits.limit_s.covering(times)
        second = limits.second_limit_s.covering(times)
        return covered_points(replace(limits, covers=covers, covers_second=second), acting)
    late = np.zeros((len(times.sites), len(times.demand)))
    confidence = np.array([standard.confidence.get(zone, 0.5) for zone in times.demand.zones])
    rows = {id_: row for row, id_ in enumerate(times.sites.ids)}
    for site, delay in orders.delays:
        for share in np.unique(confidence).tolist():
            late[rows[site], confidence == share] = delay.quantile(share)
    covers, second = (
        csr_array(times.within(np.asarray(limit) - late)) for limit in (limits.limit_s, limits.second_limit_s)
    )
    return covered_points(replace(limits, covers=covers, covers_second=second), acting)


def _acting(times: TravelTimes, orders: Orders) -> NDArray[np.bool_]:
    return np.array([id_ not in orders.out for id_ in times.sites.ids], dtype=np.bool_)


def _reach(
    times: TravelTimes,
    state: NetworkState,
    limits: PairLimits,
    standard: ResponseStandard,
    orders: Orders,
    seat: NDArray[np.bool_],
    intact_s: NDArray[np.float64],
    walks: Walks | None,
) -> Reach:
    drive_s = times.values
    cut = np.asarray(np.isfinite(intact_s[seat]).any(axis=0) & ~np.isfinite(drive_s[seat]).any(axis=0))
    had_road = np.asarray(np.isfinite(intact_s).any(axis=0))
    acting = _acting(times, orders)
    order_s = np.zeros(len(acting))
    for late, delay in orders.delays:
        order_s[times.sites.ids.index(late)] = delay.median
    whole = np.where(acting[:, None], drive_s + order_s[:, None], np.inf)
    site = np.asarray(whole.argmin(axis=0))
    force_s = whole[site, np.arange(len(cut))]
    on_foot = np.zeros(len(cut), dtype=np.bool_)
    if walks is not None and acting.any() and (lost := had_road & ~np.isfinite(force_s)).any():
        walk_s, walker = walked_in(times, state, acting, walks)
        walk_s = walk_s + np.where(walker >= 0, order_s[walker], 0.0)
        on_foot = lost & np.isfinite(walk_s)
        force_s, site = np.where(on_foot, walk_s, force_s), np.where(on_foot, walker, site)
    return Reach(
        covered=covered_now(times, limits, standard, orders),
        cut=cut,
        force_s=force_s,
        force_site=np.where(np.isfinite(force_s), site, -1),
        on_foot=on_foot,
    )


def reaches(
    ensemble: TravelTimesEnsemble,
    timelines: Sequence[Stretches],
    roads: RoadStates,
    standard: ResponseStandard,
    seat: NDArray[np.bool_],
    on_foot_too: bool,
    progress: Callable[[int, int], None] | None,
) -> dict[tuple[int, Orders], Reach]:
    """Compute every state of the roads once, with each set of orders that holds in it.

    Parameters
    ----------
    ensemble : TravelTimesEnsemble
        Of the open sites, over the states of `roads`, without a cutoff.
    timelines : sequence of Stretches
    roads : RoadStates
    standard : ResponseStandard
    seat : ndarray of bool, shape (n_sites,)
        Sites from which a road must lead to a place, or it is cut off.
    on_foot_too : bool
        Whether to look for crews that walk in, which takes most of the time.
    progress : callable or None
        Called with the states done and in all.

    Returns
    -------
    dict of (int, Orders) to Reach
    """
    limits = pair_limits(ensemble.intact, standard=standard)
    intact_s = ensemble.intact.values
    graph = ensemble.intact.graph
    assert graph is not None
    walks = Walks.on(graph) if on_foot_too else None
    found = {}
    wanted = dict(used_together(timelines, roads))
    for number, times in enumerate(ensemble):
        for orders in wanted[number]:
            found[number, orders] = _reach(times, roads.states[number], limits, standard, orders, seat, intact_s, walks)
        if progress is not None:
            progress(number + 1, len(roads.states))
    return found
