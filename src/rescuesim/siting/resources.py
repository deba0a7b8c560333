"""What is spent along a frontier or phase by phase: sites, people or money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.siting.constraints import SitingConstraints
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import PLACES, SiteRows, row_of
from rescuesim.siting.staffing import people_needed
from rescuesim.siting.whole_rows import as_decimal, at_most_row, smallest_float

__all__ = ["Over", "Resource", "resource_of"]

Over = Literal["n_sites", "people", "cost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What is spent along a frontier.

    Parameters
    ----------
    over : {'n_sites', 'people', 'cost'}
    use : tuple of Decimal, length n_sites
        Of each site.
    """

    over: Over
    use: tuple[Decimal, ...]

    def row(self, amount: float) -> SiteRows:
        """Ask that the open sites use at most an amount."""
        if self.over == "n_sites":
            ones = np.ones(len(self.use), dtype=np.int64)
            return row_of(ones, f"n_sites {amount:g}", upper=int(amount))
        name = "budget" if self.over == "cost" else "people"
        return at_most_row(self.use, as_decimal(amount), f"{name} {amount:.15g}")[0]

    def _sum(self, opened: NDArray[np.bool_]) -> Decimal:
        with localcontext(Context(prec=PLACES)):
            return sum((self.use[j] for j in np.flatnonzero(opened).tolist()), Decimal(0))

    def used(self, opened: NDArray[np.bool_]) -> float:
        """Return what a plan uses."""
        return float(self._sum(opened))

    def enough_for(self, opened: NDArray[np.bool_]) -> float:
        """Return the smallest amount whose row a plan keeps."""
        return smallest_float(self._sum(opened))

    def as_rows_have_it(self, amounts: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return uses and amounts such that what keeps the row of an amount, as it is rounded, uses no more than it."""
        if self.over == "n_sites":
            return np.ones(len(self.use)), np.array(amounts)
        rows = [self.row(one) for one in amounts]
        uses = [row.rows.toarray().ravel() / row.scales[0] for row in rows]
        return np.min(uses, axis=0), np.array([row.upper[0] / row.scales[0] for row in rows])


def resource_of(problem: SitingProblem, over: Over, constraints: SitingConstraints) -> Resource:
    """Return what each site uses of a resource.

    Raises
    ------
    InputError
        If `over` is unknown, or costs are asked for where a fund leaves no site a cost of its own.
    """
    if over == "n_sites":
        return Resource(over=over, use=(Decimal(1),) * problem.n_sites)
    if over == "cost":
        if constraints.has_funds:
            raise InputError("over cost: expected subsidies without a fund, since no site has a cost of its own")
        return Resource(over=over, use=problem.costs)
    if over != "people":
        raise InputError(f"over {over!r}: expected n_sites, people or cost")
    need, _ = people_needed(
        problem.sites,
        staffed_shifts=constraints.staffed_shifts,
        staffing=constraints.staffing,
        confidence=constraints.muster_confidence,
    )
    return Resource(over=over, use=tuple(as_decimal(one) for one in need.tolist()))
