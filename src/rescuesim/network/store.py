"""Keeps a RoadNetwork in one file, and finds it again by the content it was built from."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import json
import logging
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._words import Note
from rescuesim.errors import DataFileError
from rescuesim.network.road_network import NetworkSummary, RoadNetwork
from rescuesim.network.vehicles.conditions import TravelConditions

__all__ = ["cache_folder", "cache_key", "load_saved", "save_network", "store_network", "stored_network"]

logger = logging.getLogger(__name__)
_FORMAT = "rescuesim network 2"  # raise the number when the arrays of the file change
_TEXTS = ("road_class", "road_name", "surface")
_LINES = ("road_line", "dropped_lines")
_WORDS = ("crs", "profile", "start_up_s", "launch_s", "access_kph")
_MOST_KEPT = 32  # networks in the cache folder; those not used for longest go first


def save_network(network: RoadNetwork, path: Path | str) -> Path:
    """Write a network to a file that `load_network` reads back, equal to the last bit.

    Parameters
    ----------
    network : RoadNetwork
    path : path
        Ending in ``.npz``. The file appears only when it is whole.

    Returns
    -------
    Path

    Raises
    ------
    DataFileError
        If the file cannot be written.
    """
    target = Path(path)
    if target.suffix != ".npz":
        raise DataFileError(f"{target}: expected a name that ends in .npz")
    arrays: dict[str, NDArray[Any]] = {}
    for field in fields(network):
        value = getattr(network, field.name)
        if field.name in _TEXTS:
            words, code = np.unique(value, return_inverse=True)
            arrays[field.name] = code.astype(np.int32)
            arrays[f"{field.name}.words"] = np.frombuffer(json.dumps(words.tolist()).encode(), dtype=np.uint8)
        elif field.name in _LINES:
            places, offsets = _ragged(value)
            arrays[field.name], arrays[f"{field.name}.first"] = places, offsets
        elif isinstance(value, np.ndarray):
            arrays[field.name] = value
    sizes = np.cumsum([0, *map(len, network.road_ways)])
    arrays["road_ways"] = np.fromiter(itertools.chain.from_iterable(network.road_ways), np.int64, int(sizes[-1]))
    arrays["road_ways.first"] = sizes
    plain = {name: getattr(network, name) for name in _WORDS}
    summary = {**asdict(network.summary_), "notes": [[str(n), getattr(n, "zh", "")] for n in network.summary_.notes]}
    about = json.dumps(
        {"format": _FORMAT, **plain, "conditions": asdict(network.conditions), "summary": summary}, ensure_ascii=False
    )
    arrays["about"] = np.frombuffer(about.encode(), dtype=np.uint8)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as stream:
                np.savez(stream, **arrays)  # type: ignore[arg-type]
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise DataFileError(f"{target}: cannot be written; {error}") from None
    return target


def load_saved(path: Path) -> RoadNetwork:
    """Read a network that `save_network` wrote.

    Raises
    ------
    DataFileError
        If the file is no such file, is damaged or was written by another version.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(arrays["about"].tobytes().decode())
        if about["format"] != _FORMAT:
            raise DataFileError(f"{path}: written as {about['format']!r}, expected {_FORMAT!r}: build it again")
        return _network(arrays, about)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"{path}: expected a network saved by rescuesim; {error}") from None


def _network(arrays: dict[str, NDArray[Any]], about: dict[str, Any]) -> RoadNetwork:
    made: dict[str, Any] = {name: about[name] for name in _WORDS}
    made["conditions"] = TravelConditions(**about["conditions"])
    for field in fields(RoadNetwork):
        name = field.name
        if name in _TEXTS:
            words = np.array(json.loads(arrays[f"{name}.words"].tobytes()), dtype=np.str_)
            made[name] = words[arrays[name].astype(np.int32)]
        elif name in _LINES:
            made[name] = _lines(arrays[name], arrays[f"{name}.first"])
        elif name == "road_ways":
            ids = arrays[name].tolist()
            bounds = arrays["road_ways.first"].tolist()
            made[name] = tuple(tuple(ids[low:high]) for low, high in itertools.pairwise(bounds))
        elif name in arrays:
            made[name] = arrays[name]
    summary = about["summary"]
    notes = tuple(Note(en, zh) if zh else en for en, zh in summary["notes"])
    made["summary_"] = NetworkSummary(**{**summary, "notes": notes})
    return RoadNetwork(**made)


