"""The parts of a workbook that serve all sheets: the texts that cells share, and the formats of numbers."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from xml.parsers import expat

__all__ = ["feed", "local", "number_formats", "shared_texts", "unescaped"]

_DATE_NUMBERS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])  # built in, CJK ones too
_QUIET = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I
)  # parts of a number format that are no codes
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def local(name: str) -> str:
    """Return the name of an element or attribute without its prefix."""
    return name.rpartition(":")[2]


def feed(archive: zipfile.ZipFile, part: zipfile.ZipInfo, set_up: Callable[[expat.XMLParserType], None]) -> None:
    """Read a part of a workbook in pieces; a document type, the door to entities that swell, is refused."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    set_up(parser)

    def refuse(*_: object) -> None:
        raise zipfile.BadZipFile(f"{part.filename} declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    with archive.open(part) as file:
        while piece := file.read(1 << 16):
            parser.Parse(piece)
    parser.Parse(b"", True)


def unescaped(text: str) -> str:
    """Return a text of a workbook with its escaped characters, such as ``_x000D_``, as they are."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def shared_texts(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[str]:
    """Return the shared texts; how a text is pronounced is left out."""
    texts: list[str] = []
    pieces: list[str] = []
    inside = {"t": False, "rPh": False}

    def begins(name: str, _: dict[str, str]) -> None:
        if (name := local(name)) in inside:
            inside[name] = True

    def ends(name: str) -> None:
        if (name := local(name)) in inside:
            inside[name] = False
        elif name == "si":
            texts.append(unescaped("".join(pieces)).strip())
            pieces.clear()

    def text(data: str) -> None:
        if inside["t"] and not inside["rPh"]:
            pieces.append(data)

    def set_up(parser: expat.XMLParserType) -> None:
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begins, ends, text

    feed(archive, part, set_up)
    return texts


def number_formats(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[str]:
    """Return what the number format of each style makes of a number."""
    codes: dict[str, str] = {}
    formats: list[str] = []
    inside = [False]

    def begins(name: str, attributes: dict[str, str]) -> None:
        if (name := local(name)) == "numFmt":
            codes[attributes["numFmtId"]] = attributes["formatCode"]
        elif name == "cellXfs":
            inside[0] = True
        elif name == "xf" and inside[0]:
            number = attributes.get("numFmtId", "0")
            formats.append(_format(int(number), codes.get(number, "")))

    def ends(name: str) -> None:
        if local(name) == "cellXfs":
            inside[0] = False

    def set_up(parser: expat.XMLParserType) -> None:
        parser.StartElementHandler, parser.EndElementHandler = begins, ends

    feed(archive, part, set_up)
    return formats


def _format(number: int, code: str) -> str:
    if not code:
        return "date" if number in _DATE_NUMBERS else ""
    if re.fullmatch("0{2,}", code):
        return code
    return "date" if code.lower() != "general" and re.search("[dmyhs]", _QUIET.sub("", code), re.I) else ""
