"""Writes an empty scenario: the scenario file and workbooks to fill in."""

from __future__ import annotations

import datetime
import functools
import json
import math
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, cast, get_args, get_origin

from pydantic import BaseModel

from rescuesim._tables import EXAMPLE_MARKS, Column, choice_word, header_word
from rescuesim._words import Lang
from rescuesim.candidates import site_columns
from rescuesim.crew import default_crews
from rescuesim.demand.points import DEMAND_COLUMNS
from rescuesim.disruption.tables import CLOSURE_COLUMNS
from rescuesim.errors import InputError
from rescuesim.report.document import check_folder
from rescuesim.scenario.model import Scenario
from rescuesim.simulation.replay.closures import RECORDED_CLOSURE_COLUMNS
from rescuesim.simulation.replay.recorded import INCIDENT_COLUMNS

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["write_templates"]

_ROWS = 5000  # that get drop-down lists
_CREATED = datetime.datetime(2024, 1, 1)  # the same bytes on every day
_LIST_LIMIT = 255  # characters that Excel allows in a drop-down list
Pair = tuple[str, str]


class _ColumnWords(TypedDict, total=False):
    means: Pair
    unit: Pair
    example: object


class _TableWords(TypedDict, total=False):
    steps: list[str]
    steps_en: list[str]
    file: str
    sheet: Pair
    columns: dict[str, _ColumnWords]


class _KeyWords(TypedDict, total=False):
    means: Pair
    value: object
    off: bool


class _ScenarioWords(TypedDict):
    head: list[Pair]
    keys: dict[str, _KeyWords]


class _Words(TypedDict):
    text: dict[str, list[str]]
    tables: dict[str, _TableWords]
    scenario: _ScenarioWords


@functools.cache
def _words() -> _Words:
    text = resources.files("rescuesim.scenario").joinpath("template_words.toml").read_text(encoding="utf-8")
    return cast(_Words, tomllib.loads(text))


def _of(pair: Sequence[str], lang: Lang) -> str:
    return pair[0 if lang == "zh" else 1]


def write_templates(folder: Path | str, *, lang: Lang = "zh") -> Path:
    """Write a scenario file and the workbooks that it names, to be filled in.

    Each workbook has a sheet of instructions and a sheet with headers, drop-down lists and an example row. A table
    in which the example row is left is refused.

    Parameters
    ----------
    folder : path
        Made if absent.
    lang : {'zh', 'en'}, optional
        Language of headers, words and comments.

    Returns
    -------
    Path
        The scenario file. Its road file is not written: put one there.

    Raises
    ------
    InputError
        If the folder has files of these names; nothing is written then.
    DataFileError
        If the folder cannot be written to.
    """
    target = Path(folder)
    tables = {
        "sites": site_columns(default_crews()),
        "demand": DEMAND_COLUMNS,
        "closures": CLOSURE_COLUMNS,
        "incidents": INCIDENT_COLUMNS,
        "recorded_closures": RECORDED_CLOSURE_COLUMNS,
    }
    names = ["scenario.toml", *(_words()["tables"][table]["file"] for table in tables)]
    if there := [name for name in names if (target / name).exists()]:
        raise InputError(f"{target}: {', '.join(there)} there would be overwritten; expected a folder without them")
    check_folder(target)
    with tempfile.TemporaryDirectory(dir=target, prefix=".partial-") as made:
        (Path(made) / "scenario.toml").write_text(scenario_text(lang), encoding="utf-8")
        for table, columns in tables.items():
            words = _words()["tables"][table]
            shown = [column for column in columns if column.name in words["columns"]]
            _write_book(Path(made) / words["file"], words, shown, f"[{_section(table)}]", lang)
        for name in names:
            (Path(made) / name).replace(target / name)
    return target / "scenario.toml"


def _section(table: str) -> str:
    return "disruption" if table == "closures" else table


