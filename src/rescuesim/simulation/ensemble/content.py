"""Content hashes: two things with the same hash give the same results, whatever made them and wherever.

What cannot be told by its content, such as an open file or a random generator half way, is refused, never taken for
something else.
"""

from __future__ import annotations

import datetime
import enum
import functools
import hashlib
import inspect
import platform
import struct
import sys
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from importlib import metadata, resources
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any, Protocol

import numpy as np
import pandas as pd
import shapely
from scipy.special import ndtri

from rescuesim.errors import InputError

__all__ = ["content_hash", "program_hash"]

_DIGEST_BYTES = 16
_NOT_SIMULATED = ("cli", "report", "scenario")  # layers above the simulation
_LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "simpy")  # what numbers and bytes come from


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def content_hash(*things: object) -> str:
    """Hash what things hold: artefacts, arrays, tables, numbers, mappings and small objects such as policies.

    Parameters
    ----------
    *things : object
        The order of mappings counts, that of sets does not. An object is what its attributes hold and what the
        module of its class says; attributes that only keep what was worked out from others do not count.

    Returns
    -------
    str
        32 hexadecimal digits, the same on every machine and in every process.

    Raises
    ------
    InputError
        If something cannot be told by its content.

    Examples
    --------
    >>> content_hash({"a": 1.0}) == content_hash({"a": 1.0}), content_hash({"a": 1.0}) == content_hash({"a": 1})
    (True, False)
    >>> content_hash(object())
    Traceback (most recent call last):
        ...
    rescuesim.errors.InputError: 'object': expected something that can be told by its content: numbers, text, ...
    """
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for thing in things:
        _feed(digest, thing, ())
    return digest.hexdigest()


def _tag(digest: _Digest, kind: str, data: bytes = b"") -> None:
    """Add a piece so that no other sequence of pieces gives the same bytes."""
    name = kind.encode("utf-8")
    digest.update(struct.pack("<II", len(name), len(data)) if len(data) < 2**32 else b"long")
    digest.update(name)
    digest.update(data)


def _feed(digest: _Digest, thing: Any, above: tuple[int, ...]) -> None:
    if thing is None or isinstance(thing, bool | int | float | complex):
        _tag(digest, type(thing).__name__, repr(thing).encode())
    elif isinstance(thing, enum.Enum):
        _tag(digest, "enum", f"{_name(type(thing))}.{thing.name}".encode())
    elif isinstance(thing, str):
        _tag(digest, "str", thing.encode("utf-8"))
    elif isinstance(thing, bytes):
        _tag(digest, "bytes", thing)
    elif isinstance(thing, np.generic | np.ndarray):
        _feed_array(digest, np.asarray(thing), above)
    elif isinstance(thing, datetime.date | datetime.time):
        _tag(digest, "moment", thing.isoformat().encode())
    elif isinstance(thing, datetime.timedelta | range | slice):
        _tag(digest, type(thing).__name__, repr(thing).encode())
    elif isinstance(thing, shapely.Geometry):
        _tag(digest, "geometry", shapely.to_wkb(thing))
    elif id(thing) in above:
        raise InputError(f"{type(thing).__name__}: expected nothing that holds itself")
    else:
        _feed_composed(digest, thing, (*above, id(thing)))


