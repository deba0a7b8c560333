"""SitingProblem: sites, points, times, limits and side conditions, as every model takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.siting.limits import AnyTimes, PairLimits
from rescuesim.siting.site_rows import SiteRows
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimesEnsemble

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
    notes : tuple of str
        What is to be said of the side conditions: what was rounded, what they leave out.
    standard : ResponseStandard or None
        What the limits are of; models of availability read it.
    states : TravelTimesEnsemble or None
        The states of a broken network, for models over states; `times` are those of unbroken roads.
    """

    times: AnyTimes
    limits: PairLimits | None
    must_open: NDArray[np.bool_]
    must_close: NDArray[np.bool_]
    rows: SiteRows
    priced: CandidateSites | None = None
    notes: tuple[str, ...] = ()
    standard: ResponseStandard | None = None
    states: TravelTimesEnsemble | None = None

    @property
    def sites(self) -> CandidateSites:
        """The sites, in the order of the columns, with costs net of subsidies."""
        return self.times.sites if self.priced is None else self.priced

    @property
    def demand(self) -> DemandPoints:
        """The points."""
        return self.times.demand

    @property
    def n_sites(self) -> int:
        """Number of sites, closed ones too."""
        return len(self.must_open)

    def keeps(self, opened: NDArray[np.bool_]) -> bool:
        """Whether a set of open sites keeps statuses and side conditions."""
        fixed = not (opened & self.must_close).any() and bool(opened[self.must_open].all())
        return fixed and bool(self.rows.kept(opened).all())
