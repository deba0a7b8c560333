from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rescuesim.errors import DataFileError, InputError
from rescuesim.simulation.ensemble.parts import (
    claimed,
    part_bytes,
    part_name,
    read_content,
    read_part,
    remove_left_over,
    write_part,
)

KEY = "0123456789abcdef0123456789abcdef"


def frame() -> pd.DataFrame:
    outcome = pd.Categorical.from_codes([1, 0, 1], categories=pd.Index(["unused", "handled"], dtype=str))
    return pd.DataFrame(
        {
            "replication": np.array([4, 4, 5]),
            "at_s": [0.1, np.nan, np.inf],
            "redispatched": np.array([0, 1, 2], dtype=np.int32),
            "genuine": [True, False, True],
            "outcome": outcome,
            "township": ["杉坑乡", "", "a,b"],
        }
    )


def written(folder, data=None):
    path = folder / part_name("records", KEY)
    write_part(path, part_bytes(frame(), table="records", key=KEY, tables=["records"]) if data is None else data)
    return path


def test_a_part_is_read_as_it_was_written_with_its_unused_categories(tmp_path):
    found = read_part(written(tmp_path), table="records", key=KEY)
    pd.testing.assert_frame_equal(found, frame())
    assert found["outcome"].cat.categories.tolist() == ["unused", "handled"]


def test_the_same_table_gives_the_same_bytes_and_no_time_or_version_of_pandas():
    one, other = (part_bytes(frame(), table="records", key=KEY, tables=["records"]) for _ in range(2))
    assert one == other
    assert b"pandas" not in pq.read_schema(io.BytesIO(one)).metadata


def test_a_truncated_or_changed_part_is_never_read(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    for length in (0, 3, 7, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(DataFileError):
            read_part(path, table="records", key=KEY)
    for place in range(4, len(whole) - 4, 11):
        changed = bytearray(whole)
        changed[place] ^= 0x10
        path.write_bytes(bytes(changed))
        try:
            found = read_part(path, table="records", key=KEY)
        except DataFileError:
            continue
        pd.testing.assert_frame_equal(found, frame())  # a byte that holds no value, such as a statistic


def test_a_part_under_another_name_is_refused(tmp_path):
    path = written(tmp_path)
    with pytest.raises(DataFileError, match="something else"):
        read_part(path, table="records", key=KEY[::-1])
    with pytest.raises(DataFileError, match="something else"):
        read_content(path, table="unit_records", key=KEY)
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(DataFileError, match="something else"):
        read_part(path, table="records", key=KEY)
    with pytest.raises(DataFileError, match="does not exist"):
        read_part(tmp_path / "none.parquet", table="records", key=KEY)


def test_values_that_are_not_those_of_the_content_hash_are_refused(tmp_path):
    path = written(tmp_path)
    table = pq.read_table(path)
    metadata = table.schema.metadata
    other = table.set_column(0, "replication", [[4, 4, 6]]).replace_schema_metadata(metadata)
    pq.write_table(other, path)
    with pytest.raises(DataFileError, match="not those that its content hash"):
        read_part(path, table="records", key=KEY)


def test_a_file_is_there_whole_or_not_at_all_and_what_is_left_over_is_removed(tmp_path, monkeypatch):
    class Killed(BaseException):
        """Stands for a kill: nothing after it runs."""

    def killed(*_, **__):
        raise Killed

    monkeypatch.setattr("os.fsync", killed)
    monkeypatch.setattr("pathlib.Path.unlink", killed)
    with pytest.raises(Killed):
        written(tmp_path)
    monkeypatch.undo()
    left = list(tmp_path.iterdir())
    assert len(left) == 1
    assert left[0].name.endswith(".part")
    assert remove_left_over(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_claimed_by_one_run_at_a_time(tmp_path):
    with (
        claimed(tmp_path / "out"),
        pytest.raises(InputError, match="another run is writing there"),
        claimed(tmp_path / "out"),
    ):
        pass
    with claimed(tmp_path / "out"):
        assert (tmp_path / "out").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFileError, match="cannot be written"), claimed(tmp_path / "file"):
        pass
