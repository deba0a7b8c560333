"""Weights by formula: arithmetic only, joined by id, and never a way to change calls."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rescuesim.demand import DemandPoints, load_demand
from rescuesim.demand.weights import parse_formula, weigh
from rescuesim.errors import InputError


def points(**columns: object) -> DemandPoints:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "lon": 119.3, "lat": 28.7, "people": [100, 40, 0]})
    return load_demand(frame.assign(**columns))


RISK = pd.DataFrame({"id": ["c", "a", "b"], "hazard": [0.2, 1.0, 0.0], "gdp": [9, 16, 25], "灾害": [1, 2, 3]})


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("people * (1 + 0.5*hazard) + 2*gdp", lambda p, h, g: p * (1 + 0.5 * h) + 2 * g),
        (
            "sqrt(gdp) + max(people, 50) - min(people, 10, 20)",
            lambda p, h, g: math.sqrt(g) + max(p, 50) - min(p, 10, 20),
        ),
        ("-(-people) + +gdp ** 0.5 / 2", lambda p, h, g: p + g**0.5 / 2),
        ("log(1 + people) * 1e2 + 灾害 * 0 + 1", lambda p, h, g: math.log(1 + p) * 100 + 1),
        ("ｐｅｏｐｌｅ＊（１＋hazard）＋１", lambda p, h, g: p * (1 + h) + 1),
        ("2 ** 3 ** 2 - 500", lambda p, h, g: 12),
        ("residential * 3 + school + dense_rural", lambda p, h, g: 4),
    ],
)
def test_formulas_are_the_arithmetic_they_say(formula: str, expected: object) -> None:
    made = weigh(points(), formula, columns=RISK)
    by_row = RISK.set_index("id").loc[["a", "b", "c"]]
    wanted = [expected(p, h, g) for p, h, g in zip([100, 40, 0], by_row["hazard"], by_row["gdp"], strict=True)]  # type: ignore[operator]
    assert made.weights == pytest.approx(wanted)
    assert any(note.startswith("demand table: weight = ") for note in made.notes)


def test_people_and_calls_stay_whatever_the_weight() -> None:
    demand = points(calls_per_year=[1.0, 2.0, 3.0])
    made = weigh(demand, "people * 0 + 7")
    assert made.weights.tolist() == [7, 7, 7]
    assert np.array_equal(made.people, demand.people)
    assert np.array_equal(made.calls_per_year, demand.calls_per_year)
    assert weigh(demand, "calls_per_year").weights.tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="'calls_per_year', expected a column"):
        weigh(points(calls_per_year=[1.0, np.nan, 3.0]), "calls_per_year")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "people.__class__",
        "people[0]",
        "(lambda: 1)()",
        "[1 for x in people]",
        "people if 1 else 2",
        "people and gdp",
        "people > 3",
        "people // 3",
        "people % 3",
        "people @ people",
        "~people",
        "'people'",
        "True",
        "1j",
        "f'{people}'",
        "(people := 3)",
        "max(people)",
        "sqrt(1, 2)",
        "max(1, 2, key=people)",
        "max(*people)",
        "abs(people)",
        "exec(people)",
        "people +",
        "people; 1",
        "",
        "   ",
        "(" * 400 + "1" + ")" * 400,
        "-" * 900 + "1",
        "1+" * 2000 + "1",
        "\x00",
    ],
)
def test_whatever_is_not_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="formula"):
        parse_formula(text)


def test_a_giant_power_is_a_fault_and_not_a_frozen_machine() -> None:
    with pytest.raises(InputError, match="a finite weight of 0 or more"):
        weigh(points(), "9 ** 9 ** 9 ** 9")
    with pytest.raises(InputError, match="a finite weight of 0 or more"):
        weigh(points(), "1" + "0" * 500)


def test_unknown_columns_are_named_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        weigh(points(), "poeple + hazrd", columns=RISK)
    message = str(caught.value)
    assert "did you mean people?" in message
    assert "did you mean hazard?" in message


def test_results_that_are_no_weights_name_their_rows() -> None:
    with pytest.raises(InputError) as caught:
        weigh(points(), "people / (gdp - 16) - 3 * hazard", columns=RISK)
    assert [(fault.row, fault.value) for fault in caught.value.faults] == [
        (1, "a: inf from people 100, gdp 16, hazard 1"),
        (3, "c: -0.6 from people 0, gdp 9, hazard 0.2"),
    ]
    with pytest.raises(InputError, match="c: -inf from people 0"):
        weigh(points(), "log(people)")
    with pytest.raises(InputError, match="above 0 for at least one point"):
        weigh(points(), "people * 0")


def test_columns_are_joined_by_id_and_gaps_are_faults() -> None:
    with pytest.raises(InputError) as caught:
        weigh(
            points(),
            "hazard + people",
            columns=pd.DataFrame({"id": ["a", "b", "b", "x"], "hazard": ["1", "", "high", "2"]}),
        )
    found = {(fault.row, fault.column, fault.value) for fault in caught.value.faults}
    assert found == {
        (2, "hazard", ""), (3, "hazard", "high"), (3, "id", "b"), (4, "id", "x"), (None, "id", "c"),
    }  # fmt: skip
    with pytest.raises(InputError, match="a column id with one row"):
        weigh(points(), "hazard", columns=RISK.drop(columns="id"))
    chinese = RISK.rename(columns={"id": "编号"})
    assert weigh(points(), "灾害", columns=chinese).weights.tolist() == [2, 3, 1]
