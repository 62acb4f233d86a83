#!/usr/bin/python3
"""A simulated chat platform for the generic channel: sends signed events, takes signed answers.

It behaves as platforms do: within a conversation the next event is sent only after the one before was
acknowledged (2xx); anything else, or no answer at all, is repeated under the same event id. It is strict
about callbacks: signature, timestamp, content type and keys are checked, wrong ones are refused and counted.
An answer under an idempotency key it has seen is acknowledged and not shown again.

Prints a JSON report when every event has its answer, or when --patience is over.
"""
import argparse
import hashlib
import hmac
import http.client
import http.server
import json
import sys
import threading
import time
import urllib.parse

TOLERANCE_S = 300


def sign(secret, timestamp, body):
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Platform:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.shown = []          # callbacks in the order they were shown to people
        self.keys = set()
        self.repeated = 0        # callbacks under a known key
        self.refused = []
        self.acknowledged = []   # event ids
        self.duplicates = 0      # events the server knew already
        self.attempts = 0
        self.answered = set()

    def text_of(self, conversation, number):
        if number == 0 and conversation < self.options.real_conversations:
            return "/model guide"
        if conversation < self.options.real_conversations:
            return "What is ai_bot?"
        return f"echo {conversation}/{number}"

    # --- sending
    def send_conversation(self, conversation, count, started):
        connection = None
        target = urllib.parse.urlsplit(self.options.url)
        for number in range(count):
            # The whole platform sends at --rate; each conversation takes its turn.
            due = started + (number * self.options.conversations + conversation) / self.options.rate
            time.sleep(max(0.0, due - time.monotonic()))
            event_id = f"{conversation:03}-{number:05}"
            body = json.dumps({"event_id": event_id, "conversation": f"room-{conversation}", "sender": "anna",
                               "text": self.text_of(conversation, number)}).encode()
            while True:
                timestamp = str(int(time.time()))
                headers = {"Content-Type": "application/json", "X-Ai-Bot-Timestamp": timestamp,
                           "X-Ai-Bot-Signature": sign(self.options.secret, timestamp, body)}
                with self.lock:
                    self.attempts += 1
                try:
                    if connection is None:
                        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=10)
                    connection.request("POST", target.path, body, headers)
                    reply = connection.getresponse()
                    content = reply.read()
                    if 200 <= reply.status < 300:
                        with self.lock:
                            self.acknowledged.append(event_id)
                            self.duplicates += json.loads(content).get("status") == "duplicate"
                        break
                    if 400 <= reply.status < 500:
                        raise SystemExit(f"{event_id} was refused: {reply.status} {content!r}")
                except (OSError, http.client.HTTPException):
                    pass
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.02)

    # --- receiving
    def check(self, headers, body):
        timestamp = headers.get("X-Ai-Bot-Timestamp", "")
        if headers.get("Content-Type") != "application/json":
            return "the content type is not application/json"
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
            return "the timestamp is missing or off"
        if not hmac.compare_digest(sign(self.options.secret, timestamp, body), headers.get("X-Ai-Bot-Signature", "")):
            return "the signature is wrong"
        try:
            fields = json.loads(body)
        except ValueError:
            return "the body is not JSON"
        wanted = {"event_id", "conversation", "idempotency_key", "kind", "text"}
        if not isinstance(fields, dict) or set(fields) != wanted or not all(isinstance(v, str) and v for v in fields.values()):
            return f"the keys are not {sorted(wanted)}, each a text"
        if fields["kind"] not in ("answer", "notice"):
            return "kind is neither answer nor notice"
        if fields["idempotency_key"] != headers.get("Idempotency-Key"):
            return "Idempotency-Key differs from the body's"
        return fields

    def receive(self, headers, body):
        fields = self.check(headers, body)
        with self.lock:
            if isinstance(fields, str):
                self.refused.append(fields)
                return 400
            if fields["idempotency_key"] in self.keys:
                self.repeated += 1
                return 200
            self.keys.add(fields["idempotency_key"])
            self.shown.append(fields)
            if fields["kind"] == "answer":
                self.answered.add(fields["event_id"])
            return 200

    def serve(self):
        platform = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(platform.receive(self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.options.port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(self):
        self.serve()
        print("ready", flush=True)
        started = time.monotonic()
        counts = [len(range(c, self.options.events, self.options.conversations)) for c in range(self.options.conversations)]
        threads = [threading.Thread(target=self.send_conversation, args=(c, n, started), daemon=True) for c, n in enumerate(counts)]
        for thread in threads:
            thread.start()
        end = started + self.options.patience
        while time.monotonic() < end:
            with self.lock:
                if len(self.answered) >= self.options.events:
                    break
            time.sleep(0.05)
        with self.lock:
            json.dump({"seconds": time.monotonic() - started, "acknowledged": self.acknowledged, "attempts": self.attempts,
                       "duplicates": self.duplicates, "repeated": self.repeated, "refused": self.refused, "shown": self.shown},
                      sys.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="the channel's webhook")
    parser.add_argument("--secret", required=True)
    parser.add_argument("--port", type=int, required=True, help="where callbacks come in")
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--real-conversations", type=int, default=0, help="so many ask the built-in model")
    parser.add_argument("--rate", type=float, default=400, help="events a second")
    parser.add_argument("--patience", type=float, default=300, help="seconds")
    Platform(parser.parse_args()).run()


if __name__ == "__main__":
    main()
