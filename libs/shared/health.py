"""The small HTTP server of every service, in its own thread: /livez, /readyz, /metrics."""

import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from typing_extensions import override

from shared import metrics

Troubles = Callable[[], Sequence[str]]
"""Returns what is wrong, in words; nothing = fine."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What the server answers from; called in its thread, never on the event loop."""

    live: Troubles
    ready: Troubles


class HealthServer:
    """Serves until ``close``; a blocked event loop shows here as an old beat."""

    def __init__(self, checks: Checks, *, host: str, port: int, port_file: Path | None) -> None:
        self._server = ThreadingHTTPServer((host, port), _handler(checks))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.5,), name="health", daemon=True
        )
        self._thread.start()
        self._port_file = port_file
        if port_file:
            _write_whole(port_file, f"{self.port}\n")

    @property
    def port(self) -> int:
        """Return the port that the server got."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop serving; nobody finds the port any more."""
        if self._port_file:
            self._port_file.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.close()


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_text(text)
    unfinished.replace(path)


def _handler(checks: Checks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            match self.path:
                case "/livez":
                    self._answer_troubles(checks.live())
                case "/readyz":
                    self._answer_troubles(checks.ready())
                case "/metrics":
                    self._answer(200, metrics.exposition(), "text/plain; version=0.0.4")
                case _:
                    self._answer(404, b"{}", "application/json")

        def _answer_troubles(self, troubles: Sequence[str]) -> None:
            body = json.dumps({"ok": not troubles, "troubles": list(troubles)}).encode()
            self._answer(503 if troubles else 200, body, "application/json")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: probes come every few seconds."""

    return Handler
