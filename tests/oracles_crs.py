"""The public formulas of GCJ-02 and BD-09, a place at a time, and a datum shift by hand."""

from __future__ import annotations

import math

A = 6378245.0
EE = 0.00669342162296594323
X_PI = math.pi * 3000.0 / 180.0


def gcj02_of(lon: float, lat: float) -> tuple[float, float]:
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    pi = math.pi
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (20.0 * math.sin(6.0 * x * pi) + 20.0 * math.sin(2.0 * x * pi)) * 2.0 / 3.0
    north += (20.0 * math.sin(y * pi) + 40.0 * math.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * pi) + 320.0 * math.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (20.0 * math.sin(6.0 * x * pi) + 20.0 * math.sin(2.0 * x * pi)) * 2.0 / 3.0
    east += (20.0 * math.sin(x * pi) + 40.0 * math.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * pi) + 300.0 * math.sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = math.radians(lat)
    magic = 1.0 - EE * math.sin(phi) ** 2
    per_lat = A * (1.0 - EE) / (magic * math.sqrt(magic)) * pi / 180.0
    per_lon = A / math.sqrt(magic) * math.cos(phi) * pi / 180.0
    return lon + east / per_lon, lat + north / per_lat


def bd09_of(lon: float, lat: float) -> tuple[float, float]:
    """BD-09 of a GCJ-02 position."""
    z = math.sqrt(lon * lon + lat * lat) + 0.00002 * math.sin(lat * X_PI)
    theta = math.atan2(lat, lon) + 0.000003 * math.cos(lon * X_PI)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def wgs84_by_loop(lon: float, lat: float) -> tuple[float, float]:
    """GCJ-02 back to WGS84, as the usual script does it: subtract the error until it is small."""
    at_lon, at_lat = lon, lat
    for _ in range(30):
        image_lon, image_lat = gcj02_of(at_lon, at_lat)
        at_lon, at_lat = at_lon + lon - image_lon, at_lat + lat - image_lat
        if max(abs(lon - image_lon), abs(lat - image_lat)) < 1e-11:
            break
    return at_lon, at_lat


def helmert(
    lon: float, lat: float, shift: tuple[float, ...], *, axis_m: float, flattening: float
) -> tuple[float, float]:
    """Shift a position on an ellipsoid to WGS84 through geocentric metres, in the position vector sense."""
    dx, dy, dz, rx, ry, rz, ppm = (*shift, 0.0, 0.0, 0.0, 0.0)[:7]
    e2 = flattening * (2 - flattening)
    phi, lam = math.radians(lat), math.radians(lon)
    normal = axis_m / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    x, y = normal * math.cos(phi) * math.cos(lam), normal * math.cos(phi) * math.sin(lam)
    z = normal * (1 - e2) * math.sin(phi)
    rx, ry, rz = (math.radians(turn / 3600) for turn in (rx, ry, rz))
    scale = 1 + ppm * 1e-6
    x, y, z = (
        dx + scale * (x - rz * y + ry * z),
        dy + scale * (rz * x + y - rx * z),
        dz + scale * (-ry * x + rx * y + z),
    )
    to_a, to_f = 6378137.0, 1 / 298.257223563
    to_e2 = to_f * (2 - to_f)
    across = math.hypot(x, y)
    phi = math.atan2(z, across * (1 - to_e2))
    for _ in range(20):
        normal = to_a / math.sqrt(1 - to_e2 * math.sin(phi) ** 2)
        phi = math.atan2(z + to_e2 * normal * math.sin(phi), across)
    return math.degrees(math.atan2(y, x)), math.degrees(phi)
