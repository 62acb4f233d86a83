"""Where answers are called back to."""
import http.server
import json
import threading

from machine import free_port


class Callbacks:
    """Takes callbacks and answers each with the next status of a list (200 after that)."""

    def __init__(self, statuses=()):
        self.got, self.statuses = [], list(statuses)
        callbacks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                callbacks.got.append((dict(self.headers), json.loads(body), body))
                self.send_response(callbacks.statuses.pop(0) if callbacks.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/answers"
