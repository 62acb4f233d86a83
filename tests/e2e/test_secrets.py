"""No secret is ever shown: every kind of secret has a marker as its value, everything ai_bot talks to repeats all it was
sent in its error, and whatever ai_bot shows or keeps is searched for the marker."""
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import signal
import threading
import time

import pytest

from conftest import SANITIZED, wait_until

MARK = "MARKER"


def key(name):
    return f"{MARK}-{name}-0123456789+/="


class Parrot:
    """Says everything it hears again, as the error of every platform and of a model's endpoint; as a proxy too."""

    def __init__(self):
        parrot = self
        self.heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
                said = f"{self.command} {self.path} {dict(self.headers)} {body}"
                parrot.heard.append(said)
                self.reply(parrot.status(self.path), parrot.body(self.path, said))

            def reply(self, status, body):
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PATCH = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that was stopped
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    @staticmethod
    def is_token(path):
        return "tenant_access_token" in path or "gettoken" in path or "accessToken" in path

    @staticmethod
    def is_identity(path):
        return "telegram_connect" in path and path.endswith("/getMe")  # without it nothing is polled

    def status(self, path):
        return 200 if self.is_token(path) or self.is_identity(path) else 400 if "hook" in path else 401

    def body(self, path, said):
        if self.is_token(path):
            return {"code": 0, "errcode": 0, "tenant_access_token": key("access"), "access_token": key("access"), "accessToken": key("access"), "expire": 7200, "expires_in": 7200, "expireIn": 7200}
        if self.is_identity(path):
            return {"ok": True, "result": {"id": 123457, "is_bot": True, "username": "parrot"}}
        return {"ok": False, "error": {"message": said, "type": "x"} if path.startswith("/v1") or "/v1/" in path and "chat/completions" in path else said, "description": said, "msg": said, "message": said, "errmsg": said, "code": 99, "errcode": 99}


def configuration(parrot, log_format):
    p = parrot.url
    return f"""
log: {{level: debug, format: {log_format}}}
delivery: {{max_attempts: 2, backoff_min: 50ms, backoff_max: 100ms, timeout: 2s}}
assistant: {{retry_min: 100ms, retry_max: 200ms, retry_for: 1m}}
router: {{default_tier: light, tiers: {{light: [first]}}, retries: 0}}
storage: {{type: s3_compatible, endpoint: "{p}/{MARK.lower()}x", bucket: bucket, region: r, access_key: "{key('s3')}", secret_key: "{key('s3secret')}"}}
models:
  - {{name: first, base_url: "{p}/v1", model: m, api_key: "${{MODEL_KEY}}"}}
  - {{name: query, base_url: "{p}/v1/{MARK}7vQ2xZ0mTn5cB8rL?api-key={key('query')}", model: m, api_key: "{key('second')}"}}
  - {{name: proxied, base_url: "http://model.invalid/v1", model: m, api_key: "{key('third')}", proxy: "http://{MARK}user:{MARK}-proxypassword@127.0.0.1:{parrot.port}"}}
channels:
  - {{name: sync, default: true, secret: "{key('generic')}"}}
  - {{name: back, mode: callback, secret: "{key('callback')}", callback_url: "{p}/hook/{MARK}4f9A0c7Xb2e8Kq1d?token={key('hook')}"}}
  - {{name: slack, type: slack, bot_token: "{key('xoxb')}", signing_secret: "{key('signing')}", base_url: "{p}/slack/v1"}}
  - {{name: slack_c, type: slack, mode: connect, bot_token: "{key('xoxb')}", app_token: "{key('xapp')}", base_url: "{p}/slack"}}
  - {{name: telegram, type: telegram, bot_token: "123456:{MARK}-telegram_0123456789", secret: "{MARK}_telegramsecret", base_url: "{p}"}}
  - {{name: telegram_c, type: telegram, mode: connect, bot_token: "123457:{MARK}-telegram_connect", base_url: "{p}"}}
  - {{name: feishu, type: feishu, app_id: cli_1, app_secret: "{key('appsecret')}", encrypt_key: "{key('encrypt')}", verification_token: "{key('verify')}", base_url: "{p}"}}
  - {{name: feishu_c, type: feishu, mode: connect, app_id: cli_1, app_secret: "{key('appsecret')}", base_url: "{p}"}}
  - {{name: dingtalk, type: dingtalk, client_id: ding1, client_secret: "{key('clientsecret')}", base_url: "{p}"}}
  - {{name: dingtalk_c, type: dingtalk, mode: connect, client_id: ding1, client_secret: "{key('clientsecret')}", base_url: "{p}"}}
  - {{name: wecom, type: wecom, corp_id: corp1, agent_id: "1", secret: "{key('corpsecret')}", token: "{key('wecomtoken')}", aes_key: "{(MARK + 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH')[:43]}", base_url: "{p}"}}
  - {{name: discord, type: discord, application_id: "99", public_key: {'ab' * 32}, bot_token: "{key('discord')}", base_url: "{p}"}}
  - {{name: discord_c, type: discord, mode: connect, application_id: "99", bot_token: "{key('discord')}", base_url: "{p}"}}
"""


def signed(secret, body, prefix="sha256=", template="{}."):
    stamp = str(int(time.time()))
    return stamp, prefix + hmac.new(secret.encode(), template.format(stamp).encode() + body, hashlib.sha256).hexdigest()


