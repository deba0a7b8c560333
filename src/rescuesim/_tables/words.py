"""The alias table: what columns are called, and the words of cells that hold a choice, Chinese and English."""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from rescuesim._tables.columns import Column
from rescuesim._words import CREW_WORDS, DEMAND_KIND_WORDS, ZONE_WORDS, Lang

__all__ = [
    "Aliases",
    "aliases",
    "choice_names",
    "choice_word",
    "expected_choice",
    "header_names",
    "header_word",
    "plain",
]

_TOLD = {"zone": ZONE_WORDS, "crew": CREW_WORDS, "kind": DEMAND_KIND_WORDS}  # the words that reports use are read too


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliases:
    """What stands in ``aliases.toml``.

    Attributes
    ----------
    columns : mapping of str to tuple of str
        Headers by column.
    units : mapping of str to frozenset of str
        Brackets in a header that leave the numbers of a column as they are.
    lookalikes : mapping of str to mapping of str to str
        By column, headers that mean something else, and what.
    words : mapping of str to mapping of str to tuple of str
        By column and choice, the words that mean it.
    """

    columns: Mapping[str, tuple[str, ...]]
    units: Mapping[str, frozenset[str]]
    lookalikes: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Mapping[str, tuple[str, ...]]]


@functools.cache
def aliases() -> Aliases:
    """Return the alias table of the package."""
    raw = tomllib.loads(resources.files("rescuesim._tables").joinpath("aliases.toml").read_text(encoding="utf-8"))
    words = {
        column: {
            choice: tuple(dict.fromkeys([*some, *(_TOLD.get(column, {}).get(choice, ()))]))
            for choice, some in by_choice.items()
        }
        for column, by_choice in raw["words"].items()
    }
    return Aliases(
        columns=MappingProxyType({name: tuple(some) for name, some in raw["columns"].items()}),
        units=MappingProxyType({name: frozenset(map(plain, some)) for name, some in raw["units"].items()}),
        lookalikes=MappingProxyType(raw["lookalikes"]),
        words=MappingProxyType(words),
    )


def plain(text: str) -> str:
    """Return a text as it is compared: NFKC, in one case, without blanks.

    Examples
    --------
    >>> plain(" Ｌｏｎ "), plain("人 口（人）")
    ('lon', '人口(人)')
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def header_names(columns: Iterable[Column]) -> dict[str, str]:
    """Return the headers that mean one of the columns, as they are compared, with the name of the column."""
    some = list(columns)
    names = {plain(alias): column.name for column in some for alias in aliases().columns.get(column.name, ())}
    names |= {plain(alias): column.name for column in some for alias in column.aliases}
    return names | {plain(column.name): column.name for column in some}


def header_word(column: str, lang: Lang) -> str:
    """Return the header that templates give a column.

    Examples
    --------
    >>> header_word("people", "zh"), header_word("people", "en")
    ('人口', 'people')
    """
    known = aliases().columns.get(column, ())
    return known[0] if lang == "zh" and known else column


def choice_word(column: str, choice: str, lang: Lang) -> str:
    """Return the word of a choice.

    Examples
    --------
    >>> choice_word("zone", "suburb", "zh"), choice_word("zone", "suburb", "en")
    ('城郊', 'suburb')
    """
    known = aliases().words.get(column, {}).get(choice, ())
    return known[0] if lang == "zh" and known else choice


def choice_names(column: Column) -> dict[str, str]:
    """Return the words that mean one of a column's choices, as they are compared, with the choice."""
    known = aliases().words.get(column.name, {})
    names = {plain(word): choice for choice in column.choices for word in known.get(choice, ())}
    return {**names, **{plain(choice): choice for choice in column.choices}}


def expected_choice(cell: str, column: Column) -> str:
    """Say which choices there are, in both languages, and which was perhaps meant.

    Examples
    --------
    >>> expected_choice("关了", Column(name="status", choices=("existing", "closed")))
    'one of existing (已有), closed (关闭) (did you mean closed?)'
    """
    listed = ", ".join(
        choice if (word := choice_word(column.name, choice, "zh")) == choice else f"{choice} ({word})"
        for choice in column.choices
    )
    hint = _meant(plain(cell), choice_names(column))
    return f"one of {listed}" + (f" (did you mean {hint}?)" if hint else "")


def _meant(cell: str, names: Mapping[str, str]) -> str:
    """Return the choice whose word is the nearest to a cell; empty if none is near."""
    import difflib

    close = difflib.get_close_matches(cell, names, n=1, cutoff=0.5) if cell else []
    return names[close[0]] if close else ""
