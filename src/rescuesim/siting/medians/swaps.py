"""Good plans of the p-median by swaps and kicks, with all side conditions kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.medians.going import Going
from rescuesim.siting.medians.lagrangian import kernels
from rescuesim.siting.medians.rows import FloatRows
from rescuesim.siting.site_rows import SiteRows

__all__ = ["SwapSearch"]

_LEAST = 1e-11  # of the value, that a swap must save
_KICK = 2e5  # work of a kick besides
_KICKS_A_SITE = 10  # at most: small problems are soon exhausted


@dataclass(kw_only=True)
class SwapSearch:
    """The best plan so far, and ways to a better one.

    Parameters
    ----------
    cost : ndarray of float64, shape (n_sites, n_points)
        Finite.
    must_open, must_close : ndarray of bool, shape (n_sites,)
    n_sites : int
    side : SiteRows
    rows : FloatRows
        The same, scaled.
    rng : Generator
    """

    cost: NDArray[np.float64]
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    n_sites: int
    side: SiteRows
    rows: FloatRows
    rng: np.random.Generator
    value: float = np.inf
    opened: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def offer(self, opened: NDArray[np.int64], *, most_tried: int = 2**62) -> int:
        """Improve a plan to a local optimum and keep it if it is the best so far.

        Parameters
        ----------
        opened : ndarray of int64
            Rows of sites that keep all side conditions; others are passed over.
        most_tried : int, optional
            Sites tried at most.

        Returns
        -------
        int
            Sites tried.
        """
        if not self._allowed(opened):
            return 0
        opened = self._grown(opened.copy())
        order = self.rng.permutation(np.flatnonzero(~(self.must_open | self.must_close)))
        tried = 0
        if len(opened) >= 2 and len(order):
            columns = self.rows.columns
            least = _LEAST * max(float(self.cost[opened].min(axis=0).sum()), 1e-300)
            _, tried = kernels().swap_to_local_optimum(
                self.cost,
                opened,
                ~self.must_open,
                order,
                columns.indptr.astype(np.int64),
                columns.indices.astype(np.int64),
                columns.data,
                self.rows.low,
                self.rows.high,
                least,
                most_tried,
            )
        elif len(opened) == 1 and not self.must_open[opened[0]]:
            sums = self.cost[order].sum(axis=1)
            allowed = [site for site in np.argsort(sums, kind="stable") if self._allowed(order[[site]])]
            opened = order[allowed[:1]] if allowed else opened
        self.weigh(opened)
        return tried + 1

    def weigh(self, opened: NDArray[np.int64]) -> None:
        """Keep a plan if it keeps all side conditions and is the best so far."""
        if len(opened) and self._allowed(opened):
            value = float(self.cost[opened].min(axis=0).sum())
            if value < self.value:
                self.value, self.opened = value, np.sort(opened)

    def search(self, work: float, *, going: Going, enough: float = -np.inf) -> None:
        """Kick some sites of the best plan elsewhere and swap, again and again.

        Parameters
        ----------
        work : float
            Costs looked at, a nanosecond each or so; not time, so that a search does not depend on the machine.
        going : Going
            Whether there is time left.
        enough : float, optional
            Stop at this value.
        """
        done, turn, n_points = 0.0, 0, self.cost.shape[1]
        others = np.flatnonzero(~(self.must_open | self.must_close))
        while done < work and turn < _KICKS_A_SITE * len(others) and self.value > enough and going():
            movable = self.opened[~self.must_open[self.opened]]
            shut = np.setdiff1d(others, self.opened)
            size = min(max(2, len(movable) // 10) if turn % 2 else 2, len(movable), len(shut))
            turn += 1
            if size == 0:
                return
            goes = self.rng.choice(movable, size, replace=False)
            comes = self.rng.choice(shut, size, replace=False)
            kicked = np.concatenate([np.setdiff1d(self.opened, goes), comes])
            done += _KICK + self.offer(kicked) * n_points + n_points * len(kicked)

    def _allowed(self, opened: NDArray[np.int64]) -> bool:
        if len(opened) > self.n_sites or self.must_open[opened].sum() != self.must_open.sum():
            return False
        if not len(self.side):
            return True
        marks = np.zeros(len(self.must_open), dtype=np.bool_)
        marks[opened] = True
        return bool(self.side.kept(marks).all())

    def _grown(self, opened: NDArray[np.int64]) -> NDArray[np.int64]:
        """Open more sites, each time the one that saves most, as far as number and side conditions allow."""
        if len(opened) >= self.n_sites:
            return opened
        others = np.setdiff1d(np.flatnonzero(~self.must_close), opened)
        near = self.cost[opened].min(axis=0) if len(opened) else np.full(self.cost.shape[1], np.inf)
        while len(others) and len(opened) < self.n_sites:
            sums = np.minimum(near, self.cost[others]).sum(axis=1)
            for at in np.argsort(sums, kind="stable"):
                more = np.append(opened, others[at])
                if self._allowed(more):
                    opened, near = more, np.minimum(near, self.cost[others[at]])
                    others = np.delete(others, at)
                    break
            else:
                return opened
        return opened
