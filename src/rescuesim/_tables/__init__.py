"""Tables as a bureau has them, read as text and checked cell by cell, all faults at once.

Text files, workbooks, layers of points and DataFrames become a `TextTable`; `check_table` makes numbers of it.
"""

from __future__ import annotations

from rescuesim._tables.cells import EXAMPLE_MARKS as EXAMPLE_MARKS
from rescuesim._tables.cells import check_table as check_table
from rescuesim._tables.columns import Column as Column
from rescuesim._tables.columns import parse_number as parse_number
from rescuesim._tables.grid import TextTable as TextTable
from rescuesim._tables.identified import position_faults as position_faults
from rescuesim._tables.identified import read_identified as read_identified
from rescuesim._tables.layer_files import split_source as split_source
from rescuesim._tables.layers import LAYER_KINDS as LAYER_KINDS
from rescuesim._tables.layers import Layer as Layer
from rescuesim._tables.layers import read_layer as read_layer
from rescuesim._tables.moments import clock_in as clock_in
from rescuesim._tables.moments import has_seconds as has_seconds
from rescuesim._tables.moments import moment_in as moment_in
from rescuesim._tables.text_table import declared_crs as declared_crs
from rescuesim._tables.text_table import read_text_table as read_text_table
from rescuesim._tables.values import Values as Values
from rescuesim._tables.words import choice_word as choice_word
from rescuesim._tables.words import header_word as header_word
