"""Suggested calibration: what the records say of the model's distributions, and how far that can be trusted.

A record is compared with the median that the model has for it, so incidents of different lengths can be put together:
the logarithm of the ratio is normal if the model's lognormal is right, around 0 if its median is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtr, chdtrc, stdtr, stdtrit

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.overrides import Overrides

__all__ = ["Suggestion", "holm", "overrides_text", "shrunk", "suggestions"]

_Z90 = 1.2815515655446004
_OF_CHAIN = {"answering": "answering", "order": "order", "set_up": "set_up", "travel": "variation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the records say of one distribution of the model.

    Attributes
    ----------
    key : tuple of str
        As in a file of overrides: ``("turnout", "brigade", "night")``, ``("chain", "order")``, ``("on_scene", "fire")``
        or ``("time_factor", "tertiary")``.
    n : int
        Recorded times.
    factor, low, high : float
        Recorded over modelled median, and its 95 % interval by the records alone.
    spread : float
        Recorded over modelled standard deviation of the logarithm; NaN where the model has none, and of road classes.
    p_median, p_spread : float
        Chance of a difference this great or greater where there is none, adjusted for all that were looked for (Holm).
    now, suggested : Lognormal
        What the model had, and that shrunk towards it by ``replay.default_counts_as``; of road classes the factor.
    differs : bool
        Whether the data can tell that the model is off.
    """

    key: tuple[str, ...]
    n: int
    factor: float
    low: float
    high: float
    spread: float
    p_median: float
    p_spread: float
    now: Lognormal
    suggested: Lognormal
    differs: bool = False

    @property
    def name(self) -> str:
        """The key with points."""
        return ".".join(self.key)


