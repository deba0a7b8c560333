"""Explanations of a siting: why points are not covered, what would help, what each site is for, how sure it is."""

from __future__ import annotations

from rescuesim.siting.explain.explanation import Explanation as Explanation
from rescuesim.siting.explain.explanation import explain as explain
