"""The pictures of the README: `python -m tests.support.pictures [ADDRESS]`, of a plan that is served there.

Without an address a planner is served that knows the synthetic world. Every picture is of one window, at the place on
the page that it is of, and written to docs/images.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Browser

from tests.support.browser import chromium
from tests.support.planner import planner_serving, synthetic
from tests.support.public_pages import NOTICE, home_with_key
from tests.support.world import AMBITO

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT = 1280, 1500
CREMONA: Final = "019036"
SUPPOSED: Final = (
    f"alloggi=5&comune={CREMONA}&ente=aler-bcm&regola=indigence_share&valore=25&regola=sat_set_aside_share&valore=15"
)


class Picture(NamedTuple):
    """A page, and the element that stands at the top of the window; the page's own top without one."""

    name: str
    path: str
    at: str | None = None


PICTURES: Final = (
    Picture("ambito", ""),
    Picture("comune", f"/comuni/{CREMONA}"),
    Picture("numero", f"/numeri/{CREMONA}:-:assignable_mean:-"),
    Picture("e-se", f"/e-se?{SUPPOSED}", "#esito"),
)


def main() -> None:
    with address() as url, chromium() as browser:
        for picture in PICTURES:
            take(browser, f"{url}/ambiti/{AMBITO}", picture)


def take(browser: Browser, plan: str, picture: Picture) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="it-IT", reduced_motion="reduce")
    page = context.new_page()
    page.goto(plan + picture.path, wait_until="load")
    page.evaluate("document.fonts.ready")
    if picture.at:
        page.locator(picture.at).first.evaluate("element => window.scrollTo(0, element.offsetTop - 24)")
    page.screenshot(path=IMAGES / f"{picture.name}.png")
    context.close()


@contextmanager
def address() -> Iterator[str]:
    if len(sys.argv) > 1:
        yield sys.argv[1].rstrip("/")
        return
    with tempfile.TemporaryDirectory() as folder, planner_serving(home_with_key(Path(folder)), NOTICE) as served:
        served.hear(*synthetic().past)
        yield served.url


if __name__ == "__main__":
    main()
