"""Orders are kept by content, and a damaged one is made anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from placed_points import places

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network import RoadNetwork
from rescuesim.travel import SplitGraph, travel_times
from rescuesim.travel.contraction import structure


@pytest.fixture
def graph(guixi: RoadNetwork) -> SplitGraph:
    sites, demand = load_sites(places(guixi, 4, 1, "s")), load_demand(places(guixi, 8, 2, "d"))
    graph = travel_times(guixi, sites, demand).graph
    assert graph is not None
    return graph


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESCUESIM_CACHE", str(tmp_path))
    return tmp_path / "orders"


def test_an_order_is_kept_and_found_again(graph: SplitGraph, orders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = structure.contraction_structure(graph)
    assert len(list(orders.glob("*.npy"))) == 1

    def never(*_: object) -> None:
        raise AssertionError("the order was in the cache")

    monkeypatch.setattr(structure, "elimination_order", never)
    again = structure.contraction_structure(graph)
    assert again.elimination.rank.tolist() == made.elimination.rank.tolist()
    assert again.arc_of_piece.tolist() == made.arc_of_piece.tolist()


@pytest.mark.parametrize("damage", [b"", b"no array", np.arange(3, dtype=np.int32).tobytes()])
def test_a_damaged_order_is_made_anew(graph: SplitGraph, orders: Path, damage: bytes) -> None:
    made = structure.contraction_structure(graph)
    (kept,) = orders.glob("*.npy")
    whole = kept.read_bytes()
    kept.write_bytes(damage)
    assert structure.contraction_structure(graph).elimination.rank.tolist() == made.elimination.rank.tolist()
    assert kept.read_bytes() == whole


def test_an_order_of_other_nodes_is_not_taken(graph: SplitGraph, orders: Path) -> None:
    structure.contraction_structure(graph)
    (kept,) = orders.glob("*.npy")
    np.save(kept, np.zeros(graph.n_nodes, dtype=np.int32))
    rank = structure.contraction_structure(graph).elimination.rank
    assert sorted(rank.tolist()) == list(range(graph.n_nodes))


def test_a_cache_that_cannot_be_written_changes_nothing(
    graph: SplitGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("RESCUESIM_CACHE", str(in_the_way))
    assert structure.contraction_structure(graph).elimination.n_nodes == graph.n_nodes


def test_old_orders_go_first(graph: SplitGraph, orders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "_MOST_KEPT", 2)
    orders.mkdir(parents=True)
    for number in range(4):
        np.save(orders / f"old{number}.npy", np.arange(3))
    structure.contraction_structure(graph)
    assert len(list(orders.glob("*.npy"))) == 2
