"""The embedded demo county: a seeded, synthetic county in the hills of south-east China.

``write_county`` writes an OSM file and three tables, so that the demo enters through the same loader as
real data. The stages, each a module: ``terrain`` (relief and drainage) → ``rivers`` → ``seat`` (streets
of the seat and the industrial park) → ``places`` (townships, villages) → ``routing`` and ``roads``
(country roads) → ``towns`` (streets of townships and villages) → ``drafting`` and ``bridges`` (one planar
drawing) → ``travel`` → ``people``, ``sites``, ``closures`` (tables) → ``scenery`` and ``osm_xml`` (the
file). All names are fictional.
"""

from __future__ import annotations

from rescuesim.scenario.county.build import County, build_county, write_county

__all__ = ["County", "build_county", "write_county"]
