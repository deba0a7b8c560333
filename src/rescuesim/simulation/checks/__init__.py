"""Checks before the first event: what cannot be simulated is refused, with all that is wrong in one message."""
