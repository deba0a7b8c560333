"""Readers: every kind of file of roads becomes Ways."""
