"""Stretches of roads: united, complemented, and asked whether they hold a position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["RoadStretches", "united"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadStretches:
    """Stretches of roads that share no position, by road and position; both ends belong to them.

    Parameters
    ----------
    road : ndarray of int64, shape (n_stretches,)
    from_m, to_m : ndarray of float64, shape (n_stretches,)
    """

    road: NDArray[np.int64]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.road)

    @property
    def length_m(self) -> NDArray[np.float64]:
        """Length of each stretch."""
        return self.to_m - self.from_m

    def take(self, which: NDArray[np.bool_]) -> RoadStretches:
        """Return some of the stretches."""
        return RoadStretches(road=self.road[which], from_m=self.from_m[which], to_m=self.to_m[which])

    def hold(self, road: ArrayLike, from_m: ArrayLike, to_m: ArrayLike | None = None) -> NDArray[np.bool_]:
        """Say which positions, or which stretches from one position to another, lie within one stretch.

        Parameters
        ----------
        road : array_like of int, shape (n,)
        from_m, to_m : array_like of float, shape (n,)
            ``from_m <= to_m``; one position if `to_m` is absent.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        asked, low = np.asarray(road, dtype=np.int64), np.asarray(from_m, dtype=np.float64)
        high = low if to_m is None else np.asarray(to_m, dtype=np.float64)
        if not len(self):
            return np.zeros(len(asked), dtype=np.bool_)
        is_asked = np.r_[np.zeros(len(self), dtype=np.bool_), np.ones(len(asked), dtype=np.bool_)]
        order = np.lexsort((is_asked, np.r_[self.from_m, low], np.r_[self.road, asked]))
        # the last stretch that begins at or before each place
        last = np.maximum.accumulate(np.where(is_asked[order], -1, np.arange(len(order))))
        found = np.empty(len(asked), dtype=np.int64)
        found[order[is_asked[order]] - len(self)] = np.where(last >= 0, order[last], -1)[is_asked[order]]
        return np.asarray((found >= 0) & (self.road[found] == asked) & (high <= self.to_m[found]))

    def others(self, length_m: NDArray[np.float64]) -> RoadStretches:
        """Return what the stretches leave of the roads; `length_m` of shape (n_roads,). Ends are shared."""
        roads = np.arange(len(length_m))
        road = np.r_[self.road, roads]
        order = np.lexsort((np.r_[self.from_m, length_m], road))
        # each begins where the one before on the road ended, the first at 0
        starts = np.r_[self.to_m, np.zeros(len(roads))][order]
        before = np.where(np.r_[True, road[order][1:] != road[order][:-1]], 0.0, np.r_[0.0, starts[:-1]])
        ends = np.r_[self.from_m, length_m][order]
        keep = ends > before
        return RoadStretches(road=road[order][keep], from_m=before[keep], to_m=ends[keep])


def united(road: NDArray[np.int64], from_m: NDArray[np.float64], to_m: NDArray[np.float64]) -> RoadStretches:
    """Unite stretches of roads that overlap or leave no number between them.

    Parameters
    ----------
    road : ndarray of int, shape (n,)
    from_m, to_m : ndarray of float64, shape (n,)
        ``from_m <= to_m``.

    Examples
    --------
    >>> made = united(np.array([7, 3, 3]), np.array([0.0, 5.0, 1.0]), np.array([2.0, 9.0, 5.0]))
    >>> made.road.tolist(), made.from_m.tolist(), made.to_m.tolist()
    ([3, 7], [1.0, 0.0], [9.0, 2.0])
    """
    order = np.lexsort((to_m, from_m, road))
    road, from_m, to_m = road[order].astype(np.int64), from_m[order], to_m[order]
    by_end = np.lexsort((to_m, road))
    rank = np.empty(len(road), dtype=np.int64)
    rank[by_end] = np.arange(len(road))
    # ranks grow with the road, so that the largest so far is one of the same road
    end_so_far = to_m[by_end[np.maximum.accumulate(rank)]] if len(road) else to_m
    first = np.ones(len(road), dtype=np.bool_)
    first[1:] = (road[1:] != road[:-1]) | (from_m[1:] > np.nextafter(end_so_far[:-1], np.inf))
    last = np.flatnonzero(np.r_[first[1:], True][: len(road)])
    return RoadStretches(road=road[first], from_m=from_m[first], to_m=end_so_far[last])
