"""A real browser for tests: Debian's Chromium driven by Playwright, judged by axe-core, served by uvicorn.

axe-core comes from ``tests/node`` (``npm ci --prefix tests/node``).
"""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.types import ASGIApp

from tests.support.waiting import PATIENCE

AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
# `best-practice` too: landmarks and heading order are not in WCAG's letter, but a screen reader needs them.
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
_FLAGS = ("--disable-gpu", "--disable-background-networking")
_AUDIT = """
(tags) => axe.run(document, { runOnly: tags, rules: { "target-size": { enabled: true } } })
  .then((result) => result.violations)
"""


@dataclass
class Visit:
    """An open page and what its browser noticed: every requested address, every complaint on the console."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, name: str, password: str) -> None:
        """On the page of signing in."""
        self.page.get_by_label("Nome").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Entra", exact=True).click()

    def foreign_requests(self, base_url: str) -> list[str]:
        """Requests that left the site; ``data:`` addresses stay inside the page."""
        return [url for url in self.requests if not url.startswith((f"{base_url}/", "data:"))]

    def axe_violations(self) -> list[str]:
        """axe-core's violations, one line each: rule, help and the first offending element."""
        # Evaluated by the debugger protocol, so the page's own content security policy stays in force.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        violations: list[dict[str, Any]] = self.page.evaluate(_AUDIT, list(AXE_TAGS))
        return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]} ({len(v['nodes'])})" for v in violations]

    def scrolls_sideways(self) -> bool:
        """Whether the page (not a region inside it) is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve `app` on a free port of 127.0.0.1 and give its address; stops at exit."""
    listener = socket.create_server(("127.0.0.1", 0))
    # Bound and listening before the thread starts: the first request waits in the queue, nobody polls.
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium with a fresh profile.

    Raises:
        FileNotFoundError: Chromium or axe-core is not installed.
    """
    executable = shutil.which("chromium")
    if executable is None:
        raise FileNotFoundError("chromium is not installed: apt-get install chromium")
    if not AXE.is_file():
        raise FileNotFoundError("axe-core is not installed: npm ci --prefix tests/node")
    expect.set_options(timeout=5_000 * max(PATIENCE, 1))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*_FLAGS])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, url: str, *, width: int = 1280, javascript: bool = True) -> Iterator[Visit]:
    """Open `url` in a new context and window of that width."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=javascript, locale="it-IT"
    )
    context.set_default_timeout(30_000 * max(PATIENCE, 1))
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on(
        "console",
        lambda message: visit.complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    try:
        # Not "networkidle": a live page's event stream never goes idle.
        visit.page.goto(url, wait_until="load")
        yield visit
    finally:
        context.close()
