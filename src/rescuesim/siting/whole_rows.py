"""Limits on sums of money or people as rows in whole numbers, the one way in which a budget is written.

The rule: a plan keeps a budget if the amounts of its open sites, as the decimals they are written as, sum to no more.
A row in whole numbers says that exactly where all digits fit. Where they do not, factors and bound are rounded down, so
that no plan that keeps the budget is lost, and the row carries the decimals: plans that pass the row and break the
budget are cut off one after the other (`rescuesim.siting.solving`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array

from rescuesim.siting.site_rows import PLACES, AmountLimit, SiteRows
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["as_decimal", "at_most_row", "smallest_float"]

_LARGEST_SUM = NO_BOUND // 8
_SURE_DIGITS, _SHORT_DIGITS = 15, 12  # a float holds any decimal of 15 digits; what sums leave has 16 or 17
_NOISE = 4  # units in the last place of a float that arithmetic with a few steps is off by


def as_decimal(value: float) -> Decimal:
    """Return the decimal number that a float is written as: 0.1 is one tenth.

    What floating-point arithmetic has left at the end of a short decimal is taken off: 0.1 + 0.2 is three tenths.

    Examples
    --------
    >>> as_decimal(0.1) * 3, as_decimal(0.1 + 0.2), as_decimal(123456789.12345678)
    (Decimal('0.3'), Decimal('0.3'), Decimal('123456789.12345678'))
    """
    value = float(value)
    written = Decimal(repr(value))
    if not written.is_finite() or len(written.as_tuple().digits) <= _SURE_DIGITS:
        return written
    short = Context(prec=_SHORT_DIGITS).plus(written)
    return short.normalize() if abs(short - written) <= _NOISE * Decimal(math.ulp(value)) else written


def smallest_float(amount: Decimal) -> float:
    """Return the smallest float that is read as an amount or more.

    Examples
    --------
    >>> smallest_float(Decimal("0.3")), smallest_float(Decimal("0.30000000000000000001")) > 0.3
    (0.3, True)
    """
    value = float(amount)
    while as_decimal(value) < amount:
        value = math.nextafter(value, math.inf)
    return value


def _places(value: Decimal) -> int:
    """Return the number of digits after the point."""
    return -int(value.normalize().as_tuple().exponent)


def at_most_row(amounts: Sequence[Decimal], most: Decimal, label: str) -> tuple[SiteRows, str]:
    """Ask that a sum over the open sites stays within a bound.

    Parameters
    ----------
    amounts : sequence of Decimal, length n_sites
        0 or more each.
    most : Decimal
        0 or more.
    label : str

    Returns
    -------
    rows : SiteRows
        One row; what it is multiplied with stands in ``scales``, and in ``limits`` what is meant if not all digits fit.
    note : str
        Empty, or that there are more digits than fit.

    Examples
    --------
    >>> rows, note = at_most_row([Decimal("0.5"), Decimal("1.25")], Decimal("1.5"), "budget 1.5")
    >>> rows.rows.toarray().tolist(), rows.upper.tolist(), rows.scales, note
    ([[50, 125]], [150], (100.0,), '')
    >>> rows, note = at_most_row([Decimal("1e9"), Decimal("1e-9")], Decimal("1e9"), "budget 1e9")
    >>> bool(rows.kept(np.array([True, True]))), note
    (False, 'budget 1e9: amounts of more digits than one sum holds; plans at its edge are checked digit by digit')
    """
    with localcontext(Context(prec=PLACES)):
        places = max([0, *map(_places, amounts)])
        total = sum(amounts, Decimal(0))
        # the bound's own digits are kept for messages where they fit; without them the row is as exact
        finer = Fraction(10) ** max(places, _places(most))
        fits = (Fraction(total) + Fraction(most)) * finer < _LARGEST_SUM
        scale = finer if fits else Fraction(10) ** places
        while Fraction(total) * scale >= _LARGEST_SUM:
            scale /= 10
        whole = [Fraction(amount) * scale for amount in amounts]
        row = np.array([value.numerator // value.denominator for value in whole], dtype=np.int64)
        bound = Fraction(most) * scale
        upper = min(bound.numerator // bound.denominator, _LARGEST_SUM)
    exact = all(value.denominator == 1 for value in whole)
    rows = SiteRows(
        rows=csr_array(row[None, :]),
        lower=np.array([-NO_BOUND], dtype=np.int64),
        upper=np.array([upper], dtype=np.int64),
        labels=(label,),
        scales=(float(scale),),
        limits=(None if exact else AmountLimit(tuple(amounts), most),),
    )
    longer = "amounts of more digits than one sum holds; plans at its edge are checked digit by digit"
    return rows, "" if exact else f"{label}: {longer}"
