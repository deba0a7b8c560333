"""Readers of published instances: traps of their formats, and files that are not what they say."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from conftest import shared_file
from instances import best_known, read_cap, read_network, read_places, read_pmed, read_scp, read_swain


def written(folder: Path, text: str) -> Path:
    path = folder / "instance.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_of_repeated_edges_the_last_one_counts_in_either_direction(tmp_path: Path) -> None:
    instance = read_pmed(written(tmp_path, "3 4 1\n1 2 5\n2 3 4\n2 1 9\n1 3 20"))
    assert instance.n_sites == 1
    assert instance.times.values.tolist() == [[0, 9, 13], [9, 0, 4], [13, 4, 0]]
    assert instance.times.demand.weights.tolist() == [1, 1, 1]


def test_columns_of_a_covering_file_are_counted_from_one(tmp_path: Path) -> None:
    instance = read_scp(written(tmp_path, "2 3\n4 5 6\n1\n3\n2\n1 2"))
    assert instance.cost.tolist() == [4, 5, 6]
    assert instance.covers.toarray().tolist() == [[0, 0, 1], [1, 1, 0]]


def test_costs_of_supply_are_those_of_all_of_the_demand(tmp_path: Path) -> None:
    times = read_cap(written(tmp_path, "2 1\n10 7.5\ncapacity 0\n4\n8 20"), capacity=3)
    assert times.values.tolist() == [[2.0], [5.0]]
    assert times.demand.weights.tolist() == [4.0]
    assert (times.sites.capacity.tolist(), times.sites.cost.tolist()) == ([10.0, 3.0], [7.5, 0.0])


def test_places_a_degree_apart_at_the_equator_are_so_far_apart(tmp_path: Path) -> None:
    text = "NAME : X\nDIMENSION : 2\nNODE_COORD_SECTION\n0 0\n0 1\nDEMAND_SECTION\n3\n4\nEOF"
    places = read_places(written(tmp_path, text))
    assert places.times().values[0, 1] == pytest.approx(6378137 * np.pi / 180)
    assert places.covering(111_000).covers.toarray().tolist() == [[1, 0], [0, 1]]
    assert places.covering(112_000).covers.toarray().tolist() == [[1, 1], [1, 1]]
    assert places.covering(1).weight.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (read_pmed, "3 2 1\n1 2 5"),
        (read_pmed, "3 1 1\n1 4 5"),
        (read_scp, "2 2\n1 1\n1 1\n1"),
        (read_cap, "1 1\n10 5\n4\n8 9"),
        (read_cap, "1 1\ncapacity 5\n4\n8"),
        (read_cap, "1 1\n10 5\n0\n8"),
        (read_places, "DIMENSION : 2\nNODE_COORD_SECTION\n0 0\nDEMAND_SECTION\n3\n4\nEOF"),
        (read_swain, "2\n1 0 0 5"),
    ],
)
def test_a_file_with_other_numbers_than_announced_is_refused(reader: object, text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"instance\.txt"):
        reader(written(tmp_path, text))  # type: ignore[operator]


def test_a_folder_without_its_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected best_known\.csv"):
        best_known(tmp_path)
    with pytest.raises(ValueError, match="0 files"):
        read_network(tmp_path)


@pytest.mark.shared
def test_the_tracts_are_joined_by_name() -> None:
    times = read_network(shared_file("bench/spopt_sf"))
    known = best_known(shared_file("bench/spopt_sf")).set_index("quantity")["value"]
    weights, best = times.demand.weights, np.inf
    for opened in itertools.combinations(range(len(times.sites)), 4):
        best = min(best, float((weights * times.values[list(opened)].min(axis=0)).sum()))
    assert best == pytest.approx(known["p-median p=4: weighted distance"], rel=1e-12)


@pytest.mark.shared
def test_every_shared_family_is_read_whole() -> None:
    for number, size, p in ((1, 100, 5), (5, 100, 33), (13, 300, 30)):
        instance = read_pmed(shared_file(f"bench/pmed/pmed{number}.txt"))
        assert (instance.times.values.shape, instance.n_sites) == ((size, size), p)
        assert np.isfinite(instance.times.values).all()
    assert read_scp(shared_file("bench/scp/scp41.txt")).covers.shape == (200, 1000)
    caps = read_cap(shared_file("bench/cap/cap81.txt"))
    assert (len(caps.sites), len(caps.demand)) == (25, 50)
    assert len(read_places(shared_file("bench/mclp_ails/Instancias/Bronx.txt"))) == 3839
    swain = read_swain(shared_file("bench/swain55/swain.txt"))
    assert (len(swain.sites), swain.demand.weights.sum()) == (55, 640)
    assert best_known(shared_file("bench/swain55"))["value"].notna().all()
