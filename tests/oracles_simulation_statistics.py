"""Direct computations that the statistics of the report are held against; nothing here comes from the library."""

from __future__ import annotations

import math


def mser5_cut(values: list[float]) -> tuple[int, list[float]]:
    """Cut of MSER-5 in observations, and the score of every cut, by summing each tail anew."""
    batches = [sum(values[at : at + 5]) / 5 for at in range(0, len(values) - len(values) % 5, 5)]
    scores = []
    for cut in range(len(batches)):
        tail = batches[cut:]
        mean = math.fsum(tail) / len(tail)
        scores.append(math.fsum((value - mean) ** 2 for value in tail) / len(tail) ** 2)
    allowed = scores[: len(batches) - 5]
    return 5 * allowed.index(min(allowed)), scores


def mean_going_on(spells: list[tuple[float, float]], begin: float, end: float) -> float:
    """Average number of spells going on between two moments."""
    spent = 0.0
    for since, until in spells:
        stop = end if math.isnan(until) else until
        spent += max(0.0, min(stop, end) - max(since, begin))
    return spent / (end - begin)


def left_out_error(kept: list[float], calls: list[float]) -> float:
    """Jackknife standard error of the pooled share, in plain Python."""
    n = len(kept)
    shares = []
    for out in range(n):
        good = sum(value for row, value in enumerate(kept) if row != out)
        all_ = sum(value for row, value in enumerate(calls) if row != out)
        shares.append(good / all_)
    mean = sum(shares) / n
    return math.sqrt((n - 1) / n * sum((share - mean) ** 2 for share in shares))


def moving_average(rows: list[list[float]], window: int) -> list[float]:
    """Welch's curve by its definition, one point after the other."""
    length = len(rows[0])
    mean = [sum(row[at] for row in rows) / len(rows) for at in range(length)]
    curve = []
    for at in range(length - window):
        reach = min(at, window)
        some = mean[at - reach : at + reach + 1]
        curve.append(sum(some) / len(some))
    return curve


def binding(kept: list[list[bool]]) -> int:
    """Stage that, if lifted alone, would have the most calls kept; ties by misses, then the earlier."""

    def in_time(lifted: int | None) -> int:
        return sum(
            all(kept[stage][call] or stage == lifted for stage in range(len(kept))) for call in range(len(kept[0]))
        )

    now = in_time(None)
    best = -1
    for stage in range(len(kept)):
        missed = kept[stage].count(False)
        score = (in_time(stage) - now, missed)
        if missed and (best < 0 or score > (in_time(best) - now, kept[best].count(False))):
            best = stage
    return best
