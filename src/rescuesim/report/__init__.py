"""Indicators, comparison and what is written for people: tables, figures, the page."""

from __future__ import annotations

from rescuesim.report.comparison import Comparison as Comparison
from rescuesim.report.comparison import compare as compare
from rescuesim.report.document import write_report as write_report
