#!/usr/bin/python3
"""A simulated Telegram Bot API: updates by webhook or long polling, sendMessage and its kin."""
import html.parser
import json
import threading
import time

from simulator import Refusal, Simulator

TOKEN, SECRET = "42:simulated-token", "webhook-secret_1"
LONGEST = 4096  # UTF-16 units after the entities were parsed
TAGS = {"b", "i", "s", "u", "code", "pre", "a", "blockquote"}


class Entities(html.parser.HTMLParser):
    """HTML as the Bot API parses it: these tags, closed in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.error = [], "", None

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.error = f"Unsupported start tag \"{tag}\""
        self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.error = f"Unmatched end tag \"{tag}\""

    def handle_data(self, data):
        self.text += data


class Telegram(Simulator):
    def __init__(self, url="", port=0):
        super().__init__(port)
        self.url, self.api = url, self.base
        self.update_id = 900
        self.queue, self.arrived = [], threading.Condition(self.lock)
        self.actions, self.webhook = [], url

    config = staticmethod(lambda api, extra="": f"{{name: telegram, type: telegram, bot_token: \"{TOKEN}\", secret: {SECRET}, base_url: \"{api}\"{extra}}}")

    def routes(self):
        method = f"/bot{TOKEN}/"
        return [("POST", method + "sendMessage", self.send_message), ("POST", method + "editMessageText", self.edit_message),
                ("POST", method + "sendChatAction", self.chat_action), ("GET", method + "getMe", self.get_me),
                ("GET", method + "getWebhookInfo", lambda r: {"ok": True, "result": {"url": self.webhook}}),
                ("POST", method + "getUpdates", self.get_updates),
                ("POST", method + "getFile", lambda r: {"ok": True, "result": {"file_id": r.json(self.bad, ("file_id",))["file_id"], "file_path": "documents/" + r.json(self.bad, ("file_id",))["file_id"]}}),
                ("GET", f"/file/bot{TOKEN}/documents/(.+)", lambda r, number: self.files[number]),
                ("GET", "/bot.*", self.wrong_token), ("POST", "/bot.*", self.wrong_token)]

    def wrong_token(self, request):
        raise Refusal(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})

    def bad(self, what):
        self.strict(what)
        return Refusal(400, {"ok": False, "error_code": 400, "description": "Bad Request: " + what})

    def parsed(self, body):
        if body.get("parse_mode") != "HTML":
            return body["text"]
        entities = Entities()
        entities.feed(body["text"])
        entities.close()
        if entities.error or entities.open:
            raise self.bad("can't parse entities: " + (entities.error or "tags are open"))
        return entities.text

    def checked_text(self, body):
        text = self.parsed(body)
        if not text.strip():
            raise self.bad("message text is empty")
        if len(text.encode("utf-16-le")) // 2 > LONGEST:
            raise self.bad("message is too long")
        return text

    def send_message(self, request):
        body = request.json(self.bad, ("chat_id", "text"), ("parse_mode", "link_preview_options", "reply_parameters", "message_thread_id"))
        if not isinstance(body["chat_id"], int):
            raise self.bad("chat_id")
        if body["chat_id"] == 13:
            raise Refusal(403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"})
        text = self.checked_text(body)
        message = self.show(body["chat_id"], text, thread=body.get("message_thread_id"), reply_to=body.get("reply_parameters", {}).get("message_id"), html=body["text"])
        return {"ok": True, "result": {"message_id": int(message), "date": int(time.time()), "chat": {"id": body["chat_id"]}, "text": text}}

    def edit_message(self, request):
        body = request.json(self.bad, ("chat_id", "message_id", "text"), ("parse_mode", "link_preview_options"))
        text = self.checked_text(body)
        for message in self.messages:
            if message["id"] == str(body["message_id"]) and message["text"] == text:
                raise Refusal(400, {"ok": False, "error_code": 400, "description": "Bad Request: message is not modified"})
        if not self.change(str(body["message_id"]), text):
            raise Refusal(400, {"ok": False, "error_code": 400, "description": "Bad Request: message to edit not found"})
        return {"ok": True, "result": {"message_id": body["message_id"], "text": text}}

    def chat_action(self, request):
        self.actions.append(request.json(self.bad, ("chat_id", "action"), ("message_thread_id",)))
        return {"ok": True, "result": True}

    def get_me(self, request):
        return {"ok": True, "result": {"id": 42, "is_bot": True, "first_name": "Team", "username": "team_bot"}}

    def get_updates(self, request):
        body = request.json(self.bad, (), ("offset", "timeout", "allowed_updates", "limit"))
        if self.webhook:
            raise Refusal(409, {"ok": False, "error_code": 409, "description": "Conflict: can't use getUpdates method while webhook is active"})
        self.queue = [u for u in self.queue if u["update_id"] >= body.get("offset", 0)]  # what is before it was confirmed
        self.arrived.wait_for(lambda: self.queue, min(body.get("timeout", 0), 2))
        return {"ok": True, "result": self.queue[:100]}

    # --- events
    def rate_limit(self, seconds=1):
        self.faults.append(("sendMessage", Refusal(429, {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {seconds}", "parameters": {"retry_after": seconds}})))

    def update(self, **fields):
        self.update_id += 1
        return {"update_id": self.update_id, **fields}

    def direct(self, text, **fields):
        message = {"message_id": self.next_id(), "from": {"id": 7, "is_bot": False, "first_name": "Anna"}, "date": int(time.time()), "chat": {"id": 7, "type": "private"}, "text": text, **fields}
        return self.update(message=message)

    def mention(self, text, **fields):
        fields = {"chat": {"id": -100123, "type": "supergroup", "title": "team"}, "entities": [{"type": "mention", "offset": 0, "length": 9}], **fields}
        return self.direct("@team_bot " + text, **fields)

    def send(self, update, *, secret=SECRET, tamper=None):
        body = self.written_event(update)
        return self.post(self.url, tamper(body) if tamper else body, {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret})

    connect_config = staticmethod(lambda api, extra="": f"{{name: telegram, type: telegram, mode: connect, bot_token: \"{TOKEN}\", base_url: \"{api}\"{extra}}}")

    def offer(self, update):
        """For long polling."""
        with self.lock:
            self.queue.append(update)
            self.arrived.notify_all()
