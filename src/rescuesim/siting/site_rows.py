"""SiteRows: what any set of open sites must keep, as linear rows in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from rescuesim.errors import InputError
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["PLACES", "AmountLimit", "SiteRows", "no_rows", "row_of", "stacked", "tightened"]

PLACES = 60  # digits that sums and products of amounts are kept to


@dataclass(frozen=True, slots=True)
class AmountLimit:
    """A limit on a sum of amounts of more digits than a row of whole numbers holds, kept as the decimals it is of.

    Parameters
    ----------
    amounts : tuple of Decimal, length n_sites
        0 or more each.
    most : Decimal

    Examples
    --------
    >>> limit = AmountLimit((Decimal("0.1"), Decimal("0.2")), Decimal("0.3"))
    >>> limit.kept(np.array([True, True]))
    True
    """

    amounts: tuple[Decimal, ...]
    most: Decimal

    def kept(self, opened: NDArray[np.bool_]) -> bool:
        """Whether the amounts of the open sites sum to no more than the limit; exact."""
        with localcontext(Context(prec=PLACES)):
            return sum((self.amounts[j] for j in np.flatnonzero(opened).tolist()), Decimal(0)) <= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRows:
    """Rows ``lower <= rows @ x <= upper`` over the sites, x 1 where a site is open.

    Parameters
    ----------
    rows : csr_array of int64, shape (n_rows, n_sites)
    lower, upper : ndarray of int64, shape (n_rows,)
        ``upper`` is `NO_BOUND` where there is none, ``lower`` its negative.
    labels : tuple of str
        What each row stands for, in words of the planner: ``budget``, ``at least 1 in township 城关``.
    scales : tuple of float, optional
        What each row is multiplied with to be in whole numbers; all 1 if absent.
    limits : tuple of AmountLimit or None, optional
        Where a row cannot hold all digits of its amounts: what is meant. The row then lets no plan out that keeps the
        limit, and `kept` asks the limit besides.

    Raises
    ------
    InputError
        If the parts do not fit together.
    """

    rows: csr_array
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    labels: tuple[str, ...]
    scales: tuple[float, ...] = ()
    limits: tuple[AmountLimit | None, ...] = ()

    def __post_init__(self) -> None:
        if not self.scales:
            object.__setattr__(self, "scales", (1.0,) * len(self.labels))
        if not self.limits:
            object.__setattr__(self, "limits", (None,) * len(self.labels))
        n_rows = self.rows.shape[0]
        if any(len(part) != n_rows for part in (self.lower, self.upper, self.labels, self.scales, self.limits)):
            raise InputError("site rows: expected a bound below, a bound above, a label and a scale for each row")

    def __len__(self) -> int:
        return len(self.labels)

    def kept(self, opened: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Mark the rows that a set of open sites keeps; bool, shape (n_rows,)."""
        activity = self.rows @ opened.astype(np.int64)
        kept = np.asarray((activity >= self.lower) & (activity <= self.upper))
        for row, limit in enumerate(self.limits):
            if limit is not None and kept[row]:
                kept[row] = limit.kept(opened)
        return kept

    @property
    def are_exact(self) -> bool:
        """Whether the rows in whole numbers say all: no limit has more digits than they hold."""
        return all(limit is None for limit in self.limits)


def no_rows(n_sites: int) -> SiteRows:
    """Return rows that ask for nothing."""
    none = np.empty(0, dtype=np.int64)
    return SiteRows(rows=csr_array((0, n_sites), dtype=np.int64), lower=none, upper=none, labels=())


def row_of(factors: NDArray[np.int64], label: str, *, lower: int = -NO_BOUND, upper: int = NO_BOUND) -> SiteRows:
    """Return one row over all sites."""
    return SiteRows(
        rows=csr_array(factors[None, :].astype(np.int64)),
        lower=np.array([lower], dtype=np.int64),
        upper=np.array([upper], dtype=np.int64),
        labels=(label,),
    )


def stacked(parts: Sequence[SiteRows]) -> SiteRows:
    """Put rows over the same sites together; at least one part."""
    return SiteRows(
        rows=csr_array(vstack([part.rows for part in parts])),
        lower=np.concatenate([part.lower for part in parts]),
        upper=np.concatenate([part.upper for part in parts]),
        labels=tuple(label for part in parts for label in part.labels),
        scales=tuple(scale for part in parts for scale in part.scales),
        limits=tuple(limit for part in parts for limit in part.limits),
    )


def tightened(side: SiteRows) -> SiteRows:
    """Move bounds to sums that whole multiples of the factors can reach: the same plans pass, relaxations fewer.

    Examples
    --------
    >>> row = tightened(row_of(np.array([40, 60, 0]), "budget", lower=5, upper=99))
    >>> row.lower.tolist(), row.upper.tolist()
    ([20], [80])
    """
    lower, upper = side.lower.copy(), side.upper.copy()
    for row in range(len(side)):
        step = int(np.gcd.reduce(side.rows.data[side.rows.indptr[row] : side.rows.indptr[row + 1]], initial=0))
        if step > 1:
            if lower[row] > -NO_BOUND:
                lower[row] = -(-int(lower[row]) // step) * step
            if upper[row] < NO_BOUND:
                upper[row] = int(upper[row]) // step * step
    return replace(side, lower=lower, upper=upper)
