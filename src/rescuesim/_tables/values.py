"""Values: the columns of a checked table, with a note for every default that fills what is not given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables.headers import column_in_words
from rescuesim._words import Note

__all__ = ["Values"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Takes the columns of a checked table, and notes every default that fills what is not given.

    Parameters
    ----------
    frame : DataFrame
    label : str
        The table in the notes.
    notes : list of str
        Grows as defaults are taken.
    written : dict of str to str, optional
        How the headers stand in the file.
    """

    frame: pd.DataFrame
    label: str
    notes: list[str]
    written: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str, otherwise: str = "") -> tuple[str, ...]:
        """Return a text column; a default that is not empty is noted."""
        found = self.frame[name].to_list() if name in self.frame else [""] * len(self.frame)
        if otherwise and "" in found:
            self.note(name, found.count(""), otherwise, otherwise)
        return tuple(value or otherwise for value in found)

    def numbers(self, name: str, otherwise: NDArray[np.float64], en: str, zh: str) -> NDArray[np.float64]:
        """Return a column of numbers, with a default for what is not given, noted in words."""
        found = self.given(name)
        if (blank := np.isnan(found)).any():
            self.note(name, int(blank.sum()), en, zh)
        return np.where(blank, otherwise, found)

    def given(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers with NaN for what is not given."""
        absent = pd.Series(np.nan, index=self.frame.index)
        return np.asarray(self.frame.get(name, absent), dtype=np.float64)

    def note(self, name: str, count: int, en: str, zh: str) -> None:
        """Note a default."""
        n, shown = len(self.frame), column_in_words(name, self.written)
        self.notes.append(
            Note(
                f"{self.label}: {shown} not given in {count} of {n} rows: {en}",
                f"{self.label}：{n} 行中 {count} 行未给出 {shown}，取{zh}",
            )
        )
