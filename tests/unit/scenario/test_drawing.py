"""What a scenario draws where it says little: crews that are taken, and whom feeders and base stations supply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescuesim.candidates import load_sites
from rescuesim.network import RoadNetwork, load_network
from rescuesim.scenario.drawing import default_crews


@pytest.fixture(scope="module")
def network(town_file: object) -> RoadNetwork:
    return load_network(str(town_file))


def test_crews_that_nobody_listed_start_from_existing_sites_far_from_each_other(network: RoadNetwork) -> None:
    lon = np.array([119.300, 119.301, 119.330, 119.310, 119.305, 119.302])
    rows = {"id": [f"s{k}" for k in range(6)], "lon": lon, "lat": 28.705, "crew": "brigade"}
    status = ["existing", "existing", "existing", "existing", "candidate", "existing"]
    crews = default_crews(load_sites(pd.DataFrame({**rows, "status": status})), network)
    assert [crew.site for crew in crews] == ["s0", "s2", "s3", "s5"]
    assert {(crew.kind, crew.machines) for crew in crews} == {("road", 1)}
    none = load_sites(pd.DataFrame({**rows, "status": "candidate"}))
    assert default_crews(none, network) == ()
