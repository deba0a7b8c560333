"""Runs the disruption of a scenario alone: draws it, works out what it means, and writes tables and maps."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rescuesim.disruption import Disruptions
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.report.disrupted.answer import answer_by_township, answer_in_language, worst_by_kind
from rescuesim.report.disrupted.map import plot_disruption, plot_disruption_over_time
from rescuesim.report.disrupted.measures import DisruptionMeasures, disruption_measures
from rescuesim.report.disrupted.words import table_in_language
from rescuesim.report.document import write_files, write_json
from rescuesim.report.labels import Lang
from rescuesim.scenario.prepare import Prepared
from rescuesim.scenario.siting_run import check_results_folder

__all__ = ["DISRUPT_FILES", "DisruptOutcome", "disrupt_prepared"]

_TABLES = ("summary", "by_township", "over_time", "overlaps", "villages", "worst_assets")
DISRUPT_FILES = (
    *("disruptions.parquet", "townships.csv", *(f"{name}.csv" for name in _TABLES), "measures.txt", "summary.json"),
    *("map.png", "map_over_time.png"),
)
_DPI = 160
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptOutcome:
    """What the disruption of a scenario means, and what was written.

    Parameters
    ----------
    prepared : Prepared
    disruptions : Disruptions
    measures : DisruptionMeasures
    townships : DataFrame
        The samples summed up by township; see `answer_by_township`.
    summary : dict of str to object
        The content of ``summary.json``.
    notes : tuple of str
        Defaults that were taken.
    files : dict of str to Path
        What was written, by name.
    """

    prepared: Prepared
    disruptions: Disruptions
    measures: DisruptionMeasures
    townships: pd.DataFrame
    summary: dict[str, object]
    notes: tuple[str, ...]
    files: dict[str, Path]


def _quiet(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def disrupt_prepared(
    prepared: Prepared,
    *,
    out: Path | str | None = None,
    workers: int = 1,
    lang: Lang = "zh",
    progress: Progress = _quiet,
) -> DisruptOutcome:
    """Draw the disruption of a scenario, work out what it means for people, and write it.

    Parameters
    ----------
    prepared : Prepared
        Of a scenario with a section ``[disruption]``.
    out : path, optional
        Folder for the files of `DISRUPT_FILES`: all of them are written, at the end, or none.
    workers : int, optional
        Processes that draw; the disruptions do not depend on it.
    lang : {'zh', 'en'}, optional
        Language of tables, words and maps.
    progress : callable, optional
        Called with the stage, the steps done and all steps.

    Returns
    -------
    DisruptOutcome

    Raises
    ------
    InputError
        If the scenario breaks nothing, or no station is open.
    """
    section, drawing = prepared.scenario.disruption, prepared.drawing
    if section is None:
        raise InputError(f"{prepared.scenario.path.name}: expected a section [disruption], or --preset")
    if out is not None:
        check_results_folder(prepared.scenario, Path(out), DISRUPT_FILES)
    took: dict[str, float] = {}
    began = time.perf_counter()
    hits = _draw(prepared, workers, progress)
    took["disruptions_s"] = time.perf_counter() - began
    began = time.perf_counter()
    measures = disruption_measures(
        hits,
        network=prepared.network,
        sites=prepared.sites,
        demand=prepared.demand,
        standard=prepared.standard,
        until_s=section.horizon_h * 3600,
        serves=drawing.serves() if drawing is not None else None,
        snap_limit_m=prepared.scenario.network.snap_limit_m,
        progress=lambda done, total: progress("measures", done, total),
    )
    took["measures_s"] = time.perf_counter() - began
    townships = answer_by_township(measures)
    notes = tuple(dict.fromkeys([*prepared.notes, *hits.notes]))
    summary = _summary(prepared, hits, measures, townships, notes, took)
    files: dict[str, Path] = {}
    if out is not None:
        progress("maps and tables", 0, 1)
        files = _write(Path(out), prepared.network, hits, measures, townships, summary, lang)
        progress("maps and tables", 1, 1)
    return DisruptOutcome(
        prepared=prepared,
        disruptions=hits,
        measures=measures,
        townships=townships,
        summary=summary,
        notes=notes,
        files=files,
    )


def _draw(prepared: Prepared, workers: int, progress: Progress) -> Disruptions:
    """Draw with as many processes as are asked for; what is given needs no drawing."""
    if prepared.drawing is None:
        return Disruptions(disruptions=prepared.disruptions)

    def tell(done: int, total: int) -> None:
        progress("disruptions", done, total)

    tell(0, prepared.drawing.samples)
    if workers == 1:
        return prepared.drawing.draw(progress=tell)
    # processes of their own start: a copy of this one would copy the locks of its threads too
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        return prepared.drawing.draw(executor=pool, progress=tell)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _summary(
    prepared: Prepared,
    hits: Disruptions,
    measures: DisruptionMeasures,
    townships: pd.DataFrame,
    notes: tuple[str, ...],
    took: dict[str, float],
) -> dict[str, object]:
    """Collect what ``summary.json`` holds; everything but ``timings`` repeats to the letter."""
    section = prepared.scenario.disruption
    weights = hits.probability / hits.probability.sum()
    return {
        "scenario": prepared.scenario.name,
        "disruption": section.label if section is not None else "",
        "preset": section.preset if section is not None else None,
        "seed": prepared.drawing.seed if prepared.drawing is not None else None,
        "samples": len(hits),
        "effective_sample_size": hits.effective_sample_size,
        "horizon_h": measures.until_s / 3600,
        "standard": measures.standard,
        "person_hours_lost_mean": float(weights @ measures.summary["person_hours_lost"].to_numpy()),
        "townships": townships.to_dict("records"),
        "worst_assets": worst_by_kind(measures).to_dict("records"),
        "notes": [*notes, *measures.notes],
        "timings": took,
    }


def _write(
    out: Path,
    network: RoadNetwork,
    hits: Disruptions,
    measures: DisruptionMeasures,
    townships: pd.DataFrame,
    summary: dict[str, object],
    lang: Lang,
) -> dict[str, Path]:
    def table(frame: pd.DataFrame) -> Callable[[Path], object]:
        return lambda path: frame.to_csv(path, index=False, encoding="utf-8-sig")

    def one(path: Path) -> None:
        figure = plot_disruption(measures, network, lang=lang).get_figure(root=True)
        assert figure is not None
        figure.savefig(path, dpi=_DPI)

    def several(path: Path) -> None:
        axes: list[Any] = plot_disruption_over_time(measures, network, lang=lang).ravel().tolist()
        axes[0].get_figure(root=True).savefig(path, dpi=_DPI)

    writers: dict[str, Callable[[Path], object]] = {
        "disruptions.parquet": hits.save,
        "townships.csv": table(answer_in_language(townships, lang)),
        **{f"{name}.csv": table(table_in_language(getattr(measures, name), lang)) for name in _TABLES},
        "measures.txt": lambda path: path.write_text(measures.in_words(lang) + "\n", encoding="utf-8"),
        "summary.json": lambda path: write_json(path, summary),
        "map.png": one,
        "map_over_time.png": several,
    }
    return write_files(out, writers)
