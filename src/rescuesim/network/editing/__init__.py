"""Changes to ways before they are cut at junctions: clipped to an area, supplemented, tied."""
