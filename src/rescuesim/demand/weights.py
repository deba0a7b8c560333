"""Planning weights from a formula that stands in the file (R09); calls are never touched."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables import parse_number, read_text_table
from rescuesim._words import Note
from rescuesim.demand.combine import by_id
from rescuesim.demand.points import DEMAND_COLUMNS, DEMAND_KINDS, DemandPoints
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.standard import ZONES

__all__ = ["Formula", "parse_formula", "weigh"]

Array = NDArray[np.float64]
_MOST_CHARACTERS = 1000
_MOST_DEPTH = 50
_OPERATORS: Mapping[type[ast.operator], Callable[[Array, Array], Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_SIGNS: Mapping[type[ast.unaryop], Callable[[Array], Array]] = {ast.UAdd: np.positive, ast.USub: np.negative}
_ONE: Mapping[str, Callable[[Array], Array]] = {"sqrt": np.sqrt, "log": np.log}
_MANY: Mapping[str, Callable[[Array, Array], Array]] = {"min": np.minimum, "max": np.maximum}
_WORDS = "numbers, names of columns, + - * / ** ( ) and min, max, sqrt, log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula that was read and found to hold nothing but arithmetic.

    Attributes
    ----------
    text : str
    names : tuple of str
        Columns that it names, in order of appearance.
    tree : ast.expr
    """

    text: str
    names: tuple[str, ...]
    tree: ast.expr

    def evaluate(self, columns: Mapping[str, Array], size: int) -> Array:
        """Work the formula out, row by row.

        Parameters
        ----------
        columns : mapping of str to ndarray of float64, shape (size,)
        size : int

        Returns
        -------
        ndarray of float64, shape (size,)
            Not finite where arithmetic fails, as in 1/0; nothing is raised.
        """
        with np.errstate(all="ignore"):
            return np.array(np.broadcast_to(_value(self.tree, columns), (size,)), dtype=np.float64)


def parse_formula(text: str) -> Formula:
    """Read a formula of numbers, names, ``+ - * / **``, brackets and ``min max sqrt log``.

    Parameters
    ----------
    text : str
        Full-width characters count as plain ones.

    Returns
    -------
    Formula

    Raises
    ------
    InputError
        With everything in it that is not arithmetic. Nothing of the text is ever run as a program.

    Examples
    --------
    >>> parse_formula("people * (1 + 0.5*hazard) + 2*vulnerable").names
    ('people', 'hazard', 'vulnerable')
    """
    plain = unicodedata.normalize("NFKC", str(text)).strip()
    if not plain or len(plain) > _MOST_CHARACTERS:
        raise InputError([_fault(text[:60], f"a formula of 1 to {_MOST_CHARACTERS} characters")])
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        at = f" near character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise InputError([_fault(plain, f"a formula of {_WORDS}; it cannot be read{at}")]) from None
    names: dict[str, None] = {}
    faults = _check(tree, names, 0)
    if faults:
        raise InputError(faults)
    return Formula(text=plain, names=tuple(names), tree=tree)


def _fault(value: str, expected: str) -> Fault:
    return Fault(file="formula", column="weight", value=value, expected=expected)


def _check(node: ast.expr, names: dict[str, None], depth: int) -> list[Fault]:
    """Find what is not arithmetic; collect the names."""
    if depth > _MOST_DEPTH:
        return [_fault(ast.dump(node)[:40], f"brackets at most {_MOST_DEPTH} deep")]
    if isinstance(node, ast.Constant):
        right = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
        return [] if right else [_fault(repr(node.value), "a number")]
    if isinstance(node, ast.Name):
        names.setdefault(node.id)
        return []
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _check(node.left, names, depth + 1) + _check(node.right, names, depth + 1)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _SIGNS:
        return _check(node.operand, names, depth + 1)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        name, given = node.func.id, len(node.args)
        if name not in _ONE and name not in _MANY:
            return [_fault(name, nearest_name(name, [*_ONE, *_MANY]))]
        if given != 1 if name in _ONE else given < 2:
            return [_fault(f"{name} of {given}", "one value" if name in _ONE else "two values or more")]
        return [fault for part in node.args for fault in _check(part, names, depth + 1)]
    try:
        return [_fault(ast.unparse(node)[:60], _WORDS)]
    except RecursionError:
        return [_fault(type(node).__name__, _WORDS)]


def _value(node: ast.expr, columns: Mapping[str, Array]) -> Array:
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, (int, float))
        try:
            return np.array(float(node.value))  # floats, so that 9 ** 9 ** 9 is infinite at once
        except OverflowError:
            return np.array(np.inf)
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        return _SIGNS[type(node.op)](_value(node.operand, columns))
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    parts = [_value(part, columns) for part in node.args]
    if node.func.id in _ONE:
        return _ONE[node.func.id](parts[0])
    value = parts[0]
    for part in parts[1:]:
        value = _MANY[node.func.id](value, part)
    return value


