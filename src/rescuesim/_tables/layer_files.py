"""Opens the files of layers: whether they are whole, which layer is meant, and how their text is encoded."""

from __future__ import annotations

import codecs
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from rescuesim._tables.text_files import decode_text, everyday_share
from rescuesim._words import Note
from rescuesim.errors import DataFileError, Fault, InputError

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

__all__ = ["LAYER_KINDS", "open_layer_file", "split_source"]

LAYER_KINDS = (".gpkg", ".geojson", ".json", ".shp", ".parquet")
_PARTS = re.compile(r"(?P<file>.+?\.(?:xlsx|xlsm|gpkg|csv|txt|tsv|shp|geojson|json|parquet))#(?P<part>.+)", re.I | re.S)
_CODECS = {  # by the language byte of a dbf file and by the number that a cpg file may hold
    **dict.fromkeys((0x4D, 0x7A, 936, 54936), "gb18030"),
    **dict.fromkeys((0x4F, 0x78, 950), "cp950"),
    **dict.fromkeys((0x13, 0x7B, 932), "cp932"),
    **dict.fromkeys((0x4E, 0x79, 949), "cp949"),
    **dict.fromkeys((0x03, 0x59, 1252), "cp1252"),
    65001: "utf-8",
    88591: "latin-1",
}
_GB_NAMES = frozenset({"gbk", "gb2312", "gb18030", "cp936", "936"})
_CUT = "the file is damaged or cut off: copy it again"


def split_source(source: Path | str) -> tuple[Path, str | None]:
    """Part ``file.xlsx#sheet`` or ``file.gpkg#layer`` into the file and the part that is meant.

    Examples
    --------
    >>> split_source("data/villages.xlsx#村庄")
    (PosixPath('data/villages.xlsx'), '村庄')
    """
    path = Path(source)
    found = None if path.exists() else _PARTS.fullmatch(str(source))
    return (Path(found["file"]), found["part"]) if found else (path, None)


def open_layer_file(source: Path | str, notes: list[str]) -> tuple[geopandas.GeoDataFrame, str, bool]:
    """Read the one layer that a source names.

    Parameters
    ----------
    source : path
    notes : list of str
        Grows as choices are made.

    Returns
    -------
    frame : GeoDataFrame
    label : str
        What messages call it.
    stated : bool
        Whether the file itself states its coordinate system, if it has one.

    Raises
    ------
    DataFileError
        If the file is absent, damaged or no layer.
    InputError
        If several layers could be meant or the text cannot be decoded.
    """
    path, part = split_source(source)
    kind, label = path.suffix.lower(), path.name
    if path.is_dir():
        hint = ": export the layer to .gpkg" if kind == ".gdb" else ""
        raise DataFileError(f"{path}: a folder, expected a file{hint}")
    if not path.is_file():
        raise DataFileError(f"{path}: no such file")
    if kind not in LAYER_KINDS:
        raise DataFileError(f"{path}: expected a layer ({', '.join(LAYER_KINDS)})")
    if path.stat().st_size == 0:
        raise DataFileError(f"{path}: the file is empty")
    if part and kind != ".gpkg":
        raise DataFileError(f"{path}: only a .gpkg holds several layers; expected its name without #{part}")
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            stated = True
            if kind == ".parquet":
                frame = _read_parquet(path)
            elif kind == ".shp":
                frame = _read_shapefile(path, notes)
            elif kind == ".gpkg":
                frame, label = _read_geopackage(path, part)
            else:
                frame, stated = _read_geojson(path, notes)
    except (DataFileError, InputError):
        raise
    except Exception as error:  # whatever GDAL, GEOS or Arrow say of a file that is none of theirs
        said = str(error).split(";")[0].split("\n")[0].strip()
        raise DataFileError(
            f"{path}: expected a layer; it cannot be read, perhaps it is damaged or cut off ({said})"
        ) from None
    notes += [f"{label}: {warning.message}" for warning in told if "Measured" in str(warning.message)]
    return frame, label, stated


def _read_parquet(path: Path) -> geopandas.GeoDataFrame:
    import geopandas
    import pyarrow.lib
    import pyarrow.parquet

    try:
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
    except (pyarrow.lib.ArrowInvalid, OSError):
        raise DataFileError(f"{path}: expected a parquet file; {_CUT}") from None
    if b"geo" not in metadata:
        raise DataFileError(f"{path}: a parquet table without geometry, expected a layer as GeoPandas or GDAL write it")
    return geopandas.read_parquet(path)


