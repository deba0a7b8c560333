"""Tables: every fault at once with its place, encodings, defaults said aloud."""

from __future__ import annotations

import pickle
from pathlib import Path

import pandas as pd
import pytest

from rescuesim._words import Note, in_language
from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import DataFileError, InputError

GOOD = "id,name,lon,lat,zone,people\nv1,上村,119.3,28.7,suburb,820\nv2,下村,119.31,28.71,rural,40\n"


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "demand.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_names_are_read_in_every_encoding_a_bureau_uses(tmp_path: Path, encoding: str) -> None:
    demand = load_demand(write(tmp_path, GOOD, encoding))
    assert demand.names == ("上村", "下村")
    assert any("GB18030" in note for note in demand.notes) == (encoding == "gb18030")


def test_all_faults_are_reported_at_once_with_row_column_value_and_expectation(tmp_path: Path) -> None:
    bad = (
        "id,lon,lat,zone,people\n"
        "v1,119.3,28.7,bilt_up,-3\n"
        "v1,119.3,north,suburb,10\n"
        ",119.3,28.7,suburb,\n"
        "v4,nan,28.7,suburb,inf\n"
    )
    with pytest.raises(InputError) as caught:
        load_demand(write(tmp_path, bad))
    found = {(fault.row, fault.column) for fault in caught.value.faults}
    assert found == {(2, "zone"), (2, "people"), (3, "lat"), (3, "id"), (4, "id"), (5, "lon"), (5, "people")}
    message = str(caught.value)
    assert "demand.csv, row 2, column people: '-3', expected a number of 0 or more" in message
    assert "did you mean built_up?" in message
    assert "it stands in row 2 too" in message


def test_a_people_cell_that_is_empty_in_a_filled_column_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="row 3, column people: '', expected a number of 0 or more, or no people column"
    ):
        load_demand(write(tmp_path, "id,lon,lat,people\na,119,28,5\nb,119,28,\n"))


def test_defaults_are_said_aloud_and_codes_stay_text() -> None:
    demand = load_demand(pd.DataFrame({"id": ["007", "8"], "lon": [119.3, 119.4], "lat": [28.7, 28.8]}))
    assert demand.ids == ("007", "8")
    assert demand.people.tolist() == [1, 1]
    said = " ".join(demand.notes)
    for word in ("people", "weight", "calls_per_year", "zone", "kind"):
        assert f"{word} not given" in said
    sites = load_sites(
        pd.DataFrame({"id": ["a", "b"], "lon": [119.3] * 2, "lat": [28.7] * 2, "status": ["existing", ""]})
    )
    assert sites.cost.tolist() == [0, 1]
    assert sites.statuses == ("existing", "candidate")
    assert "status not given in 1 of 2 rows: candidate" in " ".join(sites.notes)


def test_people_calls_and_weight_are_three_numbers() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "lon": [119.3] * 2,
            "lat": [28.7] * 2,
            "people": [10, 20],
            "weight": [None, 7],
            "calls_per_year": [3, None],
        }
    )
    demand = load_demand(frame)
    assert demand.weights.tolist() == [10, 7]
    assert demand.calls_given.tolist() == [True, False]
    again = load_demand(demand.to_frame())
    assert again.weights.tolist() == demand.weights.tolist()
    assert again.calls_given.tolist() == demand.calls_given.tolist()


def test_projected_coordinates_come_back_as_wgs84() -> None:
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True).transform(119.3, 28.7)
    demand = load_demand(pd.DataFrame({"id": ["a"], "lon": [x], "lat": [y]}), crs="EPSG:4549")
    frame = demand.to_frame()
    assert (frame["lon"][0], frame["lat"][0]) == (pytest.approx(119.3, abs=1e-7), pytest.approx(28.7, abs=1e-7))
    assert "lon" in load_sites(pd.DataFrame({"id": ["a"], "lon": [119.3], "lat": [28.7]})).to_frame()


