"""Moments and times of day as people write them in tables."""

from __future__ import annotations

import datetime
import re
import unicodedata

__all__ = ["clock_in", "has_seconds", "moment_in"]

_CLOCK = r"(\d{1,2})\s*[:时点]\s*(?:(\d{1,2})\s*分?)?(?:\s*:?\s*(\d{1,2}(?:\.\d+)?)\s*秒?)?"
_MOMENT = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?[T\s]*" + _CLOCK)
_TIME_OF_DAY = re.compile(_CLOCK)


def moment_in(cell: str) -> datetime.datetime | None:
    """Read a day with a time of day; None if the text is none.

    Examples
    --------
    >>> moment_in("2023年5月1日 8时30分"), moment_in("2023-05-01"), moment_in("2023-02-30 08:00")
    (datetime.datetime(2023, 5, 1, 8, 30), None, None)
    """
    found = _MOMENT.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups()[:3])
    seconds = _seconds(found.groups()[3:])
    try:
        midnight = datetime.datetime(year, month, day)
    except ValueError:
        return None
    return None if seconds is None else midnight + datetime.timedelta(seconds=seconds)


def clock_in(cell: str) -> float | None:
    """Read a time of day as seconds after midnight; None if the text is none.

    Examples
    --------
    >>> clock_in("8:30"), clock_in("8时30分15秒"), clock_in("25:00")
    (30600.0, 30615.0, None)
    """
    found = _TIME_OF_DAY.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    return None if found is None else _seconds(found.groups())


def has_seconds(cell: str) -> bool:
    """Whether a moment or a time of day is written with seconds other than 0.

    Examples
    --------
    >>> has_seconds("2023-05-01 08:30:15"), has_seconds("8:30:00"), has_seconds("8:30")
    (True, False, False)
    """
    found = re.search(_CLOCK + r"$", unicodedata.normalize("NFKC", cell).strip())
    return found is not None and float(found[3] or 0) != 0


def _seconds(parts: tuple[str | None, ...]) -> float | None:
    hour, minute, second = int(parts[0] or 0), int(parts[1] or 0), float(parts[2] or 0)
    return hour * 3600.0 + minute * 60.0 + second if hour < 24 and minute < 60 and second < 60 else None
