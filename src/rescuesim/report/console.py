"""The one table that the console prints, with the definition it used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rescuesim._words import in_language
from rescuesim.report.labels import Lang, difference, interval, label, share
from rescuesim.report.page_attainment import attainment_lines

if TYPE_CHECKING:
    from rescuesim.report.comparison import Comparison

__all__ = ["print_comparison"]

# the three headline figures, each with what it counts first
_COLUMNS = (("built_coverage", "people"), ("available_coverage", "people"), ("attainment", "calls"))
_WORDS: Mapping[str, tuple[str, str]] = {
    "interval": (
        "方括号内为 95% 区间，差值为百分点；三项指标各答一个问题，不可混用。",
        "Brackets hold 95% intervals, differences are percentage points; the three figures are never mixed.",
    ),
    "written": ("已写入 {folder}：{names}", "written to {folder}: {names}"),
    "note": ("说明：{note}", "note: {note}"),
}


def _word(key: str, lang: Lang, **values: object) -> str:
    return _WORDS[key][0 if lang == "zh" else 1].format(**values)


def comparison_table(comparison: Comparison, *, lang: Lang) -> Table:
    """Return the headline figures as a rich table: by condition, a row a plan, then the differences."""
    table = Table(header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for figure, counted in _COLUMNS:
        head = f"{label('figure', figure, lang)}\n{label('counted', counted, lang)}"
        table.add_column(head, justify="right", no_wrap=True)
    keys = ["condition", "plan", "figure", "counted"]
    values = comparison.headline.set_index(keys).to_dict("index")
    gains = comparison.differences.set_index(keys).to_dict("index")
    base, *others = comparison.plans
    for condition in comparison.conditions:
        table.add_row(Text(label("condition", condition, lang), style="bold"))
        for plan in comparison.plans:
            rows = [values[(condition, plan, figure, counted)] for figure, counted in _COLUMNS]
            cells = [
                f"{share(row['value'], row['n'], counted, lang)} {interval(row['low'], row['high'])}".strip()
                for row, (_, counted) in zip(rows, _COLUMNS, strict=True)
            ]
            table.add_row(Text("  " + label("plan", plan, lang)), *cells)
        for plan in others:
            rows = [gains[(condition, plan, figure, counted)] for figure, counted in _COLUMNS]
            cells = [difference(row["difference"], row["low"], row["high"]) for row in rows]
            minus = f"  {label('plan', plan, lang)} − {label('plan', base, lang)}"
            table.add_row(Text(minus), *cells, end_section=plan == others[-1])
    return table


def print_comparison(
    comparison: Comparison,
    facts: Sequence[str],
    files: Mapping[str, Path],
    *,
    notes: Sequence[str],
    lang: Lang,
    console: Console,
) -> None:
    """Print the definition, the siting, the table, the notes and what was written.

    Parameters
    ----------
    comparison : Comparison
    facts : sequence of str
        Lines that say what the siting found.
    files : mapping of str to Path
    notes : sequence of str
        Defaults that were taken.
    lang : {'zh', 'en'}
    console : Console
    """
    for line in (comparison.definition(lang=lang), *facts):
        console.print(Text(line))
    console.print(comparison_table(comparison, lang=lang))
    console.print(Text(_word("interval", lang)))
    for line in attainment_lines(comparison, lang):
        console.print(Text(line))
    for note in (*notes, *comparison.notes):
        console.print(Text(_word("note", lang, note=in_language(note, lang))))
    if files:
        folder = next(iter(files.values())).parent
        console.print(Text(_word("written", lang, folder=folder, names=", ".join(files))))