@pytest.mark.parametrize("crs", ["gcj", "EPSG:1", "", "EPSG:999999"])
def test_an_unknown_coordinate_system_is_refused(crs: str) -> None:
    with pytest.raises(InputError, match="expected"):
        load_demand(pd.DataFrame({"id": ["a"], "lon": [1.0], "lat": [2.0]}), crs=crs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("id,lon,lat\n", "at least one row"),
        ("id,lon,lat\n\n\n", "at least one row"),
        ("name,lon\na,1\n", "column id: expected a column of this name"),
        ("id,lon,lat,lat\na,1,2,3\n", "each column once"),
        ("id,lon,lat\na,1,2,3,4\n", "row 2: expected 3 cells as in the header, not 5"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_demand(write(tmp_path, text))


def test_files_that_are_no_text_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="no such file"):
        load_demand(tmp_path / "absent.csv")
    with pytest.raises(DataFileError, match=r"expected a \.csv file"):
        load_demand(write(tmp_path, GOOD, name="demand.xyz"))
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"id,lon,lat\n\xff\xff\xff\x00")
    with pytest.raises(DataFileError, match=r"UTF-8 or GB18030|zero bytes"):
        load_demand(binary)


def test_blank_rows_keep_the_numbers_of_the_rows_below(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 4, column lon"):
        load_demand(write(tmp_path, "id,lon,lat\na,1,2\n\nb,x,2\n"))


def test_full_width_digits_are_digits_and_other_odd_numbers_are_faults(tmp_path: Path) -> None:
    assert load_demand(write(tmp_path, "id,lon,lat,people\na,119.3,28.7,１２００\n")).people.tolist() == [1200]
    for odd in ("1_000", "1,2", "0x10", "千"):
        with pytest.raises(InputError, match="expected a number of 0 or more"):
            load_demand(write(tmp_path, f'id,lon,lat,people\na,119.3,28.7,"{odd}"\n'))


def test_a_quotation_mark_that_is_never_closed_is_a_fault_and_swallows_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 2: expected cells with their quotation marks closed"):
        load_demand(write(tmp_path, 'id,lon,lat,name\na,119,28,"Foo\nb,119,28,Bar\n'))
    with pytest.raises(InputError, match="row 2: expected cells"):
        load_demand(write(tmp_path, 'id,lon,lat,name\na,119,28,"' + "x" * 200_000))


def test_rows_after_a_blank_line_and_a_cell_of_two_lines_keep_their_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 5, column lon"):
        load_demand(write(tmp_path, '\nid,lon,lat,name\na,119,28,"上\n村"\nb,x,28,下村\n'))


def test_columns_that_look_misspelt_are_faults_and_others_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 1, column poeple: .* a known column; did you mean people\?"):
        load_demand(write(tmp_path, "id,lon,lat,poeple\na,119,28,5\n"))
    demand = load_demand(write(tmp_path, "id,lon,lat,备注\na,119,28,无\n"))
    assert "demand.csv: columns not read: 备注" in demand.notes


def test_places_that_are_not_on_earth_are_faults(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 2, column lat: '119', expected a place on Earth; lon and lat look"):
        load_demand(write(tmp_path, "id,lon,lat\na,28,119\nb,119,28\n"))
    with pytest.raises(InputError, match="row 2, column lon: '1e12', expected a place on Earth; check the declared"):
        load_demand(write(tmp_path, "id,lon,lat\na,1e12,3000000\n"), crs="EPSG:4549")


def test_notes_know_their_chinese() -> None:
    demand = load_demand(pd.DataFrame({"id": ["a"], "lon": [119.3], "lat": [28.7]}))
    said = [in_language(note, "zh") for note in demand.notes]
    assert "demand table：1 行中 1 行未给出 weight，取人口" in said
    assert all(pickle.loads(pickle.dumps(note)).zh == note.zh for note in demand.notes if isinstance(note, Note))