def say_something_everywhere(server):
    """Requests that make every error; what was answered."""
    answers = []
    for model in ("first", "query", "proxied", "light"):
        for stream in (False, True):
            answers.append(server.request("POST", "/v1/chat/completions", json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]})))
    # A question no model answers, and one that needs none.
    for channel, secret, text, status in (("sync", key("generic"), "hi", 202), ("back", key("callback"), "/help", 200)):
        body = json.dumps({"event_id": "e1", "conversation": "c", "sender": "s", "text": text}).encode()
        stamp, signature = signed(secret, body)
        answers.append(server.request("POST", f"/api/webhook/{channel}", body, {"X-Ai-Bot-Timestamp": stamp, "X-Ai-Bot-Signature": signature}))
        assert answers[-1][0] == status, answers[-1]
        assert channel != "sync" or b"no model can answer" in answers[-1][2], answers[-1]
    event = {"type": "event_callback", "event_id": "Ev1", "authorizations": [{"user_id": "UBOT"}],
             "event": {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": f"{int(time.time())}.1", "text": "/help"}}
    body = json.dumps(event).encode()
    stamp, signature = signed(key("signing"), body, "v0=", "v0:{}:")
    answers.append(server.request("POST", "/api/webhook/slack", body, {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}))
    for number, text in ((1, "/help"), (2, "a question")):
        update = {"update_id": number, "message": {"message_id": number, "from": {"id": 7, "is_bot": False}, "date": 1, "chat": {"id": 7 + number, "type": "private"}, "text": text}}
        answers.append(server.request("POST", "/api/webhook/telegram", json.dumps(update), {"X-Telegram-Bot-Api-Secret-Token": f"{MARK}_telegramsecret"}))
    for channel in ("slack", "telegram", "feishu", "dingtalk", "wecom", "discord", "sync"):
        answers.append(server.request("POST", f"/api/webhook/{channel}", b"{\"forged\": true}"))
    return answers


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_secret_is_never_shown(make_server, log_format):
    parrot = Parrot()
    server = make_server(configuration(parrot, log_format), MODEL_KEY=f"  {key('model')}\n").start()
    shown = {}
    for number, answer in enumerate(say_something_everywhere(server)):
        shown[f"answer {number}"] = repr(answer)
    heard = lambda what: any(what in said for said in parrot.heard)  # noqa: E731
    for what in ("chat.postMessage", "/sendMessage", "/hook/", "apps.connections.open", "/gateway/bot", "/callback/ws/endpoint", "/gateway/connections/open", "getUpdates", "model.invalid"):
        wait_until(lambda: heard(what), lambda: (what, server.log()[-3000:]))
    wait_until(lambda: server.health()["outbox"]["dead"] >= 3, lambda: server.health())
    for path in ("/api/health", "/api/health/ready", "/metrics", "/v1/models"):
        shown[path] = repr(server.request("GET", path))
    for command in (("doctor",), ("doctor", "--json"), ("config", "show"), ("config", "check"), ("config", "check", "--json"), ("channel", "list"), ("channel", "test"), ("channel", "test", "--json"),
                    ("model", "list"), ("model", "list", "--json"), ("model", "status"), ("model", "status", "--json"), *(("channel", "send", name, "7", "hello") for name in ("slack", "telegram", "feishu", "dingtalk", "wecom", "discord"))):
        done = server.cli(*command)
        shown["ai_bot " + " ".join(command)] = done.stdout + done.stderr
    # One value that changes at once, and a secret that needs a restart.
    before = len(server.log())
    server.config.write_text(server.config.read_text(encoding="utf-8").replace("retry_for: 1m", "retry_for: 2m").replace(key("third"), key("fourth")), encoding="utf-8")
    server.process.send_signal(signal.SIGHUP)
    for event, name in (("config.reloaded", "assistant.retry_for"), ("config.needs_restart", "models")):
        wait_until(lambda: any(event in line and name in line for line in server.log()[before:].splitlines()), lambda: (event, server.log()[before:]))
    server.stop()
    shown["log"] = server.log()
    for file in pathlib.Path(server.data).rglob("*"):
        if file.is_file() and file.stat().st_size < 50 << 20 and file.name != "webhook.secret":
            shown[str(file)] = file.read_bytes().decode(errors="replace")
    assert "401" in shown["ai_bot doctor"] or "********" in shown["ai_bot doctor"], shown["ai_bot doctor"]
    found = {where: text[max(0, text.find(MARK) - 200):text.find(MARK) + 100] for where, text in shown.items() if MARK in text}
    assert found == {}
    assert all(key("access") in said for said in parrot.heard if "im/v1/messages" in said)
    # The key of a variable that ends in a line break is one header.
    assert any(f"'Authorization': 'Bearer {key('model')}'" in said for said in parrot.heard)


def test_what_it_writes_is_nobody_elses_to_read(make_server):
    server = make_server().start()
    for path in [server.data, *pathlib.Path(server.data).rglob("*")]:
        mode = os.lstat(path).st_mode & 0o777
        assert mode & 0o077 == 0, (path, oct(mode))
    if SANITIZED:  # whose leak check looks at the process from outside
        return
    limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text(encoding="ascii")
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
