"""What a column of a table may hold."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

__all__ = ["Column", "decimal_degrees", "parse_number"]

_ANY_AMOUNT = 1e7  # a maximum from here on only guards the arithmetic


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column may hold.

    Parameters
    ----------
    name : str
    number : bool
        Whether cells are numbers; text otherwise.
    required : bool
        Whether the column must be there and no cell may be empty.
    minimum, maximum : float
        Bounds of a number, inclusive.
    whole : bool
        Whether numbers must be whole.
    choices : tuple of str
        The words that are allowed; empty if any are. Their Chinese words in ``aliases.toml`` are allowed too.
    aliases : tuple of str
        Headers that mean this column, beside those of ``aliases.toml``.
    """

    name: str
    number: bool = False
    required: bool = False
    minimum: float = -math.inf
    maximum: float = math.inf
    whole: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a cell should hold, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if not self.number:
            return "a text that is not empty"
        words = "a whole number" if self.whole else "a number"
        if self.minimum > -math.inf and _ANY_AMOUNT <= self.maximum < math.inf:
            return f"{words} of {self.minimum:g} or more, at most {self.maximum:g}"
        if self.minimum > -math.inf and self.maximum < math.inf:
            return f"{words} from {self.minimum:g} to {self.maximum:g}"
        if self.minimum > -math.inf:
            return f"{words} of {self.minimum:g} or more"
        return words

    def number_in(self, cell: str) -> float | None:
        """Read a cell that is not empty as a number of this column; None where it is none."""
        try:
            value = parse_number(cell)
        except ValueError:
            return None
        in_range = math.isfinite(value) and self.minimum <= value <= self.maximum
        return value if in_range and (not self.whole or value == int(value)) else None


def parse_number(cell: str) -> float:
    """Read a number as people type it; full-width digits are digits too.

    Raises
    ------
    ValueError
        If the text is no number.
    """
    if "_" in cell:
        raise ValueError(cell)
    return float(cell if cell.isascii() else unicodedata.normalize("NFKC", cell))


_DEGREES = re.compile(
    r"(?P<before>[NSEW]|[东西南北][经纬]?)?\s*(?P<d>\d{1,3})\s*[°º˚度:]\s*"
    r"(?:(?P<m>\d{1,2}(?:\.\d+)?)\s*['′’＇分:]?\s*)?"
    r"(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:[\"″”＂秒]|''|′′)?\s*)?(?P<after>[NSEW]|[东西南北][经纬]?)?",
    re.IGNORECASE,
)


def decimal_degrees(cell: str) -> float | None:
    """Read a text of degrees, minutes and seconds; None if it is none.

    Tables are not read this way: it serves to tell the reader what decimal number to write.

    Examples
    --------
    >>> round(decimal_degrees("119°18′12″"), 6), decimal_degrees("北纬28度30分"), decimal_degrees("119.3")
    (119.303333, 28.5, None)
    """
    found = _DEGREES.fullmatch(cell.strip())
    if found is None:
        return None
    minutes, seconds = float(found["m"] or 0), float(found["s"] or 0)
    if minutes >= 60 or seconds >= 60:
        return None
    south_or_west = any(mark and mark[0].upper() in "SW南西" for mark in (found["before"], found["after"]))
    return (-1 if south_or_west else 1) * (float(found["d"]) + minutes / 60 + seconds / 3600)
