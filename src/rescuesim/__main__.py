"""``python -m rescuesim`` is the command line."""

from rescuesim.cli import main

main()
