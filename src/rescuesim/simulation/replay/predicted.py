"""Predicted stage times beside the recorded ones: a distribution each, and where in it the record falls."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from rescuesim._defaults import default
from rescuesim._streams import keyed_generator
from rescuesim.crew import Lognormal
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.replay.dispatched import Sent
from rescuesim.simulation.replay.recorded import MILESTONES, STAGES, RecordedIncidents
from rescuesim.standard import ResponseStandard

__all__ = ["STAGE_COLUMNS", "WHOLE", "predict_stages"]

WHOLE = {"response": ("arrived", "on_scene"), "to_action": ("arrived", "handling")}
STAGE_COLUMNS = (
    "incident",
    "stage",
    "since",
    "until",
    "recorded_s",
    "predicted_s",
    "low_s",
    "high_s",
    "mean_s",
    "pit",
    "inside_80",
    "step_s",
    "too_coarse",
)
_LOW, _HIGH = 0.1, 0.9
_KEY = 71  # of the draws; part of the key, so never to change


@dataclass(frozen=True, slots=True)
class _Span:
    """A recorded time between two milestones, and the stages that it is made of."""

    stage: str
    since: int
    until: int
    recorded_s: float
    step_s: float


def predict_stages(
    recorded: RecordedIncidents,
    sent: Sequence[Sent],
    fleet: Fleet,
    standard: ResponseStandard,
    on_scene: Mapping[str, Lognormal],
    *,
    seed: int,
) -> pd.DataFrame:
    """Predict every time that is recorded.

    A stage is predicted from its own beginning, so an error in one stage is not counted again in the next; the whole,
    from the ring to the arrival and to the first action, is the sum of its stages.

    Parameters
    ----------
    recorded : RecordedIncidents
    sent : sequence of Sent, length n
    fleet : Fleet
    standard : ResponseStandard
    on_scene : mapping of str to Lognormal
        By call type.
    seed : int
        Of the draws of the sums.

    Returns
    -------
    DataFrame
        One row a recorded time: `STAGE_COLUMNS`. A record stands for the times that are written so, half a step to
        either side: ``pit`` is the mean of the model's distribution function at both ends, ``inside_80`` the share of
        them between P10 and P90; ``too_coarse`` where times are written too roughly to judge the stage.
    """
    normal = _normal_draws(len(STAGES), seed)
    rows = []
    for at, one in enumerate(sent):
        laws = stage_laws(recorded, at, one, fleet, standard, on_scene)
        for span in _spans(recorded, at):
            parts = [laws[stage] for stage in range(span.since, span.until)]
            some = [law for law in parts if law is not None]
            if len(some) == len(parts):
                rows.append(_row(at, span, some, normal[:, span.since : span.until]))
    return pd.DataFrame(rows, columns=list(STAGE_COLUMNS))


def _normal_draws(n: int, seed: int) -> NDArray[np.float64]:
    """Draw standard normal numbers, one in each equally likely slice (Latin hypercube); shape (draws, n)."""
    size = int(default("replay.draws").number)
    generator = keyed_generator(seed, _KEY)
    return np.column_stack([ndtri((generator.permutation(size) + 0.5) / size) for _ in range(n)])


def stage_laws(
    recorded: RecordedIncidents,
    at: int,
    sent: Sent,
    fleet: Fleet,
    standard: ResponseStandard,
    on_scene: Mapping[str, Lognormal],
) -> list[Lognormal | None]:
    """Return what the model says of each stage of an incident; None where it says nothing."""
    chain, type_ = standard.chain, recorded.types[at]
    crew = fleet.units[sent.unit].crew if sent.unit >= 0 else None
    drive = None
    if sent.unit >= 0 and math.isfinite(sent.drive_s):
        factor = chain["variation"]
        drive = Lognormal(median=sent.drive_s * factor.median, p90=sent.drive_s * factor.p90)
    return [
        chain["answering"],
        chain["order"],
        None if crew is None else crew.turnout[sent.shift],
        drive,
        chain["set_up"],
        on_scene.get(type_),
    ]


def _spans(recorded: RecordedIncidents, at: int) -> list[_Span]:
    """List what is recorded of an incident: stages, stages that are recorded as one, and the whole."""
    moments, stages, steps = recorded.moment_s[at], recorded.stage_s[at], recorded.step_s
    found = [
        _Span(name, stage, stage + 1, float(stages[stage]), float(steps[stage]))
        for stage, name in enumerate(STAGES)
        if not math.isnan(stages[stage])
    ]
    known = [k for k in range(len(MILESTONES)) if not math.isnan(moments[k])]
    for before, after in itertools.pairwise(known):
        if after > before + 1:
            name = " + ".join(STAGES[before:after])
            found.append(
                _Span(name, before, after, float(moments[after] - moments[before]), float(steps[before:after].max()))
            )
    found.sort(key=lambda span: (span.since, span.until))
    for name, (_, until) in WHOLE.items():
        end = MILESTONES.index(until)
        if end in known and not any(span.since == 0 and span.until == end for span in found):
            found.append(_Span(name, 0, end, float(moments[end] - moments[0]), float(steps[:end].max())))
    return found


def _row(at: int, span: _Span, parts: Sequence[Lognormal], normal: NDArray[np.float64]) -> tuple[object, ...]:
    ends = np.array([max(span.recorded_s - span.step_s / 2, 0.0), span.recorded_s + span.step_s / 2])
    if len(parts) == 1:
        law = parts[0]
        low, middle, high = (law.quantile(q) for q in (_LOW, 0.5, _HIGH))
        pit, mean = float(law.cdf(ends).mean()), law.mean
    else:
        drawn = sum((law.from_normal(normal[:, k]) for k, law in enumerate(parts)), np.zeros(len(normal)))
        low, middle, high = (float(q) for q in np.quantile(drawn, (_LOW, 0.5, _HIGH)))
        pit = float((drawn[:, np.newaxis] <= ends).mean())
        mean = float(drawn.mean())
    inside = max(min(float(ends[1]), high) - max(float(ends[0]), low), 0.0) / float(ends[1] - ends[0])
    since, until = MILESTONES[span.since], MILESTONES[span.until]
    coarse = span.step_s > 1 and middle < 2 * span.step_s
    return at, span.stage, since, until, span.recorded_s, middle, low, high, mean, pit, inside, span.step_s, coarse
