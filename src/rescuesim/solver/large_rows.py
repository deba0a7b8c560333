"""Rows of large whole factors, such as sums of money to the cent, which a solver in floating point cannot hold exactly.

Such a row is scaled to factors of at most 1 and widened by what the solver may not tell apart. An assignment that then
breaks the row as it was asked is cut off, and the program is solved again: what comes out keeps every row exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack

from rescuesim.solver.mixed_program import MixedProgram

__all__ = ["Tamed", "tamed"]

_LARGE = 1e6  # a variable that is whole to 1e-6 may be off by a whole unit of such a factor
_WIDER = 2e-6  # of the largest factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Tamed:
    """A program that a solver can hold, and the rows that are to be looked at again.

    Parameters
    ----------
    program : MixedProgram
    asked : MixedProgram
        As it was.
    large : ndarray of int64
        Its rows that were scaled.
    """

    program: MixedProgram
    asked: MixedProgram
    large: NDArray[np.int64]

    def without(self, x: NDArray[np.float64]) -> Tamed | None:
        """Cut off an assignment that breaks a large row; None if it keeps them all.

        Parameters
        ----------
        x : ndarray of float64, shape (n_variables,)
            Whole variables are whole.
        """
        rows, program = csr_array(self.asked.rows[self.large]), self.program
        activity = rows @ x
        over, under = activity > self.asked.upper[self.large], activity < self.asked.lower[self.large]
        cuts, least = [], []
        for row in np.flatnonzero(over | under).tolist():
            columns = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
            factors = rows.data[rows.indptr[row] : rows.indptr[row + 1]]
            on = x[columns] > 0.5
            # some variable must change in the direction that helps this row
            helps = (factors > 0) == (on if over[row] else ~on)
            cut = np.zeros(program.n_variables)
            cut[columns[helps]] = np.where(on[helps], -1.0, 1.0)
            cuts.append(cut)
            least.append(1.0 - float(on[helps].sum()))
        if not cuts:
            return None
        more = replace(
            program,
            rows=csr_array(vstack([program.rows, csr_array(np.array(cuts))])),
            lower=np.concatenate([program.lower, least]),
            upper=np.concatenate([program.upper, np.full(len(cuts), np.inf)]),
        )
        return replace(self, program=more)


def tamed(program: MixedProgram) -> Tamed:
    """Scale and widen the rows of large whole factors over variables of 0 and 1.

    Parameters
    ----------
    program : MixedProgram

    Returns
    -------
    Tamed

    Examples
    --------
    >>> rows = csr_array(np.array([[5e8, 4e8], [1.0, 2.0]]))
    >>> program = MixedProgram(objective=np.ones(2), rows=rows, lower=np.full(2, -np.inf), upper=np.array([5e8, 2.0]),
    ...     low=np.zeros(2), high=np.ones(2), whole=np.array([True, True]))
    >>> tamed(program).program.rows.toarray().tolist()
    [[1.0, 0.8], [1.0, 2.0]]
    """
    rows = csr_array(program.rows)
    largest = np.asarray(abs(rows).max(axis=1).toarray()).ravel() if rows.nnz else np.zeros(rows.shape[0])
    binary = program.whole & (program.low >= 0) & (program.high <= 1)
    plain = (rows.data == np.rint(rows.data)) & binary[rows.indices]
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    odd = np.bincount(row, weights=~plain, minlength=rows.shape[0])
    large = np.flatnonzero((largest > _LARGE) & (odd == 0))
    if not len(large):
        return Tamed(program=program, asked=program, large=large)
    scale, wider = np.ones(rows.shape[0]), np.zeros(rows.shape[0])
    scale[large], wider[large] = 1.0 / largest[large], _WIDER
    scaled = replace(
        program,
        rows=csr_array(diags_array(scale) @ rows),
        lower=program.lower * scale - wider,
        upper=program.upper * scale + wider,
    )
    return Tamed(program=scaled, asked=program, large=large)
