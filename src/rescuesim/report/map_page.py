"""The report page: one HTML file with everything inside, that opens without a network.

Names come from files that anybody may have written. They reach the page by three ways, and none lets
them become code: the template escapes them, the script sets them as text, and in the embedded JSON the
characters that could end the script are escaped. The page's own policy lets only its own scripts run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from rescuesim._words import in_language
from rescuesim.errors import UnknownIdError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.report import page_attainment, page_tables
from rescuesim.report.attainment.words import say
from rescuesim.report.county_map import check_roads
from rescuesim.report.labels import Lang, group_words, label, language, text
from rescuesim.report.page_data import map_data

if TYPE_CHECKING:
    import pandas as pd

    from rescuesim.report.comparison import Comparison

__all__ = ["embedded_json", "write_page"]

_FORBIDDEN = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def write_page(
    comparison: Comparison,
    network: RoadNetwork,
    path: Path | str,
    *,
    title: str,
    closed_roads: Mapping[str, Sequence[int]],
    lang: Lang = "zh",
    definition: str,
    facts: Sequence[str] = (),
    extra_notes: Sequence[str] = (),
    force: Mapping[str, pd.DataFrame] | None = None,
    simulated: Sequence[str] = (),
) -> None:
    """Write the report page.

    Parameters
    ----------
    comparison : Comparison
    network : RoadNetwork
    path : path
        HTML file.
    title : str
    closed_roads : mapping of str to sequence of int
        Indices of closed roads, by condition; a condition that is not named has none.
    lang : {'zh', 'en'}, optional
    definition : str
        The response standard in words; it stands first.
    facts : sequence of str, optional
        Said under the title: what the siting found.
    extra_notes : sequence of str, optional
        Said after the notes of the comparison.
    force : mapping of str to DataFrame, optional
        By plan, its people by site and shift, as `rescuesim.siting.force.force_composition` makes it.
    simulated : sequence of str, optional
        What was simulated, in words; stands below the response standard.

    Raises
    ------
    InputError
        If the plans were not compared on the same points.
    UnknownIdError
        If a condition, road or language does not exist.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    lang = language(lang)
    _check_closed_roads(comparison, network, closed_roads)
    folder = Path(__file__).parent / "templates"
    data = map_data(comparison, network, closed_roads, lang)
    scripts = _leaflet("leaflet.js"), (folder / "report.js").read_text(encoding="utf-8")
    plan_names = [label("plan", name, lang) for name in comparison.plans]
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        lang=lang,
        t=lambda key: text(key, lang),
        title=title,
        definition=definition,
        facts=list(facts),
        simulated=list(simulated),
        plan_names=plan_names,
        condition_names=[label("condition", name, lang) for name in comparison.conditions],
        difference_names=[text("difference", lang, plan=name, baseline=plan_names[0]) for name in plan_names[1:]],
        figure_names=list(group_words("figure", lang).values()),
        headline=page_tables.headline_table(comparison, lang),
        townships=page_tables.townships_table(comparison, lang),
        say=lambda key: say(key, lang),
        zones=page_attainment.zones_table(comparison, lang),
        kept=page_attainment.kept_table(comparison, lang),
        phases=page_attainment.phases_table(comparison, lang),
        stages=page_tables.stages_table(comparison, lang),
        misses=page_tables.misses_table(comparison, lang),
        villages=page_attainment.villages_table(comparison, lang),
        uncovered=page_tables.uncovered_table(comparison, lang),
        new_sites=page_tables.new_sites_table(comparison, lang),
        force=page_tables.force_table(force or {}, lang),
        notes=[in_language(note, lang) for note in (*comparison.notes, *extra_notes)],
        script_hashes=Markup(" ".join(_hash(script) for script in scripts)),
        leaflet_css=Markup(_leaflet("leaflet.css")),
        css=Markup((folder / "report.css").read_text(encoding="utf-8")),
        leaflet_js=Markup(scripts[0]),
        js=Markup(scripts[1]),
        data=Markup(embedded_json(data)),
    )
    Path(path).write_bytes(page.encode("utf-8", "replace"))


def _check_closed_roads(
    comparison: Comparison, network: RoadNetwork, closed_roads: Mapping[str, Sequence[int]]
) -> None:
    for condition, roads in closed_roads.items():
        if condition not in comparison.conditions:
            raise UnknownIdError(f"condition {condition!r}: expected {nearest_name(condition, comparison.conditions)}")
        check_roads(network, roads)


def _leaflet(name: str) -> str:
    """Read a file of Leaflet, without what would make a browser look for other files."""
    read = (files("xstatic.pkg.leaflet") / "data" / name).read_text(encoding="utf-8").replace("\r\n", "\n")
    read = re.sub(r"url\(images/[^)]*\)", "none", read)
    read = re.sub(r"//# sourceMappingURL=\S+", "", read)
    return read.replace('href="https://leafletjs.com"', 'href="#"')  # the prefix, which the page does not show


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def embedded_json(content: object) -> str:
    r"""Write JSON that can stand inside a script element whatever the names in it are.

    Parameters
    ----------
    content : object
        Dicts, lists, strings, numbers and None; no NaN and no infinity.

    Returns
    -------
    str

    Examples
    --------
    >>> embedded_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return written.translate(_FORBIDDEN)
