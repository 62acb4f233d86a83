"""ai_bot's HTTP interfaces, as a client sees them."""
import hashlib
import hmac
import http.client
import json
import os
import time


# Seconds; generous, for sanitizers on a busy machine.
PATIENCE = int(os.environ.get("PATIENCE", "60"))


class Api:
    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def request(self, method, path, body=None, headers=None, timeout=PATIENCE):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def status(self, path):
        """The status of a GET; 0 when nobody answers."""
        try:
            return self.request("GET", path, timeout=5)[0]
        except OSError:
            return 0

    def json(self, method, path, body=None, headers=None):
        status, _, content = self.request(method, path, None if body is None else json.dumps(body),
                                          {"Content-Type": "application/json", **(headers or {})})
        return status, json.loads(content)

    def health(self, **headers):
        return self.json("GET", "/api/health", headers=headers)[1]

    def ask(self, question, **fields):
        """One question through the OpenAI API, not streamed: status and body."""
        return self.json("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": question}], **fields})

    def stream(self, question, headers=None, **fields):
        """The same, streamed: yields what each event carries, "[DONE]" included."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        body = {"stream": True, "messages": [{"role": "user", "content": question}], **fields}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        assert reply.headers["Content-Type"].startswith("text/event-stream")
        for line in reply:
            line = line.decode().rstrip("\n")
            if line.startswith("data: "):
                yield line[6:] if line == "data: [DONE]" else json.loads(line[6:])
        connection.close()


def signed(secret, body, timestamp=None):
    timestamp = str(int(time.time()) if timestamp is None else timestamp)
    signature = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Ai-Bot-Timestamp": timestamp, "X-Ai-Bot-Signature": "sha256=" + signature}


def event(event_id, text, conversation="room", sender="anna"):
    return json.dumps({"event_id": event_id, "conversation": conversation, "sender": sender, "text": text}).encode()


def post_event(server, secret, event_id, text, path="/api/webhook/hook", conversation="room"):
    body = event(event_id, text, conversation)
    status, _, content = server.request("POST", path, body, signed(secret, body))
    return status, json.loads(content)


def text_of(chunks):
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c != "[DONE]" and c["choices"])
