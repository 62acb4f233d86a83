"""What the simulated platforms share: an HTTP server that keeps what it was sent, checks it as strictly as the
original, and fails when it is told to.

A class for the tests each; Slack and Feishu are programs of their own too (crash_run.py).
"""
import asyncio
import http.client
import http.server
import json
import os
import random
import re
import threading
import time
import urllib.parse

import websockets


PATIENCE = int(os.environ.get("PATIENCE", "60"))  # seconds for an answer of ai_bot


class Refusal(Exception):
    """An answer that is no success, in the platform's own form."""

    def __init__(self, status, body, headers=None):
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


class Request:
    def __init__(self, method, target, headers, raw):
        parts = urllib.parse.urlsplit(target)
        self.method, self.path, self.headers, self.raw = method, parts.path, headers, raw
        self.query = dict(urllib.parse.parse_qsl(parts.query))

    def form(self):
        """The fields of a form; none of a body that is none."""
        is_form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        return dict(urllib.parse.parse_qsl(self.raw.decode(), keep_blank_values=True)) if is_form else {}

    def fields(self, refuse, nested=None):
        """The body, a JSON object; where `nested` is given a form serves as well, in which those fields are JSON."""
        try:
            if nested is not None and self.form():
                return {key: json.loads(value) if key in nested else value for key, value in self.form().items()}
            if not self.headers.get("Content-Type", "").startswith("application/json"):
                raise refuse("the content type is not application/json")
            body = json.loads(self.raw)
        except ValueError:
            raise refuse("the body is not JSON") from None
        if not isinstance(body, dict):
            raise refuse("the body is not a JSON object")
        return body

    def json(self, refuse, required, optional=(), nested=None):
        """The body, which must have these fields and no others."""
        body = self.fields(refuse, nested)
        missing, unknown = set(required) - set(body), set(body) - set(required) - set(optional)
        if missing or unknown:
            raise refuse(f"missing: {sorted(missing)}, unknown: {sorted(unknown)}")
        return body


class Simulator:
    """`routes`: (method, pattern, function(request, *groups) -> body) of the subclass."""

    def __init__(self, port=0):
        self.lock = threading.RLock()
        self.messages = []   # what people see: {"id", "chat", "text", …}, in order
        self.edits = []      # (id, text) of every change of a message
        self.removed = []    # messages that were taken back
        self.calls = []      # (method, path) of everything that was asked
        self.times = []      # when (time.monotonic())
        self.requests = []   # those for which there is a method
        self.refused = []    # what the strict checks found, which should be nothing
        self.faults = []     # (pattern, Refusal): the next request to such a path is answered so
        self.tokens = {}     # access token -> when it ends
        self.fetched_tokens = 0
        self.token_life = 7200
        self.number = 0
        self.keys = {}       # idempotency key -> message id
        self.files = {}      # what can be downloaded: id -> bytes
        self.repeated = 0    # messages that were sent again under a key that was there
        simulator = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, body = simulator.handle(Request(self.command, self.path, self.headers, raw))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that was killed
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    # --- answering
    def handle(self, request):
        with self.lock:
            self.calls.append((request.method, request.path))
            self.times.append(time.monotonic())
            for fault in self.faults:
                if re.search(fault[0], request.path):
                    self.faults.remove(fault)
                    return self.written(fault[1].status, fault[1].body, fault[1].headers)
        for method, pattern, function in self.routes():
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                try:
                    with self.lock:
                        self.requests.append(request)
                        body = function(request, *match.groups())
                    return self.written(200, body, {})
                except Refusal as refusal:
                    return self.written(refusal.status, refusal.body, refusal.headers)
        self.refused.append(f"no such method: {request.method} {request.path}")
        return self.written(404, {"error": "no such method"}, {})

    @staticmethod
    def written(status, body, headers):
        raw = b"" if body is None else body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return status, {**({"Content-Type": "application/json"} if raw else {}), **headers}, raw

    def fail(self, method, status, body, headers=None):
        """The next request to such a path is answered so; several of them in turn."""
        self.faults.append((re.escape(method), Refusal(status, body, headers)))

    def strict(self, what):
        """A check failed that a correct client never fails."""
        self.refused.append(what)

    def next_id(self):
        self.number += 1
        return self.number

    def new_token(self):
        self.fetched_tokens += 1
        token = f"access-{self.fetched_tokens}-{random.randrange(10**9)}"
        self.tokens[token] = time.monotonic() + self.token_life
        return token

    def is_token(self, token):
        return self.tokens.get(token, 0) > time.monotonic()

    def expire_tokens(self):
        with self.lock:
            self.tokens.clear()

    def show(self, chat, text, key=None, **more):
        """A message that people see; its id. A known key gives the message that was there."""
        if key is not None and key in self.keys:
            self.repeated += 1
            return self.keys[key]
        message = {"id": more.pop("id", None) or str(self.next_id()), "chat": chat, "text": text, **more}
        self.messages.append(message)
        if key is not None:
            self.keys[key] = message["id"]
        return message["id"]

    def change(self, message_id, text):
        for message in self.messages:
            if message["id"] == message_id:
                message["text"] = text
                self.edits.append((message_id, text))
                return True
        return False

    def remove(self, message_id):
        """Whether it was there."""
        there = [message for message in self.messages if message["id"] == message_id]
        self.messages = [message for message in self.messages if message["id"] != message_id]
        self.removed += there
        return bool(there)

    def texts(self, chat=None):
        with self.lock:
            return [m["text"] for m in self.messages if chat is None or m["chat"] == chat]

    # --- sending
    @staticmethod
    def written_event(event):
        """The bytes of an event; of one that is bytes already, these."""
        return event if isinstance(event, bytes) else json.dumps(event).encode()

    @staticmethod
    def post(url, body, headers, method="POST"):
        """(status, headers, body) of one request to ai_bot."""
        target = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=PATIENCE)
        try:
            connection.request(method, target.path + ("?" + target.query if target.query else ""), body, headers)
            reply = connection.getresponse()
            return reply.status, dict(reply.headers), reply.read()
        finally:
            connection.close()


