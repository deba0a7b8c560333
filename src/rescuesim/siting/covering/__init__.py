"""Covering engine: which sites cover most weight, or all of it at least cost, under any side conditions."""

from __future__ import annotations

from rescuesim.siting.covering.cover import Cover as Cover
from rescuesim.siting.covering.cover import merged_rows as merged_rows
from rescuesim.siting.covering.maximise import maximise as maximise
from rescuesim.siting.covering.minimise import minimise as minimise
