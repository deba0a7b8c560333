"""A Chinese font for figures: found once, or done without."""

from __future__ import annotations

import functools
import importlib.util
import logging
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from rescuesim.report.labels import Lang

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["chinese_font", "drawable", "figure_language", "font_families", "use_fonts"]

_LOGGER = logging.getLogger(__name__)
_LATIN = "DejaVu Sans"  # comes with matplotlib
_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans CJK JP",  # what older matplotlib sees of Noto's collection: its first face
    "Noto Serif CJK SC",
    "SimSun",
    "Heiti TC",
    "Arial Unicode MS",
    "Droid Sans Fallback",
)
_ON_A_LINE = {"Cc": " ", "Cf": "", "Zl": " ", "Zp": " "}  # by Unicode category: control, format, breaks
_FILES = ("notosanscjk", "notosanssc", "sourcehansans", "wqy", "simhei", "msyh", "droidsansfallback")


def _first_known() -> str | None:
    from matplotlib import font_manager

    known = set(font_manager.fontManager.get_font_names())
    return next((family for family in _FAMILIES if family in known), None)


def _add_new_fonts() -> None:
    """Tell matplotlib of fonts that were installed after it wrote its list, and of those of `mplfonts`."""
    from matplotlib import font_manager

    found = [Path(path) for path in font_manager.findSystemFonts()]
    package = importlib.util.find_spec("mplfonts")
    for folder in (package.submodule_search_locations or []) if package else []:
        found += sorted(Path(folder).rglob("*.[ot]t[fc]"))
    for path in sorted(found):
        name = path.name.lower().replace("-", "").replace("_", "")
        if name.startswith(_FILES) and ("regular" in name or "noto" not in name):
            font_manager.fontManager.addfont(path)


@functools.cache
def chinese_font() -> str | None:
    """Find a font with Chinese characters.

    Returns
    -------
    str or None
        Name of the family. If there is none, a notice is logged once and figures are drawn in English.

    Notes
    -----
    Fonts that matplotlib's own list does not know yet are added to its font manager.
    """
    family = _first_known()
    if family is None:
        _add_new_fonts()
        family = _first_known()
    if family is not None:
        return family
    _LOGGER.warning(
        "no font with Chinese characters was found: figures use English; "
        "install fonts-noto-cjk, or rescuesim[zh], for Chinese"
    )
    return None


def font_families() -> list[str]:
    """Return the families to draw with, in the order in which a character is looked for."""
    chinese = chinese_font()
    return [chinese, _LATIN] if chinese else [_LATIN]


def figure_language(lang: Lang) -> Lang:
    """Return the language that the fonts at hand can draw."""
    return lang if chinese_font() else "en"


@functools.cache
def _characters(families: tuple[str, ...]) -> frozenset[int]:
    from matplotlib import font_manager

    paths = [font_manager.findfont(font_manager.FontProperties(family=family)) for family in families]
    return frozenset().union(*(font_manager.get_font(path).get_charmap() for path in paths))


def drawable(words: str, *, otherwise: str = "") -> str:
    """Keep of a text what the fonts can draw, so that no name makes a figure fail.

    Parameters
    ----------
    words : str
        Any name from the data.
    otherwise : str, optional
        What stands for it if less than half can be drawn.

    Returns
    -------
    str
        On one line, characters without a glyph as ``?``, and dollar signs escaped from being mathematics.
    """
    line = " ".join("".join(_ON_A_LINE.get(unicodedata.category(c), c) for c in words).split())
    known = _characters(tuple(font_families()))
    kept = "".join(character if ord(character) in known else "?" for character in line)
    if kept.count("?") - line.count("?") > len(line) / 2:
        kept = otherwise
    return kept.replace("\\", "/").replace("$", r"\$")


def use_fonts(axes: Axes) -> None:
    """Set the fonts of every text of the axes, their legend and their title, not of matplotlib as a whole."""
    from matplotlib.text import Text

    families = font_families()
    for found in axes.findobj(Text):
        if isinstance(found, Text):
            found.set_fontfamily(families)
    axes.tick_params(labelfontfamily=families)