def weigh(demand: DemandPoints, formula: str, *, columns: Path | str | pd.DataFrame | None = None) -> DemandPoints:
    """Set the planning weight of each point by a formula.

    Parameters
    ----------
    demand : DemandPoints
    formula : str
        Arithmetic over columns, see `parse_formula`. Besides the columns of the table it may name ``people``,
        ``calls_per_year`` (where every point has it), each kind and each zone: 1 where a point is of it, else 0.
        A column of the table goes before a word of these, but ``people`` is always that of the points.
    columns : path or DataFrame, optional
        Table with ``id`` and columns of numbers such as ``hazard`` or ``gdp``; one row for each point.

    Returns
    -------
    DemandPoints
        With other `weights`. People and calls stay: what siting maximises says nothing of how often it burns.

    Raises
    ------
    InputError
        With every name that is no column, every cell that is no number, and every point whose weight would be
        negative or not finite.

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> frame = pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.4], "lat": [28.7, 28.8], "people": [100, 50],
    ...                       "kind": ["residential", "school"]})
    >>> risk = pd.DataFrame({"id": ["b", "a"], "hazard": [0.5, 1]})
    >>> weigh(load_demand(frame), "people * (1 + hazard) + 30 * school", columns=risk).weights.tolist()
    [200.0, 105.0]
    """
    parsed = parse_formula(formula)
    known, faults, label = _columns(demand, parsed, columns)
    if faults:
        raise InputError(faults)
    weights = parsed.evaluate(known, len(demand))
    rows = demand.rows or (None,) * len(demand)
    for at in np.flatnonzero(~(np.isfinite(weights) & (weights >= 0))).tolist():
        values = ", ".join(f"{name} {known[name][at]:g}" for name in parsed.names)
        value = f"{demand.ids[at]}: {weights[at]:g}" + (f" from {values}" if values else "")
        faults.append(
            Fault(
                file=demand.source, row=rows[at], column="weight", value=value, expected="a finite weight of 0 or more"
            )
        )
    if not faults and not (weights > 0).any():
        faults.append(_fault(parsed.text, "a weight above 0 for at least one point"))
    if faults:
        raise InputError(faults)
    of = f", columns of {label}" if label else ""
    en = f"{demand.source}: weight = {parsed.text}{of}; calls do not follow it"
    note = Note(en, f"{demand.source}：权重 = {parsed.text}{'，列取自 ' + label if label else ''}；呼叫量不随权重变化")
    return replace(demand, weights=weights, notes=(*demand.notes, note))


def _columns(
    demand: DemandPoints, formula: Formula, source: Path | str | pd.DataFrame | None
) -> tuple[dict[str, Array], list[Fault], str]:
    """Return the columns that the formula names, in the order of the points."""
    own: dict[str, Array] = {"people": demand.people}
    if demand.calls_given.all():
        own["calls_per_year"] = demand.calls_per_year
    for words, of in ((DEMAND_KINDS, demand.kinds), (ZONES, demand.zones)):
        own |= {word: np.array([one == word for one in of], dtype=np.float64) for word in words}
    found, faults, label, listed = {}, list[Fault](), "", list[str]()
    if source is not None:
        table = read_text_table(source, label="table of columns", columns=DEMAND_COLUMNS)
        label = table.label
        names = [unicodedata.normalize("NFKC", str(name)).strip() for name in table.frame.columns]
        key = "id"
        if key not in names:
            expected = f"a column id with one row for each demand point; there are {', '.join(names)}"
            return own, [Fault(file=label, column="id", expected=expected)], label
        ids = [str(cell) for cell in table.frame.iloc[:, names.index(key)]]
        rows = [int(str(row)) for row in table.frame.index]
        faults += (
            [
                Fault(file=label, row=rows[at], column=key, value=id_, expected="each id once")
                for at, id_ in enumerate(ids)
                if id_ in ids[:at]
            ]
            if len(set(ids)) < len(ids)
            else []
        )
        at, missing = by_id(demand, ids, file=label, rows=rows)
        faults += missing
        # a column that is known may be named as it stands in the file, too
        known = {unicodedata.normalize("NFKC", header).strip(): name for name, header in table.written.items()}
        listed = [name for name in (*names, *known) if name != key]
        for name in formula.names:
            if name in listed and known.get(name, name) != "people":
                at_column = names.index(known.get(name, name))
                values, wrong = _numbers(list(table.frame.iloc[:, at_column]), rows, name, label)
                faults += wrong
                found[name] = values[at]
    for name in formula.names:
        if name not in found and name not in own:
            faults.append(_fault(name, f"a column, {nearest_name(name, {*listed, 'people', 'calls_per_year', *own})}"))
    return own | found, faults, label if found else ""


def _numbers(cells: list[str], rows: list[int], name: str, label: str) -> tuple[Array, list[Fault]]:
    values, faults = np.zeros(len(cells)), []
    for at, cell in enumerate(cells):
        try:
            values[at] = parse_number(str(cell))
        except ValueError:
            values[at] = np.nan
        if not np.isfinite(values[at]):
            expected = "a finite number, as the formula names the column"
            faults.append(Fault(file=label, row=rows[at], column=name, value=str(cell), expected=expected))
    return values, faults
