#!/usr/bin/python3
"""A simulated Slack: signed events out, the Web API in (chat.postMessage, chat.update, auth.test)."""
import hashlib
import hmac
import json
import time

from crash_run import run_as_program
from simulator import Refusal, Simulator, Socket

SECRET, BOT_TOKEN, APP_TOKEN = "8f742231b10e8888abcd99yyyzzz85a5", "xoxb-simulated", "xapp-simulated"
LONGEST, LONGEST_UPDATE, LONGEST_MARKDOWN, LONGEST_SECTION, MOST_BLOCKS = 40000, 4000, 12000, 3000, 50  # the second in bytes
# What chat.postMessage and chat.update take; those that are JSON in a form.
NESTED = ("blocks", "attachments", "metadata")
ARGUMENTS = ("text", "markdown_text", *NESTED, "as_user", "link_names", "parse", "reply_broadcast", "token")
BLOCKS = ("actions", "context", "context_actions", "divider", "file", "header", "image", "input", "markdown", "rich_text", "section", "table", "video")


class Slack(Simulator):
    def __init__(self, url="", port=0):
        super().__init__(port)
        self.url = url
        self.scopes = "chat:write,app_mentions:read,im:history"
        self.sent = 0  # by Socket Mode
        self.event_numbers = {}  # event -> which one it is
        self.api = self.base + "/api"
        self.socket = Socket(lambda: [{"type": "hello", "num_connections": 1}], lambda frame: None)

    config = staticmethod(lambda api, extra="": f"{{name: slack, type: slack, bot_token: {BOT_TOKEN}, signing_secret: {SECRET}, base_url: \"{api}\"{extra}}}")

    def routes(self):
        return [("POST", "/api/chat.postMessage", self.post_message), ("POST", "/api/chat.update", self.update), ("POST", "/api/chat.delete", self.delete),
                ("POST", "/api/auth.test", self.auth_test), ("GET", "/api/files.info", self.file_info), ("POST", "/api/files.info", self.file_info),
                ("GET", "/files/(.+)", self.file), ("POST", "/api/apps.connections.open", self.open_connection)]

    def authorized(self, request, token=BOT_TOKEN):
        """A token comes in the header, or in a form."""
        if request.headers.get("Authorization", "Bearer " + request.form().get("token", "")) != "Bearer " + token:
            raise self.refusal("invalid_auth")

    def file_info(self, request):
        """Takes its arguments as a query or a form, never as JSON."""
        self.authorized(request)
        file = (request.query if request.method == "GET" else request.form()).get("file")
        if file not in self.files:
            raise self.refusal("file_not_found")
        return {"ok": True, "file": {"id": file, "url_private_download": f"{self.base}/files/{file}"}}

    def file(self, request, number):
        if request.headers.get("Authorization") != "Bearer " + BOT_TOKEN:
            return b"<html>sign in</html>"
        return self.files[number]

    def open_connection(self, request):
        self.authorized(request, APP_TOKEN)
        return {"ok": True, "url": f"{self.socket.url}/link/?ticket=a%2Bb&app_id=1"}

    def refusal(self, error, status=200, **headers):
        return Refusal(status, {"ok": False, "error": error}, headers)

    def bad(self, what):
        self.strict(what)
        return self.refusal(what)

    def shown_text(self, body):
        """What people see of a message: its blocks, or its text."""
        if not any(body.get(name) for name in ("text", "blocks", "attachments", "markdown_text")):
            raise self.bad("no_text")
        if len(body.get("markdown_text", "")) > LONGEST_MARKDOWN or "markdown_text" in body and ("text" in body or "blocks" in body):
            raise self.bad("markdown_text_conflict or msg_too_long")
        blocks = body.get("blocks", [])
        for block in blocks:
            limit = {"markdown": LONGEST_MARKDOWN, "section": LONGEST_SECTION}.get(block.get("type"))
            if limit and len(self.block_text(block)) > limit:
                raise self.bad("invalid_blocks")
        if len(blocks) > MOST_BLOCKS or not all(isinstance(block, dict) and block.get("type") in BLOCKS for block in blocks):
            raise self.bad("invalid_blocks")
        return "\n".join(map(self.block_text, blocks)) or body.get("text") or body.get("markdown_text", "")

    @staticmethod
    def block_text(block):
        text = block.get("text", "")
        return text["text"] if isinstance(text, dict) else text

    def post_message(self, request):
        self.authorized(request)
        body = request.json(self.bad, ("channel",), ARGUMENTS + ("icon_emoji", "icon_url", "thread_ts", "unfurl_links", "unfurl_media", "username", "mrkdwn"), NESTED)
        text = self.shown_text(body)
        if len(text) > LONGEST:
            self.strict("a text over 40,000 characters is cut")
        if body["channel"].startswith("X"):
            raise self.refusal("channel_not_found")
        ts = self.show(body["channel"], text[:LONGEST], id=f"1767225600.{self.next_id():06}", thread=body.get("thread_ts"))
        return {"ok": True, "channel": body["channel"], "ts": ts, "message": {"type": "message", "user": "UBOT", "bot_id": "B1", "text": text[:LONGEST], "ts": ts}}

    def update(self, request):
        self.authorized(request)
        body = request.json(self.bad, ("channel", "ts"), ARGUMENTS + ("file_ids",), NESTED)
        text = self.shown_text(body)
        if len(text.encode()) > LONGEST_UPDATE:
            raise self.bad("msg_too_long")
        if not self.change(body["ts"], text):
            raise self.refusal("message_not_found")
        return {"ok": True, "channel": body["channel"], "ts": body["ts"], "text": text}

    def delete(self, request):
        self.authorized(request)
        body = request.json(self.bad, ("channel", "ts"), ("as_user", "token"), NESTED)
        if not self.remove(body["ts"]):
            raise self.refusal("message_not_found")
        return {"ok": True, "channel": body["channel"], "ts": body["ts"]}

    def auth_test(self, request):
        self.authorized(request)
        raise Refusal(200, {"ok": True, "url": "https://team.slack.com/", "team": "team", "user": "ai_bot", "team_id": "T1", "user_id": "UBOT", "bot_id": "B1", "is_enterprise_install": False},
                      {"X-OAuth-Scopes": self.scopes})

    # --- events
    def offer(self, event):
        """By Socket Mode; what identifies its acknowledgement."""
        self.sent += 1
        envelope = f"envelope-{self.sent}"
        self.socket.push({"envelope_id": envelope, "type": "events_api", "accepts_response_payload": False, "payload": self.envelope(event)})
        return {"envelope_id": envelope}

    connect_config = staticmethod(lambda api, extra="": f"{{name: slack, type: slack, mode: connect, bot_token: {BOT_TOKEN}, app_token: {APP_TOKEN}, base_url: \"{api}\"{extra}}}")

    def rate_limit(self, seconds=1):
        self.faults.append(("chat.postMessage", self.refusal("ratelimited", 429, **{"Retry-After": str(seconds)})))

    def sign(self, body, timestamp):
        return "v0=" + hmac.new(SECRET.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()

    def send(self, event, *, timestamp=None, tamper=None):
        """An event, the whole envelope of one, or the body as it is."""
        timestamp = str(int(time.time() if timestamp is None else timestamp))
        body = self.written_event(event if isinstance(event, bytes) or "event" in event else self.envelope(event))
        headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": self.sign(body, timestamp)}
        return self.post(self.url, tamper(body) if tamper else body, headers)

    def envelope(self, event):
        """Of an event that is sent again it is the same."""
        with self.lock:
            number = self.event_numbers.setdefault(json.dumps(event, sort_keys=True), len(self.event_numbers))
        return {"token": "z", "team_id": "T1", "api_app_id": "A1", "type": "event_callback", "event_id": f"Ev{number:08}", "event_time": int(float(event.get("ts", 0))),
                "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}], "event": event}

    def stamp(self):
        return f"{int(time.time())}.{self.next_id():06}"

    def direct(self, text, **fields):
        return {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": self.stamp(), "text": text, **fields}

    def mention(self, text, **fields):
        return {"type": "app_mention", "channel": "C1", "user": "U1", "ts": self.stamp(), "text": "<@UBOT> " + text, **fields}


if __name__ == "__main__":
    def chat_of(conversation):
        return f"D{conversation:03}"

    def event_of(slack, identity, conversation, text):
        return slack.direct(text, channel=chat_of(conversation), ts=f"{int(identity[:3])}.{int(identity[4:]):06}")

    run_as_program(__doc__, lambda options: Slack(options.url, options.port), event_of, chat_of)
