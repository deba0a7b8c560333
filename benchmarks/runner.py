"""What every benchmark shares: options, CPU-time medians, the table, and its place in RESULTS.md.

A benchmark compares with a named rival in the same run. ``ratio`` is the rival's median CPU time divided by
ours: above 1 we are faster. ``equal`` says whether both gave the same answer.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

RESULTS = Path(__file__).with_name("RESULTS.md")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison: case, rival, how many times slower the rival is, and whether both agree."""

    case: str
    rival: str
    ratio: float
    equal: bool
    ours_s: float
    rival_s: float


def cpu_median(run: Callable[[], Answer], *, repeats: int) -> tuple[float, Answer]:
    """Return the median CPU time of some runs, in seconds, and the last answer."""
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        answer = run()
        spent.append(time.process_time() - began)
    return statistics.median(spent), answer


def against(
    case: str,
    rival: str,
    ours: Callable[[], Answer],
    theirs: Callable[[], Answer],
    *,
    same: Callable[[Answer, Answer], bool],
    repeats: int,
) -> Row:
    """Time ours and the rival's and compare the answers."""
    ours_s, our_answer = cpu_median(ours, repeats=repeats)
    rival_s, their_answer = cpu_median(theirs, repeats=repeats)
    return Row(
        case=case,
        rival=rival,
        ratio=rival_s / max(ours_s, 1e-9),
        equal=same(our_answer, their_answer),
        ours_s=ours_s,
        rival_s=rival_s,
    )


def main(
    topic: str,
    packages: Sequence[str],
    bench: Callable[[bool], list[Row]],
    *,
    figures: Callable[[], str] | None = None,
) -> None:
    """Run a benchmark from its options and say what it found.

    Parameters
    ----------
    topic : str
        Its heading in RESULTS.md.
    packages : sequence of str
        Whose versions to state.
    bench : callable
        From whether to be quick to the rows.
    figures : callable, optional
        Gives a second table, of figures that no rival has; left out when quick.
    """
    parser = argparse.ArgumentParser(description=f"benchmark: {topic}")
    parser.add_argument("--quick", action="store_true", help="small cases, under 50 s")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    rows = bench(chosen.quick)
    about = f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in packages)
    about += f"; {platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    if chosen.json:
        print(json.dumps({"topic": topic, "about": about, "rows": [asdict(row) for row in rows]}, ensure_ascii=False))
        return
    table = _table(rows)
    if figures is not None and not chosen.quick:
        table += f"\n\n{figures()}"
    print(f"{topic}: {about}\n{table}")
    if not chosen.quick:
        write_section(topic, f"{about}. CPU time, medians, one process.\n\n{table}")


def _table(rows: Sequence[Row]) -> str:
    lines = ["| case | rival | ours, s | rival, s | ratio | equal |", "|---|---|---|---|---|---|"]
    for row in rows:
        equal = "yes" if row.equal else "NO"
        lines.append(f"| {row.case} | {row.rival} | {row.ours_s:.3f} | {row.rival_s:.3f} | {row.ratio:.2f} | {equal} |")
    return "\n".join(lines)


def write_section(topic: str, body: str) -> None:
    """Replace the section of a topic in RESULTS.md, or add it."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results of the benchmarks\n"
    section = f"## {topic}\n\n{body}\n"
    found = re.search(rf"(?ms)^## {re.escape(topic)}\n.*?(?=^## |\Z)", text)
    text = text[: found.start()] + section + "\n" + text[found.end() :] if found else f"{text.rstrip()}\n\n{section}"
    RESULTS.write_text(text.rstrip() + "\n", encoding="utf-8")
