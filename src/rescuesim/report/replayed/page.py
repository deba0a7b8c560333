"""The page of a replay: one HTML file that opens without a network."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rescuesim._words import CREW_WORDS, in_language
from rescuesim.report.document import write_files, write_json
from rescuesim.report.labels import Lang, language
from rescuesim.report.replayed.words import (
    duration_words,
    findings,
    group_words,
    head_words,
    limits,
    stage_words,
    suggestion_words,
    table_words,
)
from rescuesim.simulation.replay import Replay

__all__ = ["REPLAY_FILES", "replay_summary", "write_replay"]

REPLAY_FILES = (
    *("replay.html", "calibration.toml", "incidents.csv", "stage_times.csv", "errors.csv"),
    *("worst.csv", "left_out.csv", "summary.json"),
)


def write_replay(replay: Replay, out: Path | str, *, lang: Lang = "zh", title: str = "") -> dict[str, Path]:
    """Write what a replay found: the page, the tables and the suggested calibration; all of it or nothing.

    Parameters
    ----------
    replay : Replay
    out : path
        Folder; made if absent.
    lang : {'zh', 'en'}, optional
    title : str, optional

    Returns
    -------
    dict of str to Path
        What was written, by the names of `REPLAY_FILES`.
    """
    lang = language(lang)

    def table(frame: pd.DataFrame) -> Callable[[Path], object]:
        return lambda path: table_words(frame, lang).to_csv(path, index=False, encoding="utf-8-sig")

    left = pd.DataFrame(
        [(one.row, one.id, one.why_zh if lang == "zh" else one.why) for one in replay.left_out],
        columns=["row", "id", "left_out_why"],
    )
    writers: dict[str, Callable[[Path], object]] = {
        "replay.html": lambda path: path.write_text(_page(replay, lang, title), encoding="utf-8"),
        "calibration.toml": lambda path: path.write_text(replay.overrides_toml(), encoding="utf-8"),
        "incidents.csv": table(replay.incidents),
        "stage_times.csv": table(replay.stages),
        "errors.csv": table(replay.errors),
        "worst.csv": table(replay.worst),
        "left_out.csv": table(left),
        "summary.json": lambda path: write_json(path, replay_summary(replay)),
    }
    return write_files(Path(out), writers)


def replay_summary(replay: Replay) -> dict[str, object]:
    """Return the figures of a replay as plain values."""
    return {
        "incidents": len(replay.incidents),
        "first": replay.first,
        "last": replay.last,
        "recorded_times": len(replay.stages),
        "left_out": [{"row": one.row, "id": one.id, "why": one.why} for one in replay.left_out],
        "errors": replay.errors.to_dict("records"),
        "suggestions": [
            {
                "name": one.name,
                "n": one.n,
                "recorded_over_modelled": one.factor,
                "low": one.low,
                "high": one.high,
                "p_median": one.p_median,
                "p_spread": one.p_spread,
                "differs": one.differs,
                "median_before": one.now.median,
                "p90_before": one.now.p90,
                "median": one.suggested.median,
                "p90": one.suggested.p90,
            }
            for one in replay.suggestions
        ],
        "too_few": {".".join(key): n for key, n in replay.few.items()},
        "notes": [str(note) for note in replay.notes],
    }


def _page(replay: Replay, lang: Lang, title: str) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folder = Path(__file__).parents[1] / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    zh = lang == "zh"
    return environment.get_template("replay.html.j2").render(
        lang=lang,
        zh=zh,
        title=(f"{title} — " if title else "")
        + ("警情回放：记录与模型" if zh else "incidents replayed, records and model"),
        css=Markup((folder / "report.css").read_text(encoding="utf-8")),
        head=head_words(replay, lang),
        findings=findings(replay, lang),
        whole=_error_rows(replay.errors, lang, by_crew=False, by_hours=False),
        by_crew=_error_rows(replay.errors, lang, by_crew=True, by_hours=False),
        by_hours=_error_rows(replay.errors, lang, by_crew=False, by_hours=True),
        worst=_worst_rows(replay, lang),
        suggestions=_suggestion_rows(replay, lang),
        left_out=[(one.row, one.id, one.why_zh if zh else one.why) for one in replay.left_out],
        limits=limits(replay, lang),
        notes=[in_language(note, lang) for note in replay.notes],
    )


def _error_rows(errors: pd.DataFrame, lang: Lang, *, by_crew: bool, by_hours: bool) -> list[list[str]]:
    """Return the cells of the errors: of all incidents, by crew and shift, or by shift and time of day."""
    crew, shift, hours = (errors[name] != "" for name in ("crew", "shift", "hours"))
    if by_crew:
        chosen = errors[crew]
    elif by_hours:
        chosen = errors[~crew & (shift | hours)]
    else:
        chosen = errors[~crew & ~shift & ~hours]
    rows = []
    for row in chosen.to_dict("records"):
        rows.append(
            [
                stage_words(row["stage"], lang),
                group_words(row["crew"], row["shift"], row["hours"], lang),
                str(row["n"]),
                duration_words(row["recorded_median_s"], lang),
                duration_words(row["predicted_median_s"], lang),
                _between(row, "bias", lang),
                _between(row, "mae", lang),
                f"{row['inside_80']:.0%} ({row['inside_80_low']:.0%}–{row['inside_80_high']:.0%})",
            ]
        )
    return rows


def _between(row: Mapping[Hashable, Any], name: str, lang: Lang) -> str:
    seconds = [float(row[f"{name}{end}_s"]) for end in ("", "_low", "_high")]
    value, low, high = (duration_words(one, lang, like=max(map(abs, seconds))) for one in seconds)
    return f"{value} ({low} … {high})"


def _worst_rows(replay: Replay, lang: Lang) -> list[list[str]]:
    nothing = "记录中看不出原因" if lang == "zh" else "nothing in the records says why"
    rows = []
    for row in replay.worst.to_dict("records"):
        incident = replay.incidents.loc[row["incident"]]
        crew = CREW_WORDS.get(incident["crew"], (incident["crew"],) * 2)[0 if lang == "zh" else 1]
        rows.append(
            [
                f"{row['row']} ({row['id']})",
                f"{incident['time']:%Y-%m-%d %H:%M}",
                str(incident["place"]),
                f"{incident['site']} {crew}",
                stage_words(row["stage"], lang),
                duration_words(row["recorded_s"], lang),
                f"{duration_words(row['low_s'], lang)} … {duration_words(row['high_s'], lang)}",
                "; ".join(in_language(one, lang) for one in row["why"]) or nothing,
            ]
        )
    return rows


def _suggestion_rows(replay: Replay, lang: Lang) -> list[list[str]]:
    rows = []
    for one in replay.suggestions:
        is_factor = one.key[0] == "time_factor" or one.key == ("chain", "variation")

        def shown(value: float, factor: bool = is_factor) -> str:
            return f"{value:.2f}" if factor else duration_words(value, lang)

        said = (
            ("是" if lang == "zh" else "yes")
            if one.differs
            else ("看不出差别" if lang == "zh" else "no difference told")
        )
        rows.append(
            [
                suggestion_words(one.key, lang),
                str(one.n),
                f"{one.factor:.2f} ({one.low:.2f}–{one.high:.2f})",
                f"{shown(one.now.median)} / {shown(one.now.p90)}",
                f"{shown(one.suggested.median)} / {shown(one.suggested.p90)}",
                said,
            ]
        )
    return rows
