"""Tables as a bureau has them, read as text and checked cell by cell, all faults at once."""

from __future__ import annotations

from rescuesim._tables.cells import Column as Column
from rescuesim._tables.cells import TextTable as TextTable
from rescuesim._tables.cells import Values as Values
from rescuesim._tables.cells import check_table as check_table
from rescuesim._tables.cells import parse_number as parse_number
from rescuesim._tables.cells import read_identified as read_identified
from rescuesim._tables.cells import read_text_table as read_text_table
