"""Indicators, comparison and what is written for people: tables, figures, the page."""

from __future__ import annotations

from rescuesim.report.comparison import Comparison as Comparison
from rescuesim.report.comparison import compare as compare
from rescuesim.report.critical_roads import critical_roads_in_words as critical_roads_in_words
from rescuesim.report.critical_roads import plot_critical_roads as plot_critical_roads
from rescuesim.report.document import write_report as write_report
from rescuesim.report.siting_explained import explanation_in_words as explanation_in_words
