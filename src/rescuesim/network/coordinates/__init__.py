"""Coordinate systems: what a table declares, turned into WGS84 degrees and into metres."""
