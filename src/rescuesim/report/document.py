"""Writes the report: the tables, the map figure and the page."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from rescuesim.errors import DataFileError

if TYPE_CHECKING:
    from rescuesim.network import RoadNetwork
    from rescuesim.report.comparison import Comparison
    from rescuesim.report.labels import Lang

__all__ = [
    "check_folder",
    "comparison_rows",
    "json_text",
    "report_writers",
    "write_files",
    "write_json",
    "write_report",
]


def comparison_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the headline figures and their differences as one long table.

    Returns
    -------
    DataFrame
        ``table, condition, plan, baseline, figure, counted, value, low, high, n``.
    """
    head = comparison.headline.assign(table="headline", baseline="")
    gain = comparison.differences.rename(columns={"difference": "value", "replications": "n"}).assign(
        table="difference"
    )
    columns = ["table", "condition", "plan", "baseline", "figure", "counted", "value", "low", "high", "n"]
    parts = [part[columns] for part in (head, gain) if len(part)]
    return pd.concat(parts, ignore_index=True)


def check_folder(out: Path) -> None:
    """Make a folder for results, or say why it cannot be.

    Raises
    ------
    DataFileError
        If it is a file, or cannot be made or written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise DataFileError(f"{out}: expected a folder that can be written to; {error.strerror}") from None


def write_files(out: Path, writers: Mapping[str, Callable[[Path], object]]) -> dict[str, Path]:
    """Write a set of files together: all of them, or none where one cannot be made.

    Parameters
    ----------
    out : Path
        Folder; made if absent.
    writers : mapping of str to callable
        By file name, what writes it to the path it is given.

    Returns
    -------
    dict of str to Path
    """
    check_folder(out)
    folder = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
    try:
        for name, write in writers.items():
            write(folder / name)
        for name in writers:
            (folder / name).replace(out / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {name: out / name for name in writers}


def write_report(
    comparison: Comparison,
    out: Path | str,
    *,
    network: RoadNetwork | None = None,
    title: str = "rescuesim",
    closed_roads: Mapping[str, Sequence[int]] | None = None,
    lang: Lang = "en",
    facts: Sequence[str] = (),
    extra_notes: Sequence[str] = (),
    force: Mapping[str, pd.DataFrame] | None = None,
    simulated: Sequence[str] = (),
) -> dict[str, Path]:
    """Write what a comparison says for people to read.

    Parameters
    ----------
    comparison : Comparison
    out : path
        Folder.
    network : RoadNetwork, optional
        Draws the map figure and the page; only the table is written without it.
    title : str, optional
    closed_roads : mapping of str to sequence of int, optional
        By condition, the roads to draw as closed.
    lang : {'zh', 'en'}, optional
    facts : sequence of str, optional
        Said under the title, such as what the siting found.
    extra_notes : sequence of str, optional
        Said at the end of the page.
    force : mapping of str to DataFrame, optional
        By plan, its people by site and shift, as `rescuesim.siting.force.force_composition` makes it.
    simulated : sequence of str, optional
        What was simulated, in words; stands below the response standard.

    Returns
    -------
    dict of str to Path
        ``comparison.csv`` and, with a network, ``map.png`` and ``report.html``.
    """
    return write_files(
        Path(out),
        report_writers(
            comparison,
            network=network,
            title=title,
            closed_roads=closed_roads or {},
            lang=lang,
            facts=facts,
            extra_notes=extra_notes,
            force=force,
            simulated=simulated,
        ),
    )


def report_writers(
    comparison: Comparison,
    *,
    network: RoadNetwork | None,
    title: str,
    closed_roads: Mapping[str, Sequence[int]],
    lang: Lang,
    facts: Sequence[str],
    extra_notes: Sequence[str],
    force: Mapping[str, pd.DataFrame] | None = None,
    simulated: Sequence[str] = (),
) -> dict[str, Callable[[Path], None]]:
    """Return what writes each file of the report, by its name."""
    writers: dict[str, Callable[[Path], None]] = {
        "comparison.csv": lambda path: comparison_rows(comparison).to_csv(path, index=False, encoding="utf-8-sig")
    }
    if network is not None:
        from rescuesim.report.figures import write_map_png
        from rescuesim.report.map_page import write_page

        writers["map.png"] = lambda path: write_map_png(comparison, network, path, closed_roads=closed_roads, lang=lang)
        writers["report.html"] = lambda path: write_page(
            comparison,
            network,
            path,
            title=title,
            closed_roads=closed_roads,
            lang=lang,
            definition=comparison.definition(lang=lang),
            facts=tuple(facts),
            extra_notes=tuple(extra_notes),
            force=force,
            simulated=simulated,
        )
    return writers


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON that every reader takes: no NaN, no infinity, text as it is."""
    path.write_text(json_text(content) + "\n", encoding="utf-8")


def json_text(content: Mapping[str, object]) -> str:
    """Return JSON text in which what is not finite is null."""
    return json.dumps(_plain(content), ensure_ascii=False, indent=1, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
