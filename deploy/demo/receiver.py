"""A subscriber's webhook endpoint for the demo: keeps what arrives and checks its signature as a subscriber would."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook


class Receiver:
    """An HTTP server on a free loopback port; `secret` is what the subscription answered."""

    def __init__(self) -> None:
        self.secret = ""
        self.arrived: list[tuple[float, dict[str, Any]]] = []
        arrived, receiver = self.arrived, self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                verified = Webhook(receiver.secret).verify(body, {k.lower(): v for k, v in self.headers.items()})
                arrived.append((time.perf_counter(), verified))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
