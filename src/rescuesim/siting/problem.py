"""SitingProblem: sites, points, times, limits and side conditions, as every model takes them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.siting.held_states import HeldStates
from rescuesim.siting.limits import AnyTimes, PairLimits
from rescuesim.siting.site_rows import SiteRows
from rescuesim.siting.whole_rows import as_decimal
from rescuesim.standard import ResponseStandard

__all__ = ["SitingProblem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingProblem:
    """What a location model is asked about.

    Parameters
    ----------
    times : TravelTimes or TravelTimePairs
        Its sites are the columns, its demand points the rows of all models.
    limits : PairLimits or None
        Who is in time for whom; None for models without limits.
    must_open, must_close : ndarray of bool, shape (n_sites,)
        Existing and required sites, and those that are closed or of another kind; no site is both.
    rows : SiteRows
        All other side conditions.
    priced : CandidateSites or None
        The sites with what they cost the bureau, subsidies taken off; those of the times if absent.
    net_costs : tuple of Decimal or None
        What the sites cost after subsidies, to the last digit; the decimals of `sites` if absent.
    notes : tuple of str
        What is to be said of the side conditions: what was rounded, what they leave out.
    standard : ResponseStandard or None
        What the limits are of; models of availability read it.
    states : HeldStates or None
        The states of a broken network, for models over states; `times` are those of unbroken roads.
    weight_factor : float
        What the weights of the points are multiplied with, so that sums of them are of a size that solvers tell apart.
    sized : DemandPoints or None
        The points with these weights; those of the times if absent.
    """

    times: AnyTimes
    limits: PairLimits | None
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    rows: SiteRows
    priced: CandidateSites | None = None
    net_costs: tuple[Decimal, ...] | None = None
    notes: tuple[str, ...] = ()
    standard: ResponseStandard | None = None
    states: HeldStates | None = None
    weight_factor: float = 1.0
    sized: DemandPoints | None = None

    @property
    def sites(self) -> CandidateSites:
        """The sites, in the order of the columns, with costs net of subsidies."""
        return self.times.sites if self.priced is None else self.priced

    @property
    def demand(self) -> DemandPoints:
        """The points, their weights times `weight_factor`."""
        return self.times.demand if self.sized is None else self.sized

    @property
    def costs(self) -> tuple[Decimal, ...]:
        """What each site costs the bureau, exact."""
        return self.net_costs or tuple(as_decimal(one) for one in self.sites.cost.tolist())

    @property
    def n_sites(self) -> int:
        """Number of sites, closed ones too."""
        return len(self.must_open)

    def keeps(self, opened: NDArray[np.bool_]) -> bool:
        """Whether a set of open sites keeps statuses and side conditions."""
        fixed = not (opened & self.must_close).any() and bool(opened[self.must_open].all())
        return fixed and bool(self.rows.kept(opened).all())
