"""A comparison made by hand on the streets of the small town, for the tests of what is drawn and written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from rescuesim.plan import Plan, PlanSite
from rescuesim.standard import load_standard

HOSTILE = "<script>document.title='owned'</script>"
BROKEN = "暴雨断路断网"
CONDITIONS = ("intact", BROKEN)
_NAMES = ("桥头村", HOSTILE, "王家村", "岭下村")
_TOWNSHIPS = ("城关镇", "城关镇", "溪口乡", "溪口乡")
_ZONES = ("built_up", "suburb", "dense_rural", "rural")
_PEOPLE = (5200.0, 800.0, 1200.0, 90.0)
_STAGES = ("answering", "order", "queueing", "alerting", "turnout", "travel", "set_up", "total")
_HEAD = ["condition", "plan", "figure", "counted", "value", "low", "high", "n"]


def plans() -> dict[str, Plan]:
    """Today's one site, and a plan that adds another whose name is hostile too."""
    station = PlanSite(
        id="s1", name="城区站", crew="brigade", status="existing", units=3, lon=119.301, lat=28.7, township="城关镇"
    )
    added = PlanSite(
        id="s2", name="溪口<b>站", crew="micro_station", status="candidate", units=1, lon=119.32, lat=28.71
    )
    return {"today": Plan(name="today", sites=(station,)), "plan": Plan(name="plan", sites=(station, added))}


def points(condition: str, plan: str) -> pd.DataFrame:
    """Four points: covered, too far (or on a closed road), covered by the plan alone, without a standard."""
    broken, planned = condition == BROKEN, plan == "plan"
    return pd.DataFrame(
        {
            "condition": condition,
            "plan": plan,
            "id": ["d1", "d2", "d3", "d4"],
            "name": _NAMES,
            "township": _TOWNSHIPS,
            "zone": _ZONES,
            "people": _PEOPLE,
            "lon": [119.302, 119.309, 119.325, 119.305],
            "lat": [28.7, 28.706, 28.7095, 28.709],
            "covered": [True, False, planned, False],
            "nearest_site": ["s1", "" if broken else "s1", "s2" if planned else "s1", "s1"],
            "nearest_s": [60.0, np.inf if broken else 700.4, 90.0 if planned else 820.0, 300.0],
            "limit_s": [110.0, 650.0, 638.0, -np.inf],
            "reason": ["", "road_closed" if broken else "limit", "" if planned else "limit", "not_in_standard"],
            "available": [0.95, 0.0, 0.8 if planned else 0.0, 0.0],
            "calls": [60, 10, 16, 0],
            "attainment": [1.0, 0.2, 0.5, np.nan],
        }
    )


def headline(condition: str, plan: str) -> list[tuple[Any, ...]]:
    """Static figures without intervals, and an attainment of 1 by calls on normal days of the plan."""
    head, better = (condition, plan), 0.2 if plan == "plan" else 0.0
    perfect = plan == "plan" and condition == "intact"
    return [
        (*head, "built_coverage", "people", 0.99996 if perfect else 0.7 + better, np.nan, np.nan, 7200.0),
        (*head, "built_coverage", "points", 0.33 + better, np.nan, np.nan, 3.0),
        (*head, "available_coverage", "people", 0.6 + better, np.nan, np.nan, 7200.0),
        (*head, "attainment", "calls", 1.0 if perfect else 0.6, 0.52, 1.0 if perfect else 0.68, 86.0),
        (*head, "attainment", "people", 0.55 + better, 0.5, 0.9, 7200.0),
    ]


