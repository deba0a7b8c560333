"""Ctrl-C still reaches Python after a solve."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, signal
import pandas as pd
import rescuesim as rs

times = rs.TravelTimes.from_matrix([[1.0]], sites=pd.DataFrame({"id": ["a"]}), demand=pd.DataFrame({"id": ["x"]}))
print(rs.site(times, rs.MaxCoverage(1), limit_s=5).status)
try:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_after_a_solve_is_an_exception_and_not_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["optimal", "interrupted"]
