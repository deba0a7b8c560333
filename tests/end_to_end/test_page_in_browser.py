from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_comparison import BROKEN, HOSTILE, comparison

from rescuesim.network import RoadNetwork
from rescuesim.report.map_page import write_page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=4000",
)


def browse(page: Path, folder: Path, *options: str) -> str:
    """Open a page in a real browser and return what it prints."""
    run = subprocess.run(
        [str(BROWSER), *QUIET, f"--user-data-dir={folder / 'profile'}", *options, page.as_uri()],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return run.stdout.decode("utf-8")


@pytest.fixture
def report(town: RoadNetwork, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    write_page(
        comparison(), town, path, title="County", closed_roads={BROKEN: [1]}, lang="en", definition="within 300 s"
    )
    return path


def test_the_map_is_drawn_and_nothing_is_fetched(report: Path, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    page = browse(report, tmp_path, "--dump-dom", f"--log-net-log={log}")
    assert 'data-ready="true"' in page
    assert 'data-points="4"' in page
    assert page.count("<canvas") == 2  # roads; points and closed roads
    assert "2 of 4 points covered; 800 people are not, 90 people have no standard" in page
    asked = re.findall(r'"url":"(https?://[^"]+)"', log.read_text(encoding="utf-8"))
    assert [url for url in asked if "openstreetmap" in url or "leaflet" in url] == []


def test_a_hostile_village_name_runs_no_script(report: Path, tmp_path: Path) -> None:
    page = browse(report, tmp_path, "--dump-dom")
    assert "<title>County</title>" in page  # the name would have changed it
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;") in page
    assert page.count("<script") == 3


def test_switching_plan_and_condition_and_clicking_a_point_work(report: Path, tmp_path: Path) -> None:
    """Drive the page by a script of the test's own, let in by taking the page's policy out."""
    html = report.read_text(encoding="utf-8")
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    drive = """
    const pick = (name, value) => {
      const input = document.querySelector(`#switch input[name=${name}][value="${value}"]`);
      input.checked = true;
      input.dispatchEvent(new Event("change", {bubbles: true}));
    };
    pick("plan", 0); pick("condition", 1);
    const seen = {count: document.getElementById("map-count").textContent,
                  sites: document.querySelectorAll(".site-icon").length};
    const canvas = document.querySelectorAll("canvas")[1], box = document.getElementById("map").getBoundingClientRect();
    let popup = "";
    for (let x = 5; x < box.width && !popup.includes("owned"); x += 4) {
      for (let y = 5; y < box.height && !popup.includes("owned"); y += 4) {
        const at = {bubbles: true, clientX: box.left + x, clientY: box.top + y};
        for (const kind of ["mousemove", "mousedown", "mouseup", "click"]) {
          canvas.dispatchEvent(new MouseEvent(kind, at));
        }
        const popups = document.querySelectorAll(".leaflet-popup-content");  // an old one fades for a while
        popup = popups.length ? popups[popups.length - 1].innerText : "";
      }
    }
    seen.popup = popup;
    const out = document.createElement("pre");
    out.id = "seen";
    out.textContent = JSON.stringify(seen);
    document.body.appendChild(out);
    """
    driven = tmp_path / "driven.html"
    driven.write_text(html.replace("</body>", f"<script>{drive}</script></body>"), encoding="utf-8")
    page = browse(driven, tmp_path, "--dump-dom", "--window-size=1200,900")
    found = re.search(r'<pre id="seen">(.*?)</pre>', page, flags=re.S)
    assert found is not None
    seen = json.loads(found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert seen["count"].startswith(f"today, {BROKEN}: 1 of 4 points covered")
    assert seen["sites"] == 1
    assert HOSTILE in seen["popup"]
    assert "the road it lies on is closed" in seen["popup"]
    assert "<title>County</title>" in page


def test_a_screenshot_shows_the_colours_of_sites_points_and_roads(report: Path, tmp_path: Path) -> None:
    from matplotlib.image import imread

    shot = tmp_path / "page.png"
    browse(report, tmp_path, f"--screenshot={shot}", "--window-size=1200,3600")
    pixels = (imread(shot)[:, :, :3] * 255).round().astype(int).reshape(-1, 3)
    for what, colour in {
        "existing site": (0x1D, 0x35, 0x57),
        "new site": (0xFF, 0xE1, 0x4D),
        "covered point": (0x32, 0xA8, 0x85),  # nine tenths of its colour on the ground
        "missed point": (0xF6, 0xA5, 0x39),
        "secondary road": (0x8F, 0x87, 0x7A),
    }.items():
        near = abs(pixels - colour).max(axis=1) <= 8
        assert near.sum() > 20, what