def shrunk(logs: NDArray[np.float64], now: Lognormal, *, counts_as: float) -> Lognormal:
    """Fit a lognormal to logs of recorded over modelled times, shrunk towards the model's.

    Parameters
    ----------
    logs : ndarray of float64, shape (n,)
    now : Lognormal
        The model's, above 0.
    counts_as : float
        The model's counts as much as so many records, in the mean and in the variance.

    Returns
    -------
    Lognormal

    References
    ----------
    Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, 3rd edition, section 3.3: the
    conjugate prior of a normal with unknown mean and variance; here the posterior mean and the posterior scale.

    Examples
    --------
    >>> now = Lognormal(median=60.0, p90=60.0 * np.exp(1.2815515655446004 * 0.3))
    >>> made = shrunk(np.full(15, np.log(1.4)), now, counts_as=5)
    >>> round(made.median / now.median, 3)
    1.287
    """
    size, mean = len(logs), float(logs.mean())
    total = counts_as + size
    middle = size * mean / total
    squares = float(((logs - mean) ** 2).sum()) + counts_as * size / total * mean**2
    variance = (counts_as * now.sigma**2 + squares) / (counts_as + size)
    median = now.median * math.exp(middle)
    return Lognormal(median=median, p90=median * math.exp(_Z90 * math.sqrt(variance)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust chances for their number (Holm 1979, Scandinavian Journal of Statistics 6, 65-70).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    made, least = [1.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        least = max(least, min((len(p_values) - rank) * p_values[at], 1.0))
        made[at] = least
    return made


def suggestions(
    stages: pd.DataFrame, now: Mapping[tuple[str, ...], Lognormal], roads: Sequence[Suggestion] = ()
) -> tuple[tuple[Suggestion, ...], dict[tuple[str, ...], int]]:
    """Compare the records with every distribution of the model that they bear on.

    Parameters
    ----------
    stages : DataFrame
        As of `Replay`.
    now : mapping of tuple of str to Lognormal
        What the model has, by key.
    roads : sequence of Suggestion
        Of road classes, with chances that are not adjusted yet.

    Returns
    -------
    suggestions : tuple of Suggestion
    few : dict of tuple of str to int
        Recorded times by key, where there are fewer than ``replay.least_incidents``.
    """
    least = int(default("replay.least_incidents").number)
    made, few = [], {}
    for key, logs in _logs_by_key(stages).items():
        if len(logs) < least:
            few[key] = len(logs)
        elif key in now and now[key].median > 0:
            made.append(_suggestion(key, logs, now[key]))
    every = [*made, *roads]
    chances = [p for one in every for p in (one.p_median, one.p_spread) if not math.isnan(p)]
    adjusted = iter(holm(chances))
    level = default("replay.significance").number
    told = []
    for one in every:
        median, spread = (next(adjusted) if not math.isnan(p) else p for p in (one.p_median, one.p_spread))
        told.append(replace(one, p_median=median, p_spread=spread, differs=median < level or spread < level))
    return tuple(_drives_once(told)), few


def _drives_once(told: list[Suggestion]) -> list[Suggestion]:
    """Let slow drives be mended once: by road classes where they can be told, else by the factor on every drive."""
    classes = any(one.differs for one in told if one.key[0] == "time_factor")
    made = []
    for one in told:
        if one.key[0] == "time_factor":
            made.append(replace(one, differs=classes))  # the factors of the classes were fitted together
        elif one.key == ("chain", "variation") and classes:
            made.append(replace(one, differs=False))
        else:
            made.append(one)
    return made


def _logs_by_key(stages: pd.DataFrame) -> dict[tuple[str, ...], NDArray[np.float64]]:
    """Return the logs of recorded over predicted medians; times of 0 count as half of the step of the record."""
    usable = stages[~stages["too_coarse"] & (stages["predicted_s"] > 0)]
    recorded = np.maximum(usable["recorded_s"], usable["step_s"] / 2)
    logs = np.log(recorded / usable["predicted_s"])
    known = usable["by"] == "record"  # else whose time it is is not known
    found: dict[tuple[str, ...], NDArray[np.float64]] = {}
    turnout, cleared = known & (usable["stage"] == "turnout"), usable["stage"] == "on_scene"
    for (crew, shift), part in logs[turnout].groupby([usable["crew"], usable["shift"]]):
        found["turnout", str(crew), str(shift)] = part.to_numpy(dtype=np.float64)
    for type_, part in logs[cleared].groupby(usable["type"]):
        found["on_scene", str(type_)] = part.to_numpy(dtype=np.float64)
    for stage, name in _OF_CHAIN.items():
        some = (usable["stage"] == stage) & (known | (stage != "travel"))
        if some.any():
            found["chain", name] = logs[some].to_numpy(dtype=np.float64)
    return dict(sorted(found.items()))


def _suggestion(key: tuple[str, ...], logs: NDArray[np.float64], now: Lognormal) -> Suggestion:
    size, mean, sd = len(logs), float(logs.mean()), float(logs.std(ddof=1))
    error = max(sd, 1e-12) / math.sqrt(size)
    half = float(stdtrit(size - 1, 0.975)) * error
    p_spread = math.nan
    if now.sigma > 0:
        ratio = (size - 1) * sd**2 / now.sigma**2
        p_spread = min(2 * min(float(chdtr(size - 1, ratio)), float(chdtrc(size - 1, ratio))), 1.0)
    return Suggestion(
        key=key,
        n=size,
        factor=math.exp(mean),
        low=math.exp(mean - half),
        high=math.exp(mean + half),
        spread=sd / now.sigma if now.sigma > 0 else math.nan,
        p_median=2 * float(stdtr(size - 1, -abs(mean) / error)),
        p_spread=p_spread,
        now=now,
        suggested=shrunk(logs, now, counts_as=default("replay.default_counts_as").number),
    )


def as_overrides(made: Sequence[Suggestion], base: Overrides) -> Overrides:
    """Put what the data can tell into overrides, on top of those that the model had."""
    turnout = {crew: dict(by_shift) for crew, by_shift in base.turnout.items()}
    chain, on_scene, factors = dict(base.chain), dict(base.on_scene), dict(base.time_factor)
    for one in made:
        if not one.differs:
            continue
        law = Lognormal(
            median=_rounded(one.suggested.median), p90=max(_rounded(one.suggested.p90), _rounded(one.suggested.median))
        )
        if one.key[0] == "turnout":
            turnout.setdefault(one.key[1], {})[one.key[2]] = law
        elif one.key[0] == "chain":
            chain[one.key[1]] = law
        elif one.key[0] == "on_scene":
            on_scene[one.key[1]] = law
        else:  # the model's roads had the factor of the base already
            factors[one.key[1]] = round(factors.get(one.key[1], 1.0) * one.suggested.median, 3)
    return Overrides(turnout=turnout, chain=chain, on_scene=on_scene, time_factor=factors)


def _rounded(value: float) -> float:
    return round(value, 3) if value < 10 else round(value, 1)


def overrides_text(made: Sequence[Suggestion], base: Overrides, head: Sequence[str]) -> str:
    """Write the suggestion as a file of overrides; what the data cannot tell stands there as a comment.

    Parameters
    ----------
    made : sequence of Suggestion
    base : Overrides
        What the model had from such a file already; kept.
    head : sequence of str
        Comments at the top.
    """
    found, said = as_overrides(made, base), {one.key: one for one in made}
    lines = [f"# {line}" for line in head]
    laws: dict[tuple[str, ...], Lognormal] = {
        **{("turnout", crew, shift): law for crew, some in found.turnout.items() for shift, law in some.items()},
        **{("chain", part): law for part, law in found.chain.items()},
        **{("on_scene", type_): law for type_, law in found.on_scene.items()},
    }
    for key, law in laws.items():
        lines += ["", f"[{'.'.join(key)}]", *_comment(said.get(key)), f"median = {law.median:g}", f"p90 = {law.p90:g}"]
    if found.time_factor:
        lines += ["", "[time_factor]  # on the driving time, by road class"]
        for name, factor in found.time_factor.items():
            own = said.get(("time_factor", name))
            lines.append(f"{name} = {factor:g}" + ("" if own is None else f"  {_comment(own)[0]}"))
    same = [one for one in made if not one.differs]
    if same:
        lines += ["", "# no difference that these records can tell / 现有记录看不出差别："]
        lines += [f"#   {one.name}: {_comment(one)[0].removeprefix('# ')}" for one in same]
    return "\n".join(lines) + "\n"


def _comment(one: Suggestion | None) -> list[str]:
    if one is None:
        return ["# kept from the overrides in force / 沿用现有修正"]
    unit = "drives" if one.key[0] == "time_factor" else "records"
    return [
        f"# n = {one.n} {unit}; recorded / modelled {one.factor:.2f} ({one.low:.2f} to {one.high:.2f}); "
        f"median {one.now.median:g}, P90 {one.now.p90:.4g} before"
    ]
