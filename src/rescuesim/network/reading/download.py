"""Downloads roads of a place from OpenStreetMap through OSMnx, and keeps them as a file."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

import shapely

from rescuesim._defaults import default
from rescuesim.errors import DataFileError, InputError, UnknownIdError, nearest_name
from rescuesim.network import store
from rescuesim.network.editing.area import check_buffer, read_area
from rescuesim.network.reading.osm_filter import RoadFilter
from rescuesim.network.reading.osm_writer import write_osm

if TYPE_CHECKING:
    import geopandas

    from rescuesim.network.editing.area import AreaLike
    from rescuesim.network.road_network import RoadNetwork
    from rescuesim.network.vehicles.conditions import TravelConditions
    from rescuesim.network.vehicles.profiles import TravelProfile

__all__ = ["download_network", "fetch_osm"]

logger = logging.getLogger(__name__)
# OSMnx keeps its settings in one place of the process: two downloads at once would mix theirs
_ONE_AT_A_TIME = threading.Lock()
_BUSY = (429, 502, 503, 504)
_INSTEAD = (
    "without a network, download an extract elsewhere (a .osm.pbf of your province from a mirror of OpenStreetMap) "
    "and read it with load_network, clipped to the county"
)
# what OSMnx asks the server for; the reader of the file filters again, by our own rules
_ASKED_FOR: Mapping[RoadFilter, str] = {
    "drive": "drive",
    "drive_service": "drive_service",
    "two_wheel": "all_public",
    "walk": "walk",
    "water": "all",
}
_WATERWAYS = '["waterway"~"^(river|canal|fairway|tidal_channel|flowline)$"]'
_NODE_TAGS = ("barrier", "crossing", "highway", "junction", "railway", "ref", "traffic_signals")
_WAY_TAGS = (
    "access",
    "area",
    "bridge",
    "est_width",
    "foot",
    "highway",
    "incline",
    "junction",
    "lanes",
    "layer",
    "maxheight",
    "maxspeed",
    "maxweight",
    "motor_vehicle",
    "motorcar",
    "motorcycle",
    "name",
    "oneway",
    "ref",
    "service",
    "sidewalk",
    "sidewalk:both",
    "sidewalk:left",
    "sidewalk:right",
    "smoothness",
    "surface",
    "toll",
    "tracktype",
    "tunnel",
    "waterway",
    "width",
)


def download_network(
    place: str | AreaLike,
    *,
    profile: str | TravelProfile = "rescue_car",
    conditions: TravelConditions | None = None,
    roads: RoadFilter | None = None,
    buffer_m: float | None = None,
    cache_folder: Path | str | None = None,
    refresh: bool = False,
) -> RoadNetwork:
    """Download the roads of a place and build a network of them.

    See `load_network` for ``profile``, ``conditions`` and ``roads``, and `fetch_osm` for the others and for what is
    raised. Where a download fails or is not allowed, `load_network` reads an extract that somebody brought.

    Returns
    -------
    RoadNetwork
    """
    from rescuesim.network.load import load_network
    from rescuesim.network.vehicles.profiles import travel_profile

    made = travel_profile(profile) if isinstance(profile, str) else profile
    wanted: RoadFilter = made.roads if roads is None else roads  # type: ignore[assignment]
    path = fetch_osm(place, roads=wanted, buffer_m=buffer_m, cache_folder=cache_folder, refresh=refresh)
    return load_network(path, profile=made, conditions=conditions, roads=wanted)


def fetch_osm(
    place: str | AreaLike,
    *,
    roads: RoadFilter = "drive",
    buffer_m: float | None = None,
    cache_folder: Path | str | None = None,
    refresh: bool = False,
    nominatim_url: str | None = None,
    overpass_url: str | None = None,
    timeout_s: float | None = None,
    attempts: int | None = None,
) -> Path:
    """Download the roads of a place, and of what lies around it, to an OSM XML file.

    The file is kept under the place and the options: a second call reads nothing from the network. So are the
    answers of the servers, so that a call that failed half way goes on from there. The settings of OSMnx, which
    the caller may have changed, are as before when the call ends.

    Parameters
    ----------
    place : str, Polygon, MultiPolygon, path, GeoDataFrame or tuple
        A name that Nominatim knows as an area, such as ``"Xianju, Zhejiang"``; or an area as `clip_ways`
        takes it (a layer as a ``Path``, since a text is a name).
    roads : {'drive', 'drive_service', 'two_wheel', 'walk', 'water'}, optional
    buffer_m : float, optional
        Metres around the area, since routes leave the county; default ``clip.buffer_m``.
    cache_folder : path, optional
        Default: ``osm`` in the folder that built networks are kept in.
    refresh : bool, optional
        Ask the servers again, whatever was kept.
    nominatim_url, overpass_url : str, optional
        Servers; default: those of OSMnx's settings. A mirror within the country is often faster.
    timeout_s : float, optional
        Seconds to wait for one answer; default ``download.timeout_s``.
    attempts : int, optional
        How often to ask a server that says that it is busy; default ``download.attempts``.

    Returns
    -------
    Path
        ``.osm`` file with the tags of roads, which ``load_network`` reads.

    Raises
    ------
    DataFileError
        If a server cannot be reached, answers with an error or not in full, or the file cannot be written.
    InputError
        If the place is not known as an area, or has no road.
    UnknownIdError
        If ``roads`` is none of its words.

    References
    ----------
    Boeing, G. (2025). Modeling and analyzing urban networks and amenities with OSMnx. Geographical
    Analysis 57(4), 567-577. doi:10.1111/gean.70009
    """
    if roads not in get_args(RoadFilter):
        raise UnknownIdError(f"roads {roads!r}: expected {nearest_name(roads, get_args(RoadFilter))}")
    if isinstance(place, str) and not place.strip():
        raise InputError("place '': expected the name of a place, such as 'Xianju, Zhejiang'")
    buffer_m = check_buffer(default("clip.buffer_m").number if buffer_m is None else buffer_m)
    folder = store.cache_folder() / "osm" if cache_folder is None else Path(cache_folder)
    wanted = place if isinstance(place, str) else read_area(place).degrees
    target = folder / _file_name(wanted, roads, buffer_m)
    if target.is_file() and not refresh:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be written; {error}") from None
    request = _Request(
        wanted=wanted,
        roads=roads,
        buffer_m=buffer_m,
        timeout_s=default("download.timeout_s").number if timeout_s is None else timeout_s,
    )
    changes = {
        "use_cache": not refresh,
        "cache_folder": folder / "answers",
        "cache_only_mode": False,
        "all_oneway": True,  # each way once, in the order of its nodes: as a file has it
        "useful_tags_node": list(_NODE_TAGS),
        "useful_tags_way": list(_WAY_TAGS),
        "requests_timeout": request.timeout_s,
        "doh_url_template": None,  # ask no server but the two that are named
        # a busy server says so, and is asked again later: no need to ask for its state first
        "overpass_rate_limit": False,
        **({"nominatim_url": nominatim_url} if nominatim_url else {}),
        **({"overpass_url": overpass_url} if overpass_url else {}),
    }
    most = int(default("download.attempts").number) if attempts is None else attempts
    with _ONE_AT_A_TIME, _osmnx_set(changes):
        graph = _with_patience(request, most)
        try:
            write_osm(graph, target, node_tags=_NODE_TAGS, way_tags=_WAY_TAGS)
        except OSError as error:
            raise DataFileError(f"{target}: cannot be written; {error}") from None
    logger.info("%s: %d nodes, %d steps of roads", target, len(graph), graph.number_of_edges())
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    wanted: str | shapely.Polygon | shapely.MultiPolygon
    roads: RoadFilter
    buffer_m: float
    timeout_s: float

    @property
    def name(self) -> str:
        return repr(self.wanted) if isinstance(self.wanted, str) else "the area"


class _BusyError(Exception):
    """A server that asks for patience."""

    def __init__(self, host: str, status: int, after_s: float | None) -> None:
        super().__init__(f"{host}: answered {status}: too busy")
        self.after_s = after_s


def _file_name(wanted: str | shapely.Polygon | shapely.MultiPolygon, roads: RoadFilter, buffer_m: float) -> str:
    """Return a name that tells places and options apart, and can be read."""
    plain = wanted if isinstance(wanted, str) else shapely.normalize(wanted).wkb_hex
    digest = hashlib.blake2b(repr((plain, roads, buffer_m, _WAY_TAGS)).encode(), digest_size=6).hexdigest()
    words = re.sub(r"\W+", "_", wanted if isinstance(wanted, str) else "area").strip("_")[:40]
    return f"{words}-{roads}-{digest}.osm"


@contextlib.contextmanager
def _osmnx_set(changes: dict[str, Any]) -> Iterator[None]:
    """Change settings of OSMnx, and the host look-up that it replaces, for the duration."""
    import osmnx

    before = {name: getattr(osmnx.settings, name) for name in (*changes, "requests_kwargs", "overpass_settings")}
    look_up = socket.getaddrinfo
    # Overpass takes whole seconds only
    whole_s = str(math.ceil(changes["requests_timeout"]))
    question = before["overpass_settings"].replace("{timeout}", whole_s)
    hooks = {**before["requests_kwargs"].get("hooks", {}), "response": _check_answer}
    try:
        for name, value in changes.items():
            setattr(osmnx.settings, name, value)
        osmnx.settings.overpass_settings = question
        osmnx.settings.requests_kwargs = {**before["requests_kwargs"], "hooks": hooks}
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
        socket.getaddrinfo = look_up


def _check_answer(response: Any, **_: Any) -> None:
    """Look at an answer before OSMnx does, which would wait for ever, or take a part for the whole."""
    if response.is_redirect:
        return
    try:
        _refuse_failures(response, urlsplit(response.url).netloc)
    except BaseException:
        response.close()
        raise


def _refuse_failures(response: Any, host: str) -> None:
    if response.status_code in _BUSY:
        after = response.headers.get("Retry-After", "")
        raise _BusyError(host, response.status_code, float(after) if after.isdigit() else None)
    if not response.ok:
        raise DataFileError(f"{host}: answered {response.status_code} {response.reason}; {_INSTEAD}")
    try:
        body = response.json()
    except ValueError:
        raise DataFileError(f"{host}: its answer is cut off or no JSON; try again later, or {_INSTEAD}") from None
    if isinstance(body, dict) and "remark" in body:
        raise DataFileError(f"{host}: gave up half way ({body['remark']}); try again later, or {_INSTEAD}")


def _with_patience(request: _Request, attempts: int) -> Any:
    """Ask for the roads, and again while a server is busy; answers that came are not asked for twice."""
    pause = default("download.pause_s")
    attempt = 1
    while True:
        try:
            return _graph(request)
        except _BusyError as busy:
            if attempt >= attempts:
                raise DataFileError(f"{busy}, asked {attempt} times; try again later, or {_INSTEAD}") from None
            wait = busy.after_s if busy.after_s is not None else pause.number * 2 ** (attempt - 1)
            wait = min(wait, pause.high or pause.number)
            logger.warning("%s; asked again in %g s", busy, wait)
            time.sleep(wait)
            attempt += 1


def _graph(request: _Request) -> Any:
    """Return the raw graph of OSMnx; every failure is told with its server."""
    import osmnx

    area = read_area(_boundary(request, request.wanted) if isinstance(request.wanted, str) else request.wanted)
    try:
        return osmnx.graph_from_polygon(
            area.widened(request.buffer_m) if request.buffer_m else area.degrees,
            network_type=_ASKED_FOR[request.roads],
            custom_filter=_WATERWAYS if request.roads == "water" else None,
            simplify=False,
            retain_all=True,
            truncate_by_edge=True,
        )
    except DataFileError:
        raise
    except OSError as error:
        raise _unreachable(osmnx.settings.overpass_url, error, request) from None
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{request.name}: no way for {request.roads!r} there: expected at least one; {error}"
        ) from None


def _boundary(request: _Request, place: str) -> geopandas.GeoDataFrame:
    """Ask where a place lies."""
    import osmnx

    try:
        return osmnx.geocode_to_gdf(place)
    except DataFileError:
        raise
    except OSError as error:
        raise _unreachable(osmnx.settings.nominatim_url, error, request) from None
    except TypeError:
        expected = "a place with a boundary (a county, a district), or a polygon of your own"
        raise InputError(
            f"place {request.name}: OpenStreetMap knows it without a boundary: expected {expected}"
        ) from None
    except (ValueError, KeyError) as error:
        expected = "a place that OpenStreetMap knows, with its province, such as 'Xianju, Zhejiang'"
        raise InputError(f"place {request.name}: not found: expected {expected}; {error}") from None


def _unreachable(url: str, error: OSError, request: _Request) -> DataFileError:
    kind = type(error).__name__
    words = f"no answer within {request.timeout_s:g} s" if "Timeout" in kind else "cannot be reached"
    words = "its answer broke off" if kind in ("ChunkedEncodingError", "ContentDecodingError") else words
    return DataFileError(f"{urlsplit(url).netloc}: {words} ({kind}); {_INSTEAD}")
