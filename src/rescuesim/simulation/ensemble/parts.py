"""Parts: tables of some replications as Parquet files that say what they hold, and that are believed only if they do.

The same table gives the same bytes. A part is written beside its place, flushed to the disk and moved there, so that a
file under its final name is whole; what a crash or another program did to it since is found by the hash of its content.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rescuesim.errors import DataFileError, InputError

__all__ = [
    "TABLES",
    "claimed",
    "part_bytes",
    "part_name",
    "read_content",
    "read_part",
    "remove_left_over",
    "write_part",
]

TABLES = ("records", "mission_records", "unit_records")
_FORM = b"rescuesim ensemble part 1"
_SAID = (b"form", b"table", b"key", b"tables", b"categories", b"content")
_SEAL = b"seal"
_ENDING = ".part"  # of files that are being written


def part_name(table: str, key: str) -> str:
    """Return the file name of a table of the chunk with a key."""
    return f"{table}-{key}.parquet"


def part_bytes(frame: pd.DataFrame, *, table: str, key: str, tables: Sequence[str]) -> bytes:
    """Turn a table into a Parquet file; the same table gives the same bytes.

    Parameters
    ----------
    frame : DataFrame
        With columns of numbers, truth values, text or categories of text.
    table : str
        One of `TABLES`.
    key : str
        Content hash of everything that the table depends on.
    tables : sequence of str
        All tables that belong to it.

    Returns
    -------
    bytes
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = pa.Table.from_pandas(frame, preserve_index=False)
    categories = {name: frame[name].cat.categories.tolist() for name in frame if _categorical(frame[name])}
    about = {
        b"form": _FORM,
        b"table": table.encode(),
        b"key": key.encode(),
        b"tables": json.dumps(list(tables)).encode(),
        b"categories": json.dumps(categories, ensure_ascii=False).encode("utf-8"),
        b"content": _content(made).encode(),
    }
    about[_SEAL] = _sealed(about)
    stream = io.BytesIO()
    # all settings that could come from the environment or change with a version are named
    pq.write_table(
        made.replace_schema_metadata(about),
        stream,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        row_group_size=1 << 20,
        data_page_size=1 << 20,
        data_page_version="1.0",
        write_page_checksum=True,
        store_schema=True,
    )
    return stream.getvalue()


def _sealed(about: Mapping[bytes, bytes]) -> bytes:
    """Hash what a part says of itself: no page checksum covers it."""
    said = sorted((name, about[name]) for name in _SAID if name in about)
    return hashlib.blake2b(repr(said).encode(), digest_size=16).hexdigest().encode()


def _categorical(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _content(table: Any) -> str:
    """Hash the values of an Arrow table, however they are encoded."""
    import pyarrow as pa
    import pyarrow.compute as pc

    digest = hashlib.blake2b(digest_size=16)
    for name, column in zip(table.column_names, table.columns, strict=True):
        dictionary = pa.types.is_dictionary(column.type)
        plain = column.cast(column.type.value_type) if dictionary else column
        array = plain.combine_chunks()
        kind = "text" if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) else str(array.type)
        digest.update(f"{name}\0{kind}\0{dictionary}\0{len(array)}\0".encode())
        digest.update(np.packbits(np.asarray(array.is_null().to_numpy(zero_copy_only=False))).tobytes())
        if kind == "text":
            filled = pc.fill_null(array, "").cast(pa.large_string())
            lengths = pc.binary_length(filled).to_numpy(zero_copy_only=False)
            digest.update(np.ascontiguousarray(lengths, dtype="<i8").tobytes())
            digest.update("".join(filled.to_pylist()).encode("utf-8"))
        else:
            filled = pc.fill_null(array, pa.scalar(0).cast(array.type)) if array.null_count else array
            digest.update(np.ascontiguousarray(filled.to_numpy(zero_copy_only=False)).tobytes())
    return digest.hexdigest()


def read_content(path: Path, *, table: str, key: str) -> tuple[str, tuple[str, ...]]:
    """Return the content hash that a part states, and the tables that belong to it; its values are not read.

    Raises
    ------
    DataFileError
        If it is absent, damaged, or not the part with this key.
    """
    about = _opened(path, table, key)[1]
    return about[b"content"].decode(), tuple(json.loads(about[b"tables"]))


def read_part(path: Path, *, table: str, key: str) -> pd.DataFrame:
    """Read a part, and believe it only if it is the one asked for and holds what it says.

    Parameters
    ----------
    path : Path
    table, key : str
        What it was written as.

    Returns
    -------
    DataFrame
        As it was when it was written, categories included.

    Raises
    ------
    DataFileError
        If it is absent, damaged, not the part with this key, or if its values are not those of its content hash.
    """
    file, about = _opened(path, table, key)
    try:
        found = file.read(use_threads=False)
        content = _content(found)
    except Exception as error:  # a damaged file can raise anything
        raise DataFileError(f"{path}: damaged; {_first_line(error)}") from None
    if content != about[b"content"].decode():
        raise DataFileError(f"{path}: damaged; its values are not those that its content hash stands for")
    frame: pd.DataFrame = found.to_pandas()
    for name, values in json.loads(about[b"categories"]).items():
        frame[name] = frame[name].astype(pd.CategoricalDtype(pd.Index(values, dtype=str)))
    return frame


def _opened(path: Path, table: str, key: str) -> tuple[Any, dict[bytes, bytes]]:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        about = file.schema_arrow.metadata or {}
    except FileNotFoundError:
        raise DataFileError(f"{path}: does not exist") from None
    except Exception as error:  # a damaged file can raise anything
        raise DataFileError(f"{path}: expected a part of an ensemble; {_first_line(error)}") from None
    told = (about.get(b"form"), about.get(b"table"), about.get(b"key"))
    if told != (_FORM, table.encode(), key.encode()):
        raise DataFileError(f"{path}: expected the {table} with key {key}, it holds something else")
    if about.get(_SEAL) != _sealed(about):
        raise DataFileError(f"{path}: damaged; what it says of itself has changed")
    return file, about


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def write_part(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, whatever happens meanwhile.

    Raises
    ------
    DataFileError
        If it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}{_ENDING}")
    try:
        with beside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        beside.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Make the moved name last through a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_left_over(folder: Path) -> int:
    """Remove what runs that were killed were writing; only for who has claimed the folder. Returns how many files."""
    left = sorted(folder.glob(f".*{_ENDING}"))
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep a folder for one run at a time; the claim of a run that was killed falls with it.

    Raises
    ------
    InputError
        If another run is writing there.
    DataFileError
        If the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".lock").open("a+b")
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be written ({error.strerror or error})") from None
    with stream:
        if not _locked(stream):
            raise InputError(f"{folder}: another run is writing there; expected a folder of its own, or wait")
        yield


def _locked(stream: Any) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