def _write_book(path: Path, words: _TableWords, columns: Sequence[Column], section: str, lang: Lang) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": _CREATED, "author": "rescuesim"})
        formats = {
            "bold": book.add_format({"bold": True, "bg_color": "#dbe5f1", "border": 1, "text_wrap": True}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "text": book.add_format({"num_format": "@"}),
            "example": book.add_format({"italic": True, "font_color": "#808080"}),
            "example_text": book.add_format({"italic": True, "font_color": "#808080", "num_format": "@"}),
        }
        about = book.add_worksheet(_of(_words()["text"]["sheet"], lang))
        data = book.add_worksheet(_of(words["sheet"], lang))
        _write_instructions(about, words, columns, section, lang, formats)
        _write_table(data, words, columns, lang, formats)
        data.activate()


def _write_instructions(
    sheet: Worksheet,
    words: _TableWords,
    columns: Sequence[Column],
    section: str,
    lang: Lang,
    formats: Mapping[str, Format],
) -> None:
    text = _words()["text"]
    key: Literal["steps", "steps_en"] = "steps" if lang == "zh" else "steps_en"
    steps = words.get(key, text[key])
    for at, step in enumerate(steps):
        sheet.write_string(at, 0, f"{at + 1}. {step.format(sheet=_of(words['sheet'], lang), section=section)}")
    first = len(steps) + 1
    for at, head in enumerate(_of(text["head"], lang)):
        sheet.write_string(first, at, head, formats["bold"])
    for row, column in enumerate(columns, first + 1):
        said = words["columns"][column.name]
        cells = (
            header_word(column.name, lang),
            _of(text["required" if column.required else "optional"], lang),
            _of(said.get("means", ("", "")), lang),
            _of(said.get("unit", ("", "")), lang),
            ("、" if lang == "zh" else ", ").join(choice_word(column.name, choice, lang) for choice in column.choices),
        )
        for at, cell in enumerate(cells):
            sheet.write_string(row, at, cell, formats["wrap"])
    for at, width in enumerate((16, 10, 44, 36, 60)):
        sheet.set_column(at, at, width)


def _write_table(
    sheet: Worksheet, words: _TableWords, columns: Sequence[Column], lang: Lang, formats: Mapping[str, Format]
) -> None:
    text = _words()["text"]
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        said = words["columns"][column.name]
        header = header_word(column.name, lang)
        sheet.set_column(at, at, max(12, 2 * len(header) + 4), None if column.number else formats["text"])
        sheet.write_string(0, at, header, formats["bold"])
        needed = _of(text["required" if column.required else "optional"], lang)
        parts = [needed, *(_of(said[key], lang) for key in ("means", "unit") if key in said)]
        sheet.write_comment(0, at, "\n".join(parts), {"x_scale": 2, "author": "rescuesim"})
        _write_example(sheet, at, column, said.get("example"), lang, formats)
        _write_validation(sheet, at, column, lang)


def _write_example(
    sheet: Worksheet, at: int, column: Column, example: object, lang: Lang, formats: Mapping[str, Format]
) -> None:
    if example is None:
        return
    if isinstance(example, (int, float)):
        sheet.write_number(1, at, example, formats["example"])
        return
    cell = str(example) if isinstance(example, str) else _of(cast(Pair, example), lang)
    if column.choices:
        cell = choice_word(column.name, cell, lang)
    if column.name in ("id", "label"):
        cell = f"{_of(EXAMPLE_MARKS, lang)}-{cell}"
    sheet.write_string(1, at, cell, formats["example_text"])


def _write_validation(sheet: Worksheet, at: int, column: Column, lang: Lang) -> None:
    text = _words()["text"]
    rule: dict[str, object] = {}
    if column.choices:
        words = [choice_word(column.name, choice, lang) for choice in column.choices]
        if len(",".join(words)) <= _LIST_LIMIT:
            rule = {"validate": "list", "source": words, "error_message": _of(text["choose"], lang)}
    elif column.number:
        low, high = max(column.minimum, -1e12), min(column.maximum, 1e12)
        rule = {"validate": "integer" if column.whole else "decimal", "criteria": "between"}
        if column.whole:
            low, high = math.ceil(max(low, -2e9)), math.floor(min(high, 2e9))
        rule |= {"minimum": low, "maximum": high, "error_message": _of(text["number"], lang)}
    if rule:
        sheet.data_validation(1, at, _ROWS, at, rule)


def scenario_text(lang: Lang) -> str:
    """Return a scenario file with all keys, their defaults and what they mean."""
    lines = [f"# {_of(line, lang)}" for line in _words()["scenario"]["head"]]
    return "\n".join([*lines, *_section_lines(Scenario, "", lang, off=False)]) + "\n"


def _commented(line: str, means: str) -> str:
    return f"{line:<32}  # {means}" if means else line


def _toml(value: object) -> str:
    """Write a value as TOML does; of words, numbers and lists as JSON would."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key, ensure_ascii=False)} = {_toml(part)}" for key, part in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return json.dumps(value, ensure_ascii=False)


def _section_lines(model: type[BaseModel], prefix: str, lang: Lang, *, off: bool) -> Iterator[str]:
    """Yield the keys of a section, then its sections; what is switched off begins with ``#`` and no blank."""
    later = []
    for key, field in model.model_fields.items():
        if field.exclude:
            continue
        dotted = f"{prefix}{key}"
        words = _words()["scenario"]["keys"].get(dotted, {})
        hidden, means = off or words.get("off", False), _of(words.get("means", ("", "")), lang)
        if (inner := _model_of(field.annotation)) is not None:
            kinds = (field.annotation, *get_args(field.annotation))
            head = f"[[{dotted}]]" if any(get_origin(kind) is tuple for kind in kinds) else f"[{dotted}]"
            later.append((inner, dotted, f"{'#' if hidden else ''}{head}", means, hidden))
            continue
        value = words.get("value")
        if value is None and not field.is_required():
            value = field.get_default(call_default_factory=True)
        if isinstance(value, list) and dotted == "name":
            value = _of(cast(Pair, value), lang)
        hidden = hidden or value is None
        shown = "" if value is None else _toml(value)
        yield _commented(f"{'#' if hidden else ''}{key} = {shown}", means)
    for inner, dotted, head, means, hidden in later:
        yield ""
        yield _commented(head, means)
        yield from _section_lines(inner, f"{dotted}.", lang, off=hidden)


def _model_of(annotation: object) -> type[BaseModel] | None:
    """Return the model in an annotation such as ``X | None`` or ``tuple[X, ...]``; None if it has none."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in get_args(annotation) if (found := _model_of(part)) is not None), None)
