"""A Nominatim and an Overpass server on this computer, with all the ways in which the real ones fail."""

from __future__ import annotations

import json
import threading
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import shapely


def overpass_answer(xml: str) -> dict[str, object]:
    """The nodes and ways of an OSM XML text as Overpass tells them."""
    elements: list[dict[str, object]] = []
    for element in ET.fromstring(xml):
        tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}
        told: dict[str, object] = {"type": element.tag, "id": int(element.attrib["id"])}
        if element.tag == "node":
            told |= {"lat": float(element.attrib["lat"]), "lon": float(element.attrib["lon"])}
        else:
            told["nodes"] = [int(nd.attrib["ref"]) for nd in element.iter("nd")]
        elements.append(told | ({"tags": tags} if tags else {}))
    return {"version": 0.6, "elements": elements}


def nominatim_answer(area: shapely.Geometry) -> list[dict[str, object]]:
    """One place with a boundary."""
    west, south, east, north = area.bounds
    return [
        {
            "place_id": 1,
            "osm_type": "relation",
            "osm_id": 3221112,
            "lat": str(area.centroid.y),
            "lon": str(area.centroid.x),
            "class": "boundary",
            "type": "administrative",
            "importance": 0.5,
            "name": "somewhere",
            "display_name": "somewhere",
            "boundingbox": [str(south), str(north), str(west), str(east)],
            "geojson": shapely.geometry.mapping(area),
        }
    ]


class FakeOsm:
    """Answers on loopback; ``places`` and ``roads`` are what it tells, ``fail`` how it fails.

    ``fail`` maps ``"search"`` or ``"interpreter"`` to a list of failures, taken one a request: a status, ``"cut"``
    (the answer breaks off), ``"torn"`` (fewer bytes than it promised), ``"html"``, ``"silent"`` (no answer) or
    ``("busy", seconds)``.
    """

    def __init__(self, roads: dict[str, object], places: dict[str, list[dict[str, object]]]) -> None:
        self.roads, self.places = roads, places
        self.fail: dict[str, list[object]] = {"search": [], "interpreter": []}
        self.asked: list[tuple[str, str]] = []
        self.over = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                place = query.get("q", [""])[0]
                fake.answer(self, "search", place, fake.places.get(place, []))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fake.answer(self, "interpreter", parse_qs(body)["data"][0], fake.roads)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.running = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler, kind: str, question: str, told: object) -> None:
        self.asked.append((kind, question))
        failure = self.fail[kind].pop(0) if self.fail[kind] else None
        body, status, promised = json.dumps(told).encode(), 200, None
        headers: dict[str, str] = {}
        if isinstance(failure, int):
            status, body = failure, b"{}"
        elif isinstance(failure, tuple):
            status, body, headers = 429, b"", {"Retry-After": str(failure[1])}
        elif failure == "cut":
            body = body[: len(body) // 2]
        elif failure == "torn":
            promised = len(body) + 1000
        elif failure == "html":
            body = b"<html><body>The server is being repaired</body></html>"
        elif failure == "silent":
            self.over.wait(20)
            return
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(promised or len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def stop(self) -> None:
        """Stop listening; a port that nobody listens on refuses."""
        if self.running:
            self.over.set()
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()
            self.running = False
