"""The command line; each group of commands is a module."""

from __future__ import annotations

from rescuesim.cli.app import app as app
from rescuesim.cli.app import main as main