def _read_geopackage(path: Path, part: str | None) -> tuple[geopandas.GeoDataFrame, str]:
    import geopandas
    import pyogrio

    with path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(b"SQLite format 3\0"):
        raise DataFileError(f"{path}: expected a GeoPackage; this is no database")
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 0
    if path.stat().st_size < (65536 if page == 1 else page) * pages:
        raise DataFileError(f"{path}: expected a GeoPackage; {_CUT}")
    names = [str(name) for name, geometry in pyogrio.list_layers(path) if geometry is not None]
    if part is not None and part not in names:
        raise InputError([Fault(file=path.name, value=part, expected=f"one of its layers: {', '.join(names)}")])
    if not names:
        raise InputError([Fault(file=path.name, expected="a layer with geometry; it holds none")])
    if part is None and len(names) > 1:
        expected = f"one layer, or its name as in {path.name}#{names[0]}; there are {', '.join(names)}"
        raise InputError([Fault(file=path.name, expected=expected)])
    chosen = part or names[0]
    return geopandas.read_file(path, layer=chosen), f"{path.name}#{chosen}" if part else path.name


def _read_geojson(path: Path, notes: list[str]) -> tuple[geopandas.GeoDataFrame, bool]:
    """Read GeoJSON; with no ``crs`` member it states no system, and RFC 7946 says WGS84."""
    import geopandas

    raw = path.read_bytes()
    text = decode_text(path, raw, notes)
    if not text.lstrip("\ufeff").lstrip().startswith("{"):
        raise DataFileError(f"{path}: expected GeoJSON; this is none")
    frame = geopandas.read_file(text.lstrip("\ufeff").encode())
    member = re.search(r'"crs"\s*:\s*(null|\{)', text)
    if member and member[1] == "null":  # the specification of 2008: no system can be assumed
        return frame.set_crs(None, allow_override=True), True
    return frame, member is not None


def _read_shapefile(path: Path, notes: list[str]) -> geopandas.GeoDataFrame:
    import geopandas

    beside = {file.suffix.lower(): file for file in path.parent.glob(_any_case(path.stem) + ".*")}
    missing = [kind for kind in (".shx", ".dbf") if kind not in beside]
    if missing:
        names = " and ".join(f"{path.stem}{kind}" for kind in missing)
        raise DataFileError(f"{path}: expected {names} beside it; a shapefile is .shp, .shx, .dbf and .prj together")
    _check_lengths(path, beside[".shx"], beside[".dbf"])
    frame = geopandas.read_file(path, encoding="ISO-8859-1")  # every byte as a character, to be decoded below
    codec = _codec(path, beside, frame, notes)
    if frame.crs is None and ".prj" not in beside:
        note = Note(f"{path.name}: no {path.stem}.prj beside it", f"{path.name}：缺少 {path.stem}.prj")
        notes.append(note)
    return _decoded(frame, codec)


