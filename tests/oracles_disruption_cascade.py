"""Brute force for cascades: stores minute by minute, towers and fibres moment by moment, by their definitions."""

from __future__ import annotations

from collections.abc import Sequence

Span = tuple[float, float]


def held(spans: Sequence[Span], at: float) -> bool:
    return any(begin <= at < end for begin, end in spans)


def empty_minutes(
    drained: Sequence[Span], filled: Sequence[Span], store_s: int, gain_s: int, minutes: int
) -> list[bool]:
    """Say for each minute whether the store is empty while it is drawn on, half a second before the middle of it.

    Spans are whole minutes; `gain_s` is what comes in during a minute without draw. All numbers are whole, so that
    nothing is rounded.
    """
    level, said = store_s, []
    for minute in range(minutes):
        at = minute * 60.0
        if held(filled, at):
            level = store_s
            said.append(False)
        elif held(drained, at):
            said.append(level < 30)  # 29.5 s into the minute
            level = max(level - 60, 0)
        else:
            said.append(False)
            level = min(level + gain_s, store_s)
    return said


def truck_minutes(seconds: Sequence[float], starts: Sequence[float], ready_s: float, minutes: int) -> list[bool]:
    """Say for each minute whether a truck can stand there, trying every second minute of departure.

    `seconds` is how long the way takes in each state, `starts` when the states begin.
    """

    def state_at(moment: float) -> int:
        return max(at for at, start in enumerate(starts) if start <= moment)

    said = []
    for minute in range(minutes):
        arrival = minute * 60.0 + 30
        last, slowest = state_at(arrival), seconds[state_at(arrival)]
        # leave early enough for the slowest state met under way, until no more states are met
        while slowest < float("inf"):
            departure = arrival - slowest
            first = state_at(max(departure, 0.0))
            met = max(seconds[first : last + 1])
            if met == slowest:
                break
            slowest = met
        said.append(slowest < float("inf") and arrival - slowest >= ready_s)
    return said