def _feed_composed(digest: _Digest, thing: Any, above: tuple[int, ...]) -> None:
    """Add what is made of other things."""
    if isinstance(thing, tuple | list):
        _feed_all(digest, "sequence", thing, above)
    elif isinstance(thing, Mapping):
        _feed_all(digest, "mapping", [part for item in thing.items() for part in item], above)
    elif isinstance(thing, Set):
        _tag(digest, "set", "".join(sorted(content_hash(one) for one in thing)).encode())
    elif isinstance(thing, pd.DataFrame | pd.Series | pd.Index | pd.Categorical):
        _feed_table(digest, thing, above)
    elif isinstance(thing, type):
        _feed_class(digest, thing)
    elif isinstance(thing, functools.partial):
        _feed_all(digest, "partial", (thing.func, thing.args, thing.keywords), above)
    elif isinstance(thing, MethodType):
        _feed_all(digest, "method", (thing.__self__, thing.__func__), above)
    elif isinstance(thing, FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        _feed_all(digest, _name(thing), (thing.__defaults__, thing.__kwdefaults__, cells), above)
        _tag(digest, "code", _source(thing.__module__) or _bytecode(thing.__code__))
    elif is_dataclass(thing):
        held = [one.name for one in fields(thing) if one.init or one.compare]
        _feed_all(digest, _name(type(thing)), [part for name in held for part in (name, getattr(thing, name))], above)
        _feed_class(digest, type(thing))
    elif all(hasattr(thing, name) for name in ("dist", "args", "kwds")):  # a frozen distribution of scipy.stats
        _feed_all(digest, "distribution", (_name(type(thing.dist)), thing.dist.name, thing.args, thing.kwds), above)
    else:
        _feed_object(digest, thing, above)


def _feed_all(digest: _Digest, kind: str, parts: Any, above: tuple[int, ...]) -> None:
    _tag(digest, kind, str(len(parts)).encode())
    for part in parts:
        _feed(digest, part, above)


def _feed_array(digest: _Digest, array: np.ndarray[Any, Any], above: tuple[int, ...]) -> None:
    kind = f"array {'text' if array.dtype.kind == 'U' else array.dtype.str} {array.shape}"
    if array.dtype.kind in "OU":
        flat = array.ravel()
        if flat.size and array.dtype.kind == "O" and bool(np.all(shapely.is_geometry(flat))):
            _feed_all(digest, kind, shapely.to_wkb(flat).tolist(), above)
        else:
            _feed_all(digest, kind, flat.tolist(), above)
        return
    if array.dtype.hasobject or array.dtype.names:
        raise InputError(f"array of {array.dtype}: expected numbers, text or geometries")
    _tag(digest, kind, np.ascontiguousarray(array).tobytes())


def _feed_table(digest: _Digest, thing: Any, above: tuple[int, ...]) -> None:
    if isinstance(thing, pd.DataFrame):
        columns = [(name, thing[name]) for name in thing.columns]
        _feed_all(digest, "table", [thing.index, *columns], above)
    elif isinstance(thing, pd.Series):
        _feed_all(digest, "column", [thing.index, str(thing.dtype), thing.to_numpy()], above)
    else:
        _feed_all(digest, "index", [str(thing.dtype), np.asarray(thing)], above)


def _feed_object(digest: _Digest, thing: Any, above: tuple[int, ...]) -> None:
    """Add an object of plain Python, such as a policy: its attributes and its class."""
    kind = type(thing)
    slots = [name for each in kind.__mro__ for name in _listed(each.__dict__.get("__slots__", ()))]
    if not hasattr(thing, "__dict__") and not slots:
        expected = "something that can be told by its content: numbers, text, arrays, artefacts, plain objects"
        raise InputError(f"{kind.__name__!r}: expected {expected}")
    held = {name: getattr(thing, name) for name in slots if name != "__dict__" and hasattr(thing, name)}
    held |= getattr(thing, "__dict__", {})
    _feed_all(digest, "object", [part for name in sorted(held) for part in (name, held[name])], above)
    _feed_class(digest, kind)


def _listed(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _feed_class(digest: _Digest, kind: type) -> None:
    """Add what a class says; those of this program are told by `program_hash`."""
    for each in kind.__mro__:
        if each.__module__ in ("builtins", "typing", "abc") or each.__module__.split(".")[0] == "rescuesim":
            _tag(digest, "class", _name(each).encode())
            continue
        bodies = [one.__code__ for _, one in sorted(vars(each).items()) if isinstance(one, FunctionType)]
        said = _source(each.__module__) or b"".join(_bytecode(code) for code in bodies)
        _tag(digest, f"class {_name(each)}", said)


def _name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _source(module: str) -> bytes:
    """Return the text of a module, empty where there is none: what a class does may depend on any line of it."""
    try:
        return inspect.getsource(sys.modules[module]).encode("utf-8")
    except (KeyError, OSError, TypeError):
        return b""


def _bytecode(code: CodeType) -> bytes:
    within = b"".join(_bytecode(one) for one in code.co_consts if isinstance(one, CodeType))
    plain = repr([one for one in code.co_consts if not isinstance(one, CodeType)])
    return code.co_code + repr((code.co_names, code.co_varnames, plain)).encode("utf-8") + within


@functools.cache
def program_hash() -> str:
    """Hash what turns inputs into records: the code of this package up to the simulation, libraries, arithmetic.

    Returns
    -------
    str
        Differs between machines whose exponential or logarithm differ in the last bit, as vector instructions
        can: their records would not have the same bytes.
    """
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    package = Path(str(resources.files("rescuesim")))
    for path in sorted(package.rglob("*")):
        place = path.relative_to(package)
        if path.suffix in (".py", ".toml") and place.parts[0] not in _NOT_SIMULATED:
            _tag(digest, place.as_posix(), path.read_bytes())
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    _tag(digest, "libraries", repr((versions, platform.python_version_tuple()[:2])).encode())
    x = np.linspace(0.0009765625, 7.0, 4001)
    for found in (np.exp(-x), np.log(x), np.sin(x), np.cos(x), np.hypot(x, 1.0), x**1.7, ndtri(x / 7.001)):
        _tag(digest, "arithmetic", np.asarray(found, dtype="<f8").tobytes())
    return digest.hexdigest()