def _ragged(lines: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    places, of_line = shapely.get_coordinates(lines, return_index=True)
    return places, np.r_[0, np.cumsum(np.bincount(of_line, minlength=len(lines)))].astype(np.int64)


def _lines(places: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.object_]:
    sizes = np.diff(first)
    if not len(sizes):
        return np.empty(0, dtype=object)
    drawn = shapely.linestrings(places, indices=np.repeat(np.arange(len(sizes)), sizes))
    return np.asarray(drawn, dtype=object)


def cache_folder() -> Path:
    """Return where built networks are kept: ``RESCUESIM_CACHE``, else the user's cache folder."""
    if given := os.environ.get("RESCUESIM_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rescuesim"


def cache_key(sources: Iterable[Path], options: Mapping[str, object]) -> str:
    """Hash the content of files, the options, and the code and defaults that networks are built with.

    Parameters
    ----------
    sources : iterable of Path
        Files that are read; those that belong to them are found beside them.
    options : mapping of str to object
        Everything else that the network depends on; by its ``repr``.

    Returns
    -------
    str
    """
    digest = hashlib.blake2b(_code_digest(), digest_size=16)
    digest.update(repr(sorted(options.items())).encode())
    for source in sources:
        for path in _with_side_files(source):
            digest.update(path.name.encode())
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()


@functools.cache
def _code_digest() -> bytes:
    """Hash the format and all code and tables that a network is built with: what they compute may have changed."""
    digest = hashlib.blake2b(_FORMAT.encode(), digest_size=16)
    package = Path(str(resources.files("rescuesim")))
    parts = [package / "defaults.toml", package / "_defaults.py"]
    parts += sorted(path for part in ("network", "_tables") for path in (package / part).rglob("*.*"))
    for path in parts:
        if path.suffix in (".py", ".toml"):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.digest()


def _with_side_files(source: Path) -> list[Path]:
    """Return a file and what belongs to it: the parts of a shapefile, the journal of an open GeoPackage, a .prj."""
    if source.name.lower().endswith((".osm", ".gz", ".bz2", ".pbf", ".graphml")):
        return [source]
    stem, name = source.stem.lower(), source.name.lower()
    beside = (path for path in source.parent.iterdir() if path.is_file())
    own = {path for path in beside if path.name.lower().startswith((f"{stem}.", f"{name}-", f"{name}."))}
    return sorted(own | {source})


def stored_network(folder: Path, key: str) -> RoadNetwork | None:
    """Return the network that was stored under a key; None if there is none that is whole."""
    path = folder / f"network-{key}.npz"
    if not path.is_file():
        return None
    try:
        network = load_saved(path)
    except DataFileError as error:
        logger.warning("%s; it is built anew", error)
        return None
    with contextlib.suppress(OSError):  # a cache that may only be read serves as well
        path.touch()
    return network


def store_network(network: RoadNetwork, folder: Path, key: str) -> None:
    """Store a network under a key; a folder that cannot be written is said, and the network is there all the same."""
    try:
        save_network(network, folder / f"network-{key}.npz")
    except DataFileError as error:
        logger.warning("%s; the network is not cached", error)
        return
    by_use = sorted(folder.glob("network-*.npz"), key=lambda path: path.stat().st_mtime)
    for path in by_use[:-_MOST_KEPT]:
        path.unlink(missing_ok=True)
