"""The capacity of sites: read under its names, without limit where none is given, and said so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescuesim.candidates import load_sites
from rescuesim.errors import InputError


def table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.4], "lat": [28.7, 28.8], **columns})


def test_a_capacity_that_is_not_given_is_no_limit_and_is_noted() -> None:
    sites = load_sites(table(容量=[500, None]))
    assert sites.capacity.tolist() == [500.0, np.inf]
    assert any("capacity" in note and "no limit" in note for note in sites.notes)
    assert sites.to_frame()["capacity"].isna().tolist() == [False, True]
    assert load_sites(sites.to_frame()).capacity.tolist() == [500.0, np.inf]


def test_a_negative_capacity_is_refused() -> None:
    with pytest.raises(InputError, match="capacity"):
        load_sites(table(capacity=[500, -1]))
