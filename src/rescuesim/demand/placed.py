"""Positions of a table's rows in WGS84, in the system that is declared or that the file states."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._tables import TextTable, declared_crs
from rescuesim.errors import Fault
from rescuesim.network.coordinates.crs import check_crs, read_positions

__all__ = ["placed_rows"]


def placed_rows(
    table: TextTable, frame: pd.DataFrame, crs: str | None
) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64], list[Fault]]:
    """Turn the ``lon`` and ``lat`` of checked rows into WGS84 degrees.

    Parameters
    ----------
    table : TextTable
        Its notes say what is taken without being declared.
    frame : DataFrame
        Rows without a fault so far.
    crs : str or None
        Declared system; if None the one that the file states, else WGS84.

    Returns
    -------
    frame : DataFrame
        The rows that lie on Earth.
    lon, lat : ndarray of float64, one a row
    faults : list of Fault
    """
    if crs is not None:
        check_crs(crs)  # an empty or unknown one is a mistake of the caller, whatever the file states
    code, faults = declared_crs(table, crs)
    if faults or frame.empty:
        return frame.iloc[:0], np.zeros(0), np.zeros(0), faults
    return read_positions(table, frame, code)
