"""Conditions on sums of money or people as rows in whole numbers: exact where decimals allow, else on the safe side."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array

from rescuesim.siting.site_rows import SiteRows
from rescuesim.solver.binary_program import NO_BOUND

__all__ = ["as_decimal", "at_most_row"]

_LARGEST_SUM = NO_BOUND // 8
_PLACES = 60  # digits that sums and products of costs are kept to
_FINEST = Decimal("1e-6")  # of an amount; what lies below is what floating-point arithmetic left


def as_decimal(value: float) -> Decimal:
    """Return the decimal number that a float is written as: 0.1 is one tenth.

    Examples
    --------
    >>> as_decimal(0.1) * 3
    Decimal('0.3')
    """
    return Decimal(repr(float(value)))


def _places(value: Decimal) -> int:
    """Return the number of digits after the point."""
    return -int(value.normalize().as_tuple().exponent)


def _without_noise(value: Decimal) -> Decimal:
    """Round an amount to a millionth."""
    return value if _places(value) <= -_FINEST.adjusted() else value.quantize(_FINEST)


def at_most_row(factors: Sequence[Decimal], most: Decimal, label: str) -> tuple[SiteRows, str]:
    """Ask that a sum over the open sites stays within a bound.

    Parameters
    ----------
    factors : sequence of Decimal, length n_sites
        0 or more each.
    most : Decimal
        0 or more.
    label : str

    Returns
    -------
    rows : SiteRows
        One row; what it is multiplied with stands in ``scales``. Amounts are read to a millionth.
    note : str
        Empty if the row is exact. Else what is rounded: factors up, the bound down, so that no plan passes that
        breaks the condition.

    Examples
    --------
    >>> rows, note = at_most_row([Decimal("0.5"), Decimal("1.25")], Decimal("1.5"), "budget 1.5")
    >>> rows.rows.toarray().tolist(), rows.upper.tolist(), rows.scales, note
    ([[50, 125]], [150], (100.0,), '')
    """
    with localcontext(Context(prec=_PLACES)):
        given, factors = factors, [_without_noise(factor) for factor in factors]
        rounded = any(abs(old - new) > Decimal("1e-12") * old for old, new in zip(given, factors, strict=True))
        # no plan that keeps the bound is refused because its amounts were rounded up
        more = sum((max(new - old, Decimal(0)) for old, new in zip(given, factors, strict=True)), Decimal(0))
        most = _without_noise(most + more)
        places = max([0, *map(_places, factors)])
        total = sum(factors, Decimal(0))
        # the bound's own digits are kept for messages where they fit; without them the row is as exact
        finer = Fraction(10) ** max(places, _places(most))
        fits = (Fraction(total) + Fraction(most)) * finer + len(factors) < _LARGEST_SUM
        scale = finer if fits else Fraction(10) ** places
        exact = True
        while Fraction(total) * scale + len(factors) >= _LARGEST_SUM:
            scale, exact = scale / 10, False
        whole = [Fraction(factor) * scale for factor in factors]
        row = np.array([-(-value.numerator // value.denominator) for value in whole], dtype=np.int64)
        bound = Fraction(most) * scale
        upper = min(bound.numerator // bound.denominator, _LARGEST_SUM)
    exact = exact or all(value.denominator == 1 for value in whole)
    note = f"{label}: amounts rounded to {_FINEST:f}" if rounded else ""
    note = note if exact else f"{label}: amounts rounded up to whole {float(1 / scale):g}, the bound down"
    rows = SiteRows(
        rows=csr_array(row[None, :]),
        lower=np.array([-NO_BOUND], dtype=np.int64),
        upper=np.array([upper], dtype=np.int64),
        labels=(label,),
        scales=(float(scale),),
    )
    return rows, note