def _any_case(stem: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", stem)


def _check_lengths(shp: Path, shx: Path, dbf: Path) -> None:
    """Compare the lengths that the files state with those that they have; GDAL reads a cut file as null geometries."""
    shapes = 0
    for file in (shp, shx):
        with file.open("rb") as opened:
            head = opened.read(100)
        stated = 2 * int.from_bytes(head[24:28], "big")
        if len(head) < 100 or head[:4] != b"\x00\x00\x27\x0a" or file.stat().st_size < stated:
            raise DataFileError(f"{file}: expected a part of a shapefile; {_CUT}")
        shapes = (stated - 100) // 8
    with dbf.open("rb") as opened:
        head = opened.read(32)
    rows = int.from_bytes(head[4:8], "little")
    stated = int.from_bytes(head[8:10], "little") + rows * int.from_bytes(head[10:12], "little")
    if len(head) < 32 or dbf.stat().st_size < stated:
        raise DataFileError(f"{dbf}: expected a part of a shapefile; {_CUT}")
    if rows != shapes:
        raise DataFileError(f"{shp}: {shapes} shapes, but {dbf.name} has {rows} rows: the files do not belong together")


def _is_text(column: pd.Series) -> bool:
    return str(column.dtype) == "object" or str(column.dtype).startswith("str")


def _texts(frame: geopandas.GeoDataFrame) -> list[bytes]:
    """Return the bytes of every text in the fields of a shapefile, each once."""
    found: set[str] = set()
    for name in frame.columns.drop(frame.geometry.name):
        if _is_text(frame[name]):
            found |= {cell for cell in frame[name] if isinstance(cell, str) and not cell.isascii()}
    return [cell.encode("latin-1") for cell in sorted(found)]


def _codec(path: Path, beside: dict[str, Path], frame: geopandas.GeoDataFrame, notes: list[str]) -> str:
    """Return the codec of the fields: of the cpg file, else of the language byte, else UTF-8 or GB18030."""
    names = [str(name).encode("latin-1") for name in frame.columns if not str(name).isascii()]
    texts = _texts(frame)
    stated = _stated_codec(beside)
    if stated is not None:
        codec, where = stated
        failed = [text for text in texts if not _decodes(text, codec)]
        better = next(
            (other for other in ("utf-8", "gb18030") if other != codec and _is_better(texts, other, codec)), None
        )
        if failed or better:
            value = f", which seem to be {better.upper()}" if better else ""
            expected = f"texts in {codec.upper()}, as {where} says{value}: mend or delete {where}"
            raise InputError([Fault(file=path.name, expected=expected)])
        return codec
    if not texts and not names:
        return "utf-8"
    codec = next((codec for codec in ("utf-8", "gb18030") if all(_decodes(text, codec) for text in texts + names)), "")
    if not codec:
        expected = f"fields in UTF-8 or GB18030, or a file {path.stem}.cpg that names their encoding"
        raise InputError([Fault(file=path.name, expected=expected)])
    name = codec.upper()
    en = f"{path.name}: no {path.stem}.cpg that names the encoding of the fields: read as {name}"
    notes.append(Note(en, f"{path.name}：缺少注明字段编码的 {path.stem}.cpg，按 {name} 读取"))
    return codec


def _stated_codec(beside: dict[str, Path]) -> tuple[str, str] | None:
    """Return the codec that the cpg file or the dbf file itself states, and where; None if neither does."""
    if ".cpg" in beside:
        text = beside[".cpg"].read_text(encoding="ascii", errors="replace").strip().lower()
        digits = re.sub(r"\D", "", text)
        if text in _GB_NAMES:
            return "gb18030", beside[".cpg"].name
        if digits and (codec := _CODECS.get(int(digits))) and int(digits) > 255:
            return codec, beside[".cpg"].name
        try:
            return codecs.lookup(text).name, beside[".cpg"].name
        except LookupError:
            pass
    with beside[".dbf"].open("rb") as file:
        language = file.read(30)[29]
    return (_CODECS[language], f"the header of {beside['.dbf'].name}") if language in _CODECS else None


def _decodes(text: bytes, codec: str) -> bool:
    """Whether a text decodes; a character cut in half at its end, where the field was full, does not count."""
    try:
        codecs.getincrementaldecoder(codec)().decode(text)
    except UnicodeDecodeError:
        return False
    return True


def _is_better(texts: list[bytes], codec: str, than: str) -> bool:
    """Whether a codec decodes everything into everyday Chinese where another one gives odd characters."""
    if not texts or not all(_decodes(text, codec) for text in texts):
        return False
    shares = [everyday_share(" ".join(_decode(text, one) for text in texts)) for one in (codec, than)]
    return shares[0] > 0.9 and shares[1] < 0.7


def _decode(text: bytes, codec: str) -> str:
    return codecs.getincrementaldecoder(codec)(errors="ignore").decode(text)


def _decoded(frame: geopandas.GeoDataFrame, codec: str) -> geopandas.GeoDataFrame:
    """Decode the names and texts of fields that were read byte by byte."""

    def decode(cell: object) -> object:
        return _decode(cell.encode("latin-1"), codec) if isinstance(cell, str) and not cell.isascii() else cell

    made = frame.copy()
    for name in frame.columns.drop(frame.geometry.name):
        if _is_text(frame[name]):
            made[name] = frame[name].map(decode)
    return made.rename(columns={name: str(decode(name)) for name in frame.columns})