def comparison() -> Any:
    """Put the comparison together."""
    pairs = [(condition, plan) for condition in CONDITIONS for plan in plans()]
    differences = [
        (c, "plan", "today", f, n, 0.2, low, high, reps)
        for c in CONDITIONS
        for f, n, low, high, reps in (
            ("built_coverage", "people", np.nan, np.nan, 0),
            ("attainment", "calls", 0.1134, 0.29, 40),
        )
    ]
    townships = [
        (c, p, t, people, 0.5, 0.4, 1.0 if t == "城关镇" else np.nan, calls)
        for c, p in pairs
        for t, people, calls in (("城关镇", 6000.0, 70), ("溪口乡", 1290.0, 0))
    ]
    stages = [
        (c, p, s, np.nan if s == "queueing" else 30.0, np.nan if s == "queueing" else 60.0, 33.0, 71.0, n)
        for c, p in pairs
        for s in _STAGES
        for n in (86 if c == "intact" else 49,)
    ]
    zones = [
        (c, p, z, people, 0.5, 0.4, 0.6, 0.5, 0.7, 43)
        for c, p in pairs
        for z, people in (("built_up", 5200.0), ("suburb", 800.0), ("dense_rural", 1200.0))
    ]
    kept = [
        (c, p, "quick_rescue_135", s, since, limit, 86, 60, 0.6976, 0.6, 0.79, 26, alone, s == "handling")
        for c, p in pairs
        for s, since, limit, alone in (
            ("answered", "arrived", 60.0, 0),
            ("rolling", "arrived", 180.0, 2),
            ("handling", "arrived", 300.0, 20),
            ("all", "", np.nan, 0),
        )
    ]
    phases = [
        (BROKEN, p, name, 0.0, 21600.0, calls, 10, 0.2, 0.1, 0.3, 400.0, np.inf if calls > 50 else np.nan, "no_road")
        for p in plans()
        for name, calls in (("first_6_h", 60), ("6_to_24_h", 26), ("before_impact", 0))
    ]
    misses = [(BROKEN, p, r, k, k / 86) for p in plans() for r, k in (("travel", 20), ("lost", 3), ("flooded_gate", 1))]
    return SimpleNamespace(
        plans=plans(),
        conditions=CONDITIONS,
        standard=load_standard(),
        headline=pd.DataFrame([row for pair in pairs for row in headline(*pair)], columns=_HEAD),
        differences=pd.DataFrame(
            differences,
            columns=["condition", "plan", "baseline", "figure", "counted", "difference", "low", "high", "replications"],
        ),
        townships=pd.DataFrame(
            townships,
            columns=[
                *("condition", "plan", "township", "people", "built_coverage", "available_coverage"),
                *("attainment", "calls"),
            ],
        ),
        zones=pd.DataFrame(
            zones,
            columns=[
                *("condition", "plan", "zone", "people", "built_coverage", "available_coverage"),
                *("attainment", "low", "high", "calls"),
            ],
        ),
        kept=pd.DataFrame(
            kept,
            columns=[
                *("condition", "plan", "reading", "stage", "since", "limit_s", "calls", "kept", "share", "low", "high"),
                *("missed", "missed_alone", "binding"),
            ],
        ),
        phases=pd.DataFrame(
            phases,
            columns=[
                *("condition", "plan", "phase", "from_s", "until_s", "calls", "attained", "share", "low", "high"),
                *("p50_s", "p90_s", "reason"),
            ],
        ),
        stages=pd.DataFrame(
            stages,
            columns=[
                *("condition", "plan", "stage", "planned_p50_s", "planned_p90_s", "simulated_p50_s"),
                *("simulated_p90_s", "n"),
            ],
        ),
        points=pd.concat([points(*pair) for pair in pairs], ignore_index=True),
        misses=pd.DataFrame(misses, columns=["condition", "plan", "reason", "calls", "share"]),
        villages=pd.DataFrame(
            [
                (
                    *(BROKEN, "plan", "v1", "下村 <b>", "溪口乡", "suburb", 800.0, 9, 2, 2 / 9, 0.1, 0.5, 7),
                    *("on_scene", "arrived", 900.0, 5, "no_road", 0, 0, 4, 0, 3, 0),
                )
            ],
            columns=[
                *("condition", "plan", "id", "name", "township", "zone", "people", "calls", "attained", "share"),
                *("low", "high", "missed", "binding", "since", "limit_s", "missed_alone", "reason"),
                *("no_unit", "no_crew", "no_road", "no_message", "late", "other"),
            ],
        ),
        notes=("site table: cost not given for 2 of 2 sites: 1", "说明 <i>"),
    )
