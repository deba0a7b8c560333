"""TravelConditions: the hour and the weather that travel times are of."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import Fault, InputError, UnknownIdError, nearest_name

__all__ = ["HOUR_CLASSES", "WEATHERS", "TravelConditions", "hour_class"]

WEATHERS = ("dry", "heavy_rain", "ice")
HOUR_CLASSES = ("day", "peak", "night")
_WEATHER_WORDS = {"dry": "干燥路面", "heavy_rain": "暴雨", "ice": "结冰"}
_HOUR_WORDS = {"day": "平峰", "peak": "高峰", "night": "夜间"}


@functools.cache
def _spans() -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the spans of the clock of each class of hours, from inclusive, until exclusive."""

    def span(name: str) -> tuple[float, float]:
        begin, end = (float(word) for word in default(f"travel_hours.{name}").words)
        return begin, end

    return {"peak": (span("peak_morning"), span("peak_evening")), "night": (span("night"),)}


def hour_class(hour: int) -> str:
    """Return the class of an hour of the day: ``peak``, ``night`` or ``day``.

    Parameters
    ----------
    hour : int
        From 0 to 23; 7 stands for 07:00 until 08:00.

    Raises
    ------
    InputError
        If there is no such hour.

    Examples
    --------
    >>> [hour_class(hour) for hour in (6, 7, 8, 9, 18, 21, 22, 5)]
    ['day', 'peak', 'peak', 'day', 'peak', 'day', 'night', 'night']
    """
    if isinstance(hour, bool) or not isinstance(hour, int) or not 0 <= hour < 24:
        raise InputError([Fault(column="hour", value=str(hour), expected="a whole hour from 0 to 23")])
    for name, spans in _spans().items():
        for begin, end in spans:
            if begin <= hour < end or (begin > end and (hour >= begin or hour < end)):
                return name
    return "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelConditions:
    """Hour and weather of a drive.

    Parameters
    ----------
    hour : int or None, optional
        From 0 to 23. None stands for the plain speeds of ``speed_kph``: neither rush hour nor night.
    weather : {'dry', 'heavy_rain', 'ice'}, optional

    Examples
    --------
    >>> TravelConditions(hour=8, weather="heavy_rain").hour_class
    'peak'
    >>> TravelConditions().plain, TravelConditions(hour=12).plain
    (True, False)
    """

    hour: int | None = None
    weather: str = "dry"

    def __post_init__(self) -> None:
        if self.weather not in WEATHERS:
            raise UnknownIdError(f"weather {self.weather!r}: expected {nearest_name(str(self.weather), WEATHERS)}")
        if self.hour is not None:
            hour_class(self.hour)

    @property
    def plain(self) -> bool:
        """Whether these are the conditions of the plain speeds: no hour, dry."""
        return self.hour is None and self.weather == "dry"

    @property
    def hour_class(self) -> str | None:
        """Class of the hour; None without an hour."""
        return None if self.hour is None else hour_class(self.hour)

    def note(self) -> Note:
        """Say which hour and weather the times are of."""
        weather, weather_zh = self.weather.replace("_", " "), _WEATHER_WORDS[self.weather]
        if self.hour is None:
            return Note(
                f"travel times: plain speeds, no hour given (neither rush hour nor night); {weather}",
                f"行车时间：未给定时刻，取基准车速（不计高峰与夜间）；{weather_zh}",
            )
        kind = hour_class(self.hour)
        return Note(
            f"travel times: at {self.hour:02d}:00 ({kind}); {weather}",
            f"行车时间：{self.hour:02d} 时（{_HOUR_WORDS[kind]}）；{weather_zh}",
        )