class Close:
    """In the place of a frame: the connection is closed with this code."""

    def __init__(self, code, reason=""):
        self.code, self.reason = code, reason


class Socket:
    """The WebSocket end of a platform's long connection: `hello(socket)` gives the frames a new connection gets,
    `on_frame(frame)` those that answer one; push() sends to whoever is connected. While `deaf` it answers nothing, not
    even pings, and closes nothing."""

    def __init__(self, hello, on_frame, read=json.loads, write=json.dumps, on_end=lambda code: None):
        self.on_end = on_end
        self.frames, self.paths, self.connections, self.closed = [], [], 0, []
        self.deaf = False
        self.hello, self.on_frame, self.client = hello, on_frame, None
        self.read, self.write = read, write  # a frame, and what is sent for it
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()

        async def serve():
            server = await websockets.serve(self.run, "127.0.0.1", 0, ping_interval=None)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await asyncio.Future()

        threading.Thread(target=self.loop.run_until_complete, args=(serve(),), daemon=True).start()
        ready.wait()
        self.url = f"ws://127.0.0.1:{self.port}"

    async def run(self, client):
        self.client, self.connections = client, self.connections + 1
        self.paths.append(client.path if hasattr(client, "path") else client.request.path)  # before and since websockets 14
        try:
            await self.answer(client, self.hello())
            async for raw in client:
                frame = self.read(raw)
                self.frames.append(frame)
                if not self.deaf:
                    await self.answer(client, self.on_frame(frame) or ())
        except websockets.ConnectionClosed:
            pass
        finally:
            self.closed.append(client.close_code)
            self.on_end(client.close_code)
            if self.client is client:
                self.client = None

    async def answer(self, client, frames):
        for frame in frames:
            if isinstance(frame, Close):
                await client.close(frame.code, frame.reason)
                return
            await client.send(self.write(frame))

    def push(self, frame):
        asyncio.run_coroutine_threadsafe(self.client.send(self.write(frame)), self.loop).result(10)

    def drop(self, code=1011, reason=""):
        """Breaks the connection off."""
        asyncio.run_coroutine_threadsafe(self.client.close(code, reason), self.loop).result(10)

    def go_deaf(self):
        """Whoever is connected now is never answered again, and is not told."""
        self.deaf, client = True, self.client

        async def swallow():
            client.transport.pause_reading()

        asyncio.run_coroutine_threadsafe(swallow(), self.loop).result(10)
        self.client = None
