"""What sites cost the bureau after subsidies, and budgets (R66)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext

from rescuesim.candidates import HOSTS, CandidateSites
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.siting.conditions import Subsidy
from rescuesim.siting.site_rows import SiteRows, stacked
from rescuesim.siting.whole_rows import as_decimal, at_most_row

__all__ = ["budget_row", "budget_rows", "grants", "net_costs", "subsidy_faults"]

_MOST_FUNDS = 6  # each doubles the number of rows of the budget


def subsidy_faults(subsidies: Sequence[Subsidy], sites: CandidateSites) -> list[Fault]:
    """List what is wrong with subsidies: unknown hosts and sites, too many funds."""
    faults = []
    known = set(sites.ids)
    for one in subsidies:
        place = f"subsidy {one.name}"
        faults += [
            Fault(column=place, value=id_, expected=nearest_name(str(id_), sites.ids))
            for id_ in one.sites or ()
            if id_ not in known
        ]
        faults += [
            Fault(column=place, value=host, expected=nearest_name(str(host), HOSTS))
            for host in one.hosts or ()
            if host not in HOSTS
        ]
    if (n_funds := sum(as_decimal(one.fund).is_finite() for one in subsidies)) > _MOST_FUNDS:
        faults.append(Fault(column="subsidies", value=f"{n_funds} funds", expected=f"{_MOST_FUNDS} at most"))
    return faults


def grants(subsidies: Sequence[Subsidy], sites: CandidateSites) -> list[list[Decimal]]:
    """Work out what each subsidy pays for each site.

    Subsidies are taken in their order, and together never pay more than the site costs.

    Returns
    -------
    list of list of Decimal, shape (n_subsidies, n_sites)
        Exact; funds are not looked at.
    """
    given = [[Decimal(0)] * len(sites) for _ in subsidies]
    with localcontext(Context(prec=60)):
        left = [as_decimal(cost) for cost in sites.cost.tolist()]
        for one, row in zip(subsidies, given, strict=True):
            for j, id_ in enumerate(sites.ids):
                chosen = (one.sites is None and one.hosts is None) or id_ in (one.sites or ())
                if chosen or sites.hosts[j] in (one.hosts or ()):
                    whole = as_decimal(one.share) * as_decimal(sites.cost[j]) + as_decimal(one.amount)
                    row[j] = min(whole, as_decimal(one.cap), left[j])
                    left[j] -= row[j]
    return given


def net_costs(subsidies: Sequence[Subsidy], sites: CandidateSites) -> list[Decimal]:
    """Return what each site costs the bureau after subsidies, funds not looked at; exact, 0 or more."""
    with localcontext(Context(prec=60)):
        paid = grants(subsidies, sites)
        return [as_decimal(cost) - sum((row[j] for row in paid), Decimal(0)) for j, cost in enumerate(sites.cost)]


def budget_row(costs: Sequence[Decimal], budget: float) -> SiteRows:
    """Ask that the open sites cost no more than a budget, subsidies already taken off.

    Parameters
    ----------
    costs : sequence of Decimal, length n_sites
    budget : float
    """
    return at_most_row(costs, as_decimal(float(budget)), f"budget {float(budget):.15g}")[0]


def budget_rows(budget: float, subsidies: Sequence[Subsidy], sites: CandidateSites) -> tuple[SiteRows, list[str]]:
    """Ask that what the bureau pays stays within the budget.

    A fund pays the smaller of what its sites would get and what is in it. So the bureau keeps its budget if, whichever
    funds are taken as spent to the last and whichever as untouched by the limit, the sum of costs fits: one row for
    each choice of funds, and exact.

    Parameters
    ----------
    budget : float
    subsidies : sequence of Subsidy
    sites : CandidateSites

    Returns
    -------
    rows : SiteRows
    notes : list of str
        Rows that had to be rounded.

    Raises
    ------
    InputError
        If the budget is no number of 0 or more.
    """
    if isinstance(budget, bool) or not isinstance(budget, (int, float)) or not 0 <= budget < float("inf"):
        raise InputError([Fault(column="budget", value=str(budget), expected="an amount of 0 or more")])
    paid = grants(subsidies, sites)
    costs = [as_decimal(cost) for cost in sites.cost]
    funds = [k for k, one in enumerate(subsidies) if as_decimal(one.fund).is_finite()]
    parts, notes = [], []
    with localcontext(Context(prec=60)):
        for n_spent in range(len(funds) + 1):
            for spent in itertools.combinations(funds, n_spent):
                most = as_decimal(budget) + sum((as_decimal(subsidies[k].fund) for k in spent), Decimal(0))
                counted = [row for k, row in enumerate(paid) if k not in spent]
                factors = [cost - sum((row[j] for row in counted), Decimal(0)) for j, cost in enumerate(costs)]
                names = " and ".join(subsidies[k].name for k in spent)
                label = f"budget {budget:.15g}" + (f", with all of {names} spent" if names else "")
                rows, note = at_most_row(factors, most, label)
                parts.append(rows)
                notes += [note] if note else []
    return stacked(parts), notes
