"""Reductions of a cover that leave every best plan: what is fixed goes, equal rows become one, needless sites go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from rescuesim.siting.covering.cover import Cover, equal_rows, kernel, merged_rows
from rescuesim.siting.covering.local_search import compressed
from rescuesim.siting.site_rows import SiteRows
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["Core", "columns_of", "core_of", "dominated_sites", "fixed_further", "pieces_of", "rows_over_others"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What is left to decide of a cover.

    Parameters
    ----------
    cover : Cover
        Over the sites that may be open or shut, with rows that are not decided; all its weights are above 0 if the
        weight is what counts.
    sites : ndarray of int64, shape (n_free,)
        Index of each of these sites in the first cover.
    opened : ndarray of bool, shape (n_sites,)
        Sites of the first cover that are open in any case.
    base : float
        Weight that these cover.
    group : ndarray of int64
        Row of the core of each row that was reduced last; -1 where it was left out.
    """

    cover: Cover
    sites: NDArray[np.int64]
    opened: NDArray[np.bool_]
    base: float
    group: NDArray[np.int64]

    def whole(self, plan: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Turn a plan of the core into one of the first cover."""
        opened = self.opened.copy()
        opened[self.sites[plan]] = True
        return opened


def core_of(cover: Cover, *, by_weight: bool) -> Core:
    """Decide what statuses decide.

    Parameters
    ----------
    cover : Cover
    by_weight : bool
        Whether covered weight is what counts: rows of weight 0 and rows that nobody covers are left out. Otherwise
        all rows must be covered, and a row that nobody covers stays.
    """
    free = np.flatnonzero(~cover.must_open & ~cover.must_close)
    done = cover.covered(cover.must_open)
    covers = columns_of(cover.covers, free)
    kept = ~done
    if by_weight:
        kept &= (cover.weight > 0) & (np.diff(covers.indptr) > 0)
    none = np.zeros(len(free), dtype=np.bool_)
    left = Cover(
        covers=csr_array(covers[kept]),
        weight=cover.weight[kept],
        must_open=none,
        must_close=none,
        rows=_rows_over(cover.rows, cover.must_open, free),
    )
    merged, group = merged_rows(left)
    of_row = np.full(cover.n_groups, -1, dtype=np.int64)
    of_row[kept] = group
    return Core(
        cover=merged,
        sites=free,
        opened=cover.must_open.copy(),
        base=float(cover.weight[done].sum()),
        group=of_row,
    )


def fixed_further(core: Core, opens: NDArray[np.bool_], shuts: NDArray[np.bool_]) -> Core:
    """Fix more sites of a core; both bool, shape (n_free,)."""
    inner = core_of(replace(core.cover, must_open=opens, must_close=shuts), by_weight=True)
    return Core(
        cover=inner.cover,
        sites=core.sites[inner.sites],
        opened=core.whole(opens),
        base=core.base + inner.base,
        group=inner.group,
    )


def columns_of(covers: csr_array, columns: NDArray[np.int64]) -> csr_array:
    """Take some columns, ascending."""
    place = np.full(covers.shape[1], -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    at = place[covers.indices]
    kept = at >= 0
    ends = np.r_[0, np.cumsum(kept)]
    return csr_array(
        (np.ones(int(kept.sum()), dtype=np.int8), at[kept].astype(np.int32), ends[covers.indptr]),
        shape=(covers.shape[0], len(columns)),
    )


def pieces_of(cover: Cover) -> list[tuple[NDArray[np.int64], Cover]]:
    """Take a cover of free sites apart into covers that share neither groups nor side conditions.

    Parameters
    ----------
    cover : Cover

    Returns
    -------
    list of (ndarray of int64, Cover)
        The sites of each piece and the cover over them, by ascending number of entries. Sites that cover nothing and
        are in no side condition are in none.

    Examples
    --------
    >>> from rescuesim.siting.site_rows import no_rows
    >>> cover = Cover.of(np.array([[1, 0, 1, 0], [0, 1, 0, 0]]), np.ones(2), rows=no_rows(4))
    >>> [(sites.tolist(), piece.covers.toarray().tolist()) for sites, piece in pieces_of(cover)]
    [([1], [[1]]), ([0, 2], [[1, 1]])]
    """
    rows = cover.rows
    links = csr_array(vstack([cover.covers.astype(np.int64), abs(csr_array(rows.rows))], format="csr"))
    n_links = links.shape[0]
    # rows and sites are the nodes of a graph; what is connected belongs together
    both: Any = csr_array(block_array([[None, links], [links.T, None]], format="csr"))
    _, label = connected_components(both, directed=False)
    of_row, of_site = label[:n_links], label[n_links:]
    pieces = []
    used = np.unique(of_row[np.diff(links.indptr) > 0])
    for number in used.tolist():
        sites = np.flatnonzero(of_site == number)
        mine = of_row == number
        groups, side = mine[: cover.n_groups], mine[cover.n_groups :]
        none = np.zeros(len(sites), dtype=np.bool_)
        piece = Cover(
            covers=csr_array(columns_of(csr_array(cover.covers[groups]), sites)),
            weight=cover.weight[groups],
            must_open=none,
            must_close=none,
            rows=SiteRows(
                rows=csr_array(rows.rows[side][:, sites]),
                lower=rows.lower[side],
                upper=rows.upper[side],
                labels=tuple(name for name, is_mine in zip(rows.labels, side.tolist(), strict=True) if is_mine),
            ),
        )
        pieces.append((sites, piece))
    return sorted(pieces, key=lambda both: both[1].covers.nnz)


def _rows_over(rows: SiteRows, opened: NDArray[np.bool_], free: NDArray[np.int64]) -> SiteRows:
    """Write side conditions over free sites, less what open ones use."""
    used = rows.rows @ opened.astype(np.int64)
    return SiteRows(
        rows=csr_array(rows.rows[:, free]),
        lower=np.where(rows.lower <= -NO_BOUND, rows.lower, rows.lower - used),
        upper=np.where(rows.upper >= NO_BOUND, rows.upper, rows.upper - used),
        labels=rows.labels,
    )


def rows_over_others(covers: csr_array, *, engine: str = "auto") -> NDArray[np.bool_]:
    """Mark the rows that are covered whenever another row is: they hold all its sites. Bool, shape (n_groups,).

    Only where all rows must be covered may they be left out.
    """
    by_site = csr_array(covers.T)
    by_site.sort_indices()
    found = kernel("row_kernels", "rows_holding_others") if engine == "auto" else None
    if found is not None:
        return np.asarray(found(*compressed(covers), *compressed(by_site)))
    return _holding_others(covers)


def _holding_others(covers: csr_array) -> NDArray[np.bool_]:
    """Mark rows that hold all entries of another, the later of equal ones, by products: the reference."""
    whole = csr_array(covers.astype(np.int64))
    size = np.diff(whole.indptr)
    shared = csr_array(whole @ whole.T).tocoo()
    inner, outer = shared.row, shared.col
    holds = (shared.data == size[inner]) & (inner != outer) & ((size[outer] > size[inner]) | (outer > inner))
    marked = np.zeros(len(size), dtype=np.bool_)
    marked[outer[holds]] = True
    return marked


def dominated_sites(cover: Cover, cost: NDArray[np.float64], *, engine: str = "auto") -> NDArray[np.bool_]:
    """Mark the sites that another one can stand in for in any plan.

    The other covers all that the site covers, costs no more, and has the same part in all side conditions, none of
    which asks for more of it.

    Parameters
    ----------
    cover : Cover
        Of free sites.
    cost : ndarray of float64, shape (n_sites,)
    engine : {'auto', 'plain'}, optional

    Returns
    -------
    ndarray of bool, shape (n_sites,)
        Of sites that could stand in for each other the first stays. Sites that cover nothing are not marked.
    """
    kind = _kinds(cover.rows)
    by_site = csr_array(cover.covers.T)
    by_site.sort_indices()
    found = kernel("row_kernels", "dominated_columns") if engine == "auto" else None
    if found is not None:
        return np.asarray(found(*compressed(by_site), *compressed(cover.covers), cost, kind))
    whole = csr_array(by_site.astype(np.int64))
    size = np.diff(whole.indptr)
    shared = csr_array(whole @ whole.T).tocoo()
    site, other = shared.row, shared.col
    stands_in = (shared.data == size[site]) & (site != other) & (kind[site] == kind[other]) & (kind[site] >= 0)
    same = (size[site] == size[other]) & (cost[site] == cost[other])
    stands_in &= (cost[other] <= cost[site]) & (~same | (other < site))
    marked = np.zeros(len(size), dtype=np.bool_)
    marked[site[stands_in]] = True
    return marked


def _kinds(rows: SiteRows) -> NDArray[np.int64]:
    """Tell sites apart by their part in the side conditions; -1 where a row may ask for more of them."""
    n_sites = rows.rows.shape[1]
    if not len(rows):
        return np.zeros(n_sites, dtype=np.int64)
    by_site = csr_array(rows.rows.T)
    by_site.sum_duplicates()
    by_site.eliminate_zeros()
    asked = (by_site.data > 0) & (rows.lower > -NO_BOUND)[by_site.indices]
    asked |= (by_site.data < 0) & (rows.upper < NO_BOUND)[by_site.indices]
    values, code = np.unique(by_site.data, return_inverse=True)
    pattern = csr_array(
        (np.ones(by_site.nnz), by_site.indices.astype(np.int64) * len(values) + code, by_site.indptr),
        shape=(n_sites, len(rows) * max(len(values), 1)),
    )
    pattern.sort_indices()
    kind, _ = equal_rows(pattern, engine="plain")
    kind[np.repeat(np.arange(n_sites), np.diff(by_site.indptr))[asked]] = -1
    return kind
